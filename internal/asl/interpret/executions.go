package interpret

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// Executions are the engine in the words of cases: the local twin of store/stepfunctions.
type Executions struct {
	Engine    *Engine
	Published cases.References // nil: only what is registered by its MachineName
}

var _ cases.Executions = Executions{}

// MachineName is the name under which a workflow version's machine is registered.
func MachineName(ref cases.WorkflowRef) string { return ref.ID + "-v" + strconv.Itoa(ref.Version) }

// Start implements cases.Executions.
func (e Executions) Start(ctx context.Context, machine cases.Machine, name string, input cases.ExecutionInput) error {
	data, err := json.Marshal(input)
	if err != nil {
		return fmt.Errorf("encode execution input: %w", err)
	}
	reference, err := e.reference(ctx, machine)
	if err != nil {
		return err
	}
	return e.Engine.Start(ctx, reference, name, data)
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
func (e Executions) Stop(ctx context.Context, machine cases.Machine, name, cause string) error {
	reference, err := e.reference(ctx, machine)
	if err != nil {
		return err
	}
	return unlessGone(e.Engine.Stop(ctx, reference, name, cause))
}

// Running implements cases.Executions.
func (e Executions) Running(ctx context.Context, machine cases.Machine, name string) (bool, error) {
	reference, err := e.reference(ctx, machine)
	if err != nil {
		return false, err
	}
	d, err := e.Engine.Describe(ctx, reference, name)
	return d.Status == Running, unlessGone(err)
}

// reference is the name of a machine within the engine.
func (e Executions) reference(ctx context.Context, machine cases.Machine) (string, error) {
	if e.Published != nil {
		if reference, err := e.Published.Reference(ctx, machine, false); err != nil || reference != "" {
			return reference, err
		}
	}
	return MachineName(machine.Workflow), nil
}

func unlessGone(err error) error {
	if problem.CodeOf(err) == problem.NotFound {
		return nil
	}
	return err
}
