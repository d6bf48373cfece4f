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

	"ballerine/internal/policy/backtest"
	"ballerine/internal/problem"
)

// Backtests implements backtest.Runner: each run is an execution of one state machine, under the run's id.
type Backtests struct {
	client  Client
	machine string // ARN
}

var _ backtest.Runner = (*Backtests)(nil)

// NewBacktests runs them on the machine of infra/backtest.asl.json.
func NewBacktests(client Client, machine string) *Backtests { return &Backtests{client, machine} }

// Start implements backtest.Runner.
func (b *Backtests) Start(ctx context.Context, ref backtest.Ref) error {
	data, err := json.Marshal(ref)
	if err != nil {
		return fmt.Errorf("encode execution input: %w", err)
	}
	_, err = b.client.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: aws.String(b.machine), Name: aws.String(ref.ID), Input: aws.String(string(data))})
	var exists *types.ExecutionAlreadyExists
	if errors.As(err, &exists) {
		return nil
	}
	return translate(err, "The backtest could not be started.")
}

// Stop implements backtest.Runner. Stopping the execution stops those of its parts.
func (b *Backtests) Stop(ctx context.Context, ref backtest.Ref) error {
	head, machine, ok := strings.Cut(b.machine, ":stateMachine:")
	if !ok {
		return problem.New(problem.Internal, "The ARN is not that of a state machine.")
	}
	_, err := b.client.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: aws.String(head + ":execution:" + machine + ":" + ref.ID), Cause: aws.String("The backtest was cancelled.")})
	var gone *types.ExecutionDoesNotExist
	var validation *types.ValidationException // it has ended already
	if errors.As(err, &gone) || errors.As(err, &validation) {
		return nil
	}
	return translate(err, "The backtest could not be stopped.")
}
