// Package stepfunctions starts, wakes and stops the executions that follow case records, on AWS Step Functions.
package stepfunctions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// Client is the part of *sfn.Client that is used.
type Client interface {
	StartExecution(context.Context, *sfn.StartExecutionInput, ...func(*sfn.Options)) (*sfn.StartExecutionOutput, error)
	SendTaskSuccess(context.Context, *sfn.SendTaskSuccessInput, ...func(*sfn.Options)) (*sfn.SendTaskSuccessOutput, error)
	StopExecution(context.Context, *sfn.StopExecutionInput, ...func(*sfn.Options)) (*sfn.StopExecutionOutput, error)
	DescribeExecution(context.Context, *sfn.DescribeExecutionInput, ...func(*sfn.Options)) (*sfn.DescribeExecutionOutput, error)
}

// Machines maps a workflow version ("kyc@1") to the ARN of its published state machine version.
type Machines map[string]string

// Executions implements cases.Executions.
type Executions struct {
	client    Client
	machines  Machines
	published cases.References
}

var _ cases.Executions = (*Executions)(nil)

// New returns Executions that start the given machines, and those that tenants have published; nil: there are none.
func New(client Client, machines Machines, published cases.References) *Executions {
	return &Executions{client, machines, published}
}

// Start begins an execution of the published version. An existing one with the same name is no error: the name belongs
// to one case and sequence, so it is the same execution.
func (e *Executions) Start(ctx context.Context, machine cases.Machine, name string, input cases.ExecutionInput) error {
	arn, err := e.machine(ctx, machine)
	if err != nil {
		return err
	}
	data, err := json.Marshal(input)
	if err != nil {
		return fmt.Errorf("encode execution input: %w", err)
	}
	_, err = e.client.StartExecution(ctx, &sfn.StartExecutionInput{
		StateMachineArn: aws.String(arn), Name: aws.String(name), Input: aws.String(string(data)),
	})
	var exists *types.ExecutionAlreadyExists
	if errors.As(err, &exists) {
		return nil
	}
	return translate(err, "The execution could not be started.")
}

// Wake sends a parked token. A token whose wait has ended is no error: the execution has gone on already.
func (e *Executions) Wake(ctx context.Context, token string, output cases.ExecutionInput) error {
	data, err := json.Marshal(output)
	if err != nil {
		return fmt.Errorf("encode task output: %w", err)
	}
	_, err = e.client.SendTaskSuccess(ctx, &sfn.SendTaskSuccessInput{TaskToken: aws.String(token), Output: aws.String(string(data))})
	var timedOut *types.TaskTimedOut
	var gone *types.TaskDoesNotExist
	var invalid *types.InvalidToken
	if errors.As(err, &timedOut) || errors.As(err, &gone) || errors.As(err, &invalid) {
		return nil
	}
	return translate(err, "The waiting execution could not be woken.")
}

// Stop ends an execution. One that has ended or never was is no error.
func (e *Executions) Stop(ctx context.Context, machine cases.Machine, name, cause string) error {
	arns, err := e.execution(ctx, machine, name)
	if err != nil {
		return err
	}
	for _, arn := range arns {
		_, err = e.client.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: aws.String(arn), Cause: aws.String(cause)})
		var gone *types.ExecutionDoesNotExist
		if !errors.As(err, &gone) {
			break
		}
		err = nil
	}
	var validation *types.ValidationException // it has ended already
	if errors.As(err, &validation) {
		return nil
	}
	return translate(err, "The execution could not be stopped.")
}

// Running reports whether the execution exists and has not ended.
func (e *Executions) Running(ctx context.Context, machine cases.Machine, name string) (bool, error) {
	arns, err := e.execution(ctx, machine, name)
	if err != nil {
		return false, err
	}
	for _, arn := range arns {
		out, err := e.client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: aws.String(arn)})
		var gone *types.ExecutionDoesNotExist
		if errors.As(err, &gone) {
			continue
		}
		if err != nil {
			return false, translate(err, "The execution could not be looked up.")
		}
		return out.Status == types.ExecutionStatusRunning, nil
	}
	return false, nil
}

func (e *Executions) machine(ctx context.Context, machine cases.Machine) (string, error) {
	if e.published != nil {
		if arn, err := e.published.Reference(ctx, machine, false); err != nil || arn != "" {
			return arn, err
		}
	}
	key := machine.Workflow.String()
	arn, ok := e.machines[key]
	if !ok {
		return "", problem.New(problem.UnknownWorkflow, "No state machine is published for workflow version %s.", key)
	}
	return arn, nil
}

// execution derives the execution's ARN from the machine's: arn:…:stateMachine:MACHINE:VERSION becomes
// arn:…:execution:MACHINE:NAME. The form with the version in it is tried second, should a partition name it so.
func (e *Executions) execution(ctx context.Context, ref cases.Machine, name string) ([]string, error) {
	arn, err := e.machine(ctx, ref)
	if err != nil {
		return nil, err
	}
	head, tail, ok := strings.Cut(arn, ":stateMachine:")
	if !ok {
		return nil, problem.New(problem.Internal, "The ARN is not that of a state machine.")
	}
	machine, version, _ := strings.Cut(tail, ":")
	arns := []string{head + ":execution:" + machine + ":" + name}
	if version != "" {
		arns = append(arns, head+":execution:"+machine+":"+version+":"+name)
	}
	return arns, nil
}

// translate keeps the SDK's error as the cause; the SDK has retried throttling and network errors already.
func translate(err error, message string) error {
	if err == nil {
		return nil
	}
	return problem.Wrap(err, problem.Unavailable, "%s", message)
}
