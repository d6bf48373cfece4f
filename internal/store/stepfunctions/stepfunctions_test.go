package stepfunctions

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// fake answers with what a test gives it, and keeps what it was asked.
type fake struct {
	err       error
	execution string // the ARN that exists
	started   *sfn.StartExecutionInput
	output    string
}

func (f *fake) StartExecution(_ context.Context, in *sfn.StartExecutionInput, _ ...func(*sfn.Options)) (*sfn.StartExecutionOutput, error) {
	f.started = in
	return &sfn.StartExecutionOutput{}, f.err
}

func (f *fake) SendTaskSuccess(_ context.Context, in *sfn.SendTaskSuccessInput, _ ...func(*sfn.Options)) (*sfn.SendTaskSuccessOutput, error) {
	f.output = aws.ToString(in.Output)
	return &sfn.SendTaskSuccessOutput{}, f.err
}

func (f *fake) StopExecution(_ context.Context, in *sfn.StopExecutionInput, _ ...func(*sfn.Options)) (*sfn.StopExecutionOutput, error) {
	if f.err == nil && aws.ToString(in.ExecutionArn) != f.execution {
		return nil, &types.ExecutionDoesNotExist{}
	}
	return &sfn.StopExecutionOutput{}, f.err
}

func (f *fake) DescribeExecution(_ context.Context, in *sfn.DescribeExecutionInput, _ ...func(*sfn.Options)) (*sfn.DescribeExecutionOutput, error) {
	if aws.ToString(in.ExecutionArn) != f.execution {
		return nil, &types.ExecutionDoesNotExist{}
	}
	return &sfn.DescribeExecutionOutput{Status: types.ExecutionStatusRunning}, f.err
}

var (
	kyc   = cases.Machine{Tenant: "a", Workflow: cases.WorkflowRef{ID: "kyc", Version: 1}}
	input = cases.ExecutionInput{Tenant: "a", Case: "case_1", Label: "collect", Visit: 1, Seconds: 60}
)

const machine = "arn:aws:states:eu-central-1:1:stateMachine:kyc:7"

func TestStartUsesThePublishedVersionAndIsIdempotent(t *testing.T) {
	ctx, f := context.Background(), &fake{}
	e := New(f, Machines{"kyc@1": machine}, nil)
	if err := e.Start(ctx, kyc, "case_1-1", input); err != nil {
		t.Fatal(err)
	}
	want := `{"tenant":"a","case":"case_1","label":"collect","visit":1,"seconds":60}`
	if aws.ToString(f.started.StateMachineArn) != machine || aws.ToString(f.started.Name) != "case_1-1" || aws.ToString(f.started.Input) != want {
		t.Errorf("%+v", f.started)
	}
	f.err = &types.ExecutionAlreadyExists{}
	if err := e.Start(ctx, kyc, "case_1-1", input); err != nil {
		t.Errorf("a second start: %v", err)
	}
	f.err = errors.New("down")
	if err := e.Start(ctx, kyc, "case_1-1", input); problem.CodeOf(err) != problem.Unavailable {
		t.Errorf("%v", err)
	}
	if err := e.Start(ctx, cases.Machine{Tenant: "a", Workflow: cases.WorkflowRef{ID: "kyc", Version: 2}}, "x", input); problem.CodeOf(err) != problem.UnknownWorkflow {
		t.Errorf("%v", err)
	}
}

func TestATokenThatNobodyWaitsForIsNoError(t *testing.T) {
	for _, gone := range []error{&types.TaskTimedOut{}, &types.TaskDoesNotExist{}, &types.InvalidToken{}, nil} {
		if err := New(&fake{err: gone}, nil, nil).Wake(context.Background(), "token", input); err != nil {
			t.Errorf("%T: %v", gone, err)
		}
	}
	if err := New(&fake{err: errors.New("down")}, nil, nil).Wake(context.Background(), "token", input); problem.CodeOf(err) != problem.Unavailable {
		t.Errorf("%v", err)
	}
}

func TestAnExecutionIsFoundUnderEitherFormOfItsARN(t *testing.T) {
	ctx := context.Background()
	for arn, want := range map[string]bool{
		"arn:aws:states:eu-central-1:1:execution:kyc:case_1-1": true, "arn:aws:states:eu-central-1:1:execution:kyc:7:case_1-1": true, "nowhere": false,
	} {
		e := New(&fake{execution: arn}, Machines{"kyc@1": machine}, nil)
		if running, err := e.Running(ctx, kyc, "case_1-1"); err != nil || running != want {
			t.Errorf("%s: running %v, %v", arn, running, err)
		}
		if err := e.Stop(ctx, kyc, "case_1-1", "test"); err != nil {
			t.Errorf("%s: %v", arn, err)
		}
	}
	ended := New(&fake{err: &types.ValidationException{}}, Machines{"kyc@1": machine}, nil)
	if err := ended.Stop(ctx, kyc, "case_1-1", "test"); err != nil {
		t.Errorf("stopping what has ended: %v", err)
	}
}
