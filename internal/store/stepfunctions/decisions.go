package stepfunctions

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// SyncClient is the part of *sfn.Client that decisions use.
type SyncClient interface {
	StartSyncExecution(context.Context, *sfn.StartSyncExecutionInput, ...func(*sfn.Options)) (*sfn.StartSyncExecutionOutput, error)
}

// Decisions implements cases.Decisions: it runs Express machines and waits for their end.
type Decisions struct {
	client    SyncClient
	machines  Machines
	published cases.References
}

var _ cases.Decisions = (*Decisions)(nil)

// NewDecisions runs the given Express machines, and those that tenants have published.
func NewDecisions(client SyncClient, machines Machines, published cases.References) *Decisions {
	return &Decisions{client, machines, published}
}

// Decides implements cases.Decisions.
func (d *Decisions) Decides(ctx context.Context, machine cases.Machine) (bool, error) {
	arn, err := d.machine(ctx, machine)
	return arn != "", err
}

func (d *Decisions) machine(ctx context.Context, machine cases.Machine) (string, error) {
	if d.published != nil {
		if arn, err := d.published.Reference(ctx, machine, true); err != nil || arn != "" {
			return arn, err
		}
	}
	return d.machines[machine.Workflow.String()], nil
}

// Run implements cases.Decisions. How the execution has ended does not matter: the record has the result.
func (d *Decisions) Run(ctx context.Context, machine cases.Machine, name string, input cases.ExecutionInput) error {
	arn, err := d.machine(ctx, machine)
	if err != nil {
		return err
	}
	if arn == "" {
		return problem.New(problem.UnknownWorkflow, "No Express machine is published for workflow version %s.", machine.Workflow)
	}
	data, err := json.Marshal(input)
	if err != nil {
		return fmt.Errorf("encode execution input: %w", err)
	}
	_, err = d.client.StartSyncExecution(ctx, &sfn.StartSyncExecutionInput{
		StateMachineArn: aws.String(arn), Name: aws.String(name), Input: aws.String(string(data)),
	})
	return translate(err, "The decision could not be run.")
}
