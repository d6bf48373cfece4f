package stepfunctions

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"ballerine/internal/policy/backtest"
	"ballerine/internal/problem"
)

func TestARunIsAnExecutionOfItsOwnNameThatIsStartedOnceAndStopped(t *testing.T) {
	const arn = "arn:aws:states:eu-central-1:1:stateMachine:stack-backtest"
	ref := backtest.Ref{Tenant: "a", Policy: "p", ID: "backtest_1"}
	f := &fake{execution: "arn:aws:states:eu-central-1:1:execution:stack-backtest:backtest_1"}
	b := NewBacktests(f, arn)
	if err := b.Start(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	if got := aws.ToString(f.started.Input); got != `{"tenant":"a","policy":"p","run":"backtest_1"}` || aws.ToString(f.started.Name) != "backtest_1" || aws.ToString(f.started.StateMachineArn) != arn {
		t.Errorf("%s %+v", got, f.started)
	}
	if err := b.Stop(t.Context(), ref); err != nil {
		t.Error(err)
	}
	if err := b.Stop(t.Context(), backtest.Ref{ID: "backtest_2"}); err != nil {
		t.Errorf("one that never was: %v", err)
	}
	f.err = &types.ExecutionAlreadyExists{}
	if err := b.Start(t.Context(), ref); err != nil {
		t.Error(err)
	}
	f.err = &types.ValidationException{}
	if err := b.Stop(t.Context(), ref); err != nil {
		t.Errorf("one that has ended: %v", err)
	}
	f.err = errors.New("throttled")
	if err := b.Start(t.Context(), ref); problem.CodeOf(err) != problem.Unavailable {
		t.Error(err)
	}
	if err := NewBacktests(f, "x").Stop(t.Context(), ref); problem.CodeOf(err) != problem.Internal {
		t.Error(err)
	}
}
