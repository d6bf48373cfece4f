package states

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// Executions are the engine in the words of cases: the local twin of store/stepfunctions.
type Executions struct{ Engine *Engine }

var _ cases.Executions = Executions{}

// MachineName is the name under which a workflow version's machine is registered.
func MachineName(ref cases.WorkflowRef) string { return ref.ID + "-v" + strconv.Itoa(ref.Version) }

// Start implements cases.Executions.
func (e Executions) Start(ctx context.Context, machine cases.WorkflowRef, name string, input cases.ExecutionInput) error {
	data, err := json.Marshal(input)
	if err != nil {
		return fmt.Errorf("encode execution input: %w", err)
	}
	return e.Engine.Start(ctx, MachineName(machine), name, data)
}

// Wake implements cases.Executions: a token whose wait has ended is no error, the execution has gone on already.
func (e Executions) Wake(ctx context.Context, token string, output cases.ExecutionInput) error {
	data, err := json.Marshal(output)
	if err != nil {
		return fmt.Errorf("encode task output: %w", err)
	}
	return unlessGone(e.Engine.SendTaskSuccess(ctx, token, data))
}

// Stop implements cases.Executions: an execution that never was is no error either.
func (e Executions) Stop(ctx context.Context, machine cases.WorkflowRef, name, cause string) error {
	return unlessGone(e.Engine.Stop(ctx, MachineName(machine), name, cause))
}

// Running implements cases.Executions.
func (e Executions) Running(ctx context.Context, machine cases.WorkflowRef, name string) (bool, error) {
	d, err := e.Engine.Describe(ctx, MachineName(machine), name)
	return d.Status == Running, unlessGone(err)
}

func unlessGone(err error) error {
	if problem.CodeOf(err) == problem.NotFound {
		return nil
	}
	return err
}
