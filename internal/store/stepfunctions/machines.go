package stepfunctions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"ballerine/internal/problem"
	"ballerine/internal/registry"
)

// MachineClient is the part of *sfn.Client that publishing uses.
type MachineClient interface {
	CreateStateMachine(context.Context, *sfn.CreateStateMachineInput, ...func(*sfn.Options)) (*sfn.CreateStateMachineOutput, error)
	UpdateStateMachine(context.Context, *sfn.UpdateStateMachineInput, ...func(*sfn.Options)) (*sfn.UpdateStateMachineOutput, error)
}

// MachineSettings are what all published machines share.
type MachineSettings struct {
	Prefix    string            `json:"prefix"`    // of their ARNs: "arn:…:stateMachine:<stack>-"
	Role      string            `json:"role"`      // that they run as
	LogGroup  string            `json:"log_group"` // ARN; "": no logs
	Functions map[string]string `json:"functions"` // "StepFunctionArn" -> ARN: what definitions name as ${StepFunctionArn}
}

// Publishing implements registry.Machines.
type Publishing struct {
	client   MachineClient
	settings MachineSettings
}

var _ registry.Machines = (*Publishing)(nil)

// NewPublishing makes state machines.
func NewPublishing(client MachineClient, settings MachineSettings) *Publishing {
	return &Publishing{client, settings}
}

// Publish implements registry.Machines: a machine for each tenant's workflow, a published version of it for each version.
// Executions run the version that they were started with, whatever is published later.
func (p *Publishing) Publish(ctx context.Context, version registry.MachineVersion) (string, error) {
	definition, err := p.definition(version)
	if err != nil {
		return "", err
	}
	name := p.name(version)
	_, short, err := p.split()
	if err != nil {
		return "", err
	}
	made, err := p.client.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{
		Name: aws.String(short + name), Definition: definition, RoleArn: aws.String(p.settings.Role), Type: kind(version),
		LoggingConfiguration: p.logging(), TracingConfiguration: &types.TracingConfiguration{Enabled: true}, Publish: true,
		VersionDescription: aws.String(description(version)),
	})
	if err == nil {
		return aws.ToString(made.StateMachineVersionArn), nil
	}
	var exists *types.StateMachineAlreadyExists
	if !errors.As(err, &exists) {
		return "", refused(err)
	}
	changed, err := p.client.UpdateStateMachine(ctx, &sfn.UpdateStateMachineInput{
		StateMachineArn: aws.String(p.settings.Prefix + name), Definition: definition, RoleArn: aws.String(p.settings.Role),
		LoggingConfiguration: p.logging(), Publish: true, VersionDescription: aws.String(description(version)),
	})
	if err != nil {
		return "", refused(err)
	}
	return aws.ToString(changed.StateMachineVersionArn), nil
}

func kind(version registry.MachineVersion) types.StateMachineType {
	if version.Express {
		return types.StateMachineTypeExpress
	}
	return types.StateMachineTypeStandard
}

var placeholder = regexp.MustCompile(`\$\{\w+\}`)

// definition puts the functions' ARNs into a compiled machine.
func (p *Publishing) definition(version registry.MachineVersion) (*string, error) {
	text := string(version.Definition)
	for name, arn := range p.settings.Functions {
		text = strings.ReplaceAll(text, "${"+name+"}", arn)
	}
	if left := placeholder.FindString(text); left != "" {
		return nil, problem.New(problem.Internal, "No function is configured for %s.", left)
	}
	return aws.String(text), nil
}

func description(version registry.MachineVersion) string {
	return version.Workflow + ", version " + strconv.Itoa(version.Version)
}

// refused states what the caller can mend from what is none of theirs.
func refused(err error) error {
	var definition *types.InvalidDefinition
	if errors.As(err, &definition) {
		return problem.Wrap(err, problem.Internal, "Step Functions rejects the compiled state machine.")
	}
	return translate(err, "The state machine could not be published.")
}

var unfit = regexp.MustCompile(`[^0-9A-Za-z_-]`)

// name of a tenant's machine, behind the stack's own name. Names that are too long, or would collide, end in a hash.
func (p *Publishing) name(version registry.MachineVersion) string {
	name := unfit.ReplaceAllString(version.Tenant, "-") + "--" + version.Workflow
	if version.Express {
		name += "--express"
	}
	_, short, _ := p.split()
	if len(short)+len(name) <= 80 && !unfit.MatchString(version.Tenant) {
		return name
	}
	sum := sha256.Sum256([]byte(version.Tenant + "\x00" + version.Workflow + "\x00" + string(kind(version))))
	return name[:min(len(name), 80-len(short)-13)] + "-" + hex.EncodeToString(sum[:6])
}

// split cuts the prefix into the ARN before the name, and the beginning of the name.
func (p *Publishing) split() (arn, name string, err error) {
	before, after, ok := strings.Cut(p.settings.Prefix, ":stateMachine:")
	if !ok || len(after) > 40 {
		return "", "", problem.New(problem.Internal, "The prefix of state machines is not set, or too long.")
	}
	return before + ":stateMachine:", after, nil
}

func (p *Publishing) logging() *types.LoggingConfiguration {
	if p.settings.LogGroup == "" {
		return nil
	}
	return &types.LoggingConfiguration{Level: types.LogLevelError, IncludeExecutionData: false, Destinations: []types.LogDestination{
		{CloudWatchLogsLogGroup: &types.CloudWatchLogsLogGroup{LogGroupArn: aws.String(p.settings.LogGroup)}},
	}}
}
