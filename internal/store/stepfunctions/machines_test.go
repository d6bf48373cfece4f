package stepfunctions

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
)

// account holds state machines by name, as Step Functions does.
type account struct {
	err      error
	machines map[string]int // name -> newest version
	last     string         // definition
	role     string
}

func (a *account) CreateStateMachine(_ context.Context, in *sfn.CreateStateMachineInput, _ ...func(*sfn.Options)) (*sfn.CreateStateMachineOutput, error) {
	name := aws.ToString(in.Name)
	if a.err != nil {
		return nil, a.err
	}
	if a.machines[name] > 0 {
		return nil, &types.StateMachineAlreadyExists{}
	}
	a.machines[name], a.last, a.role = 1, aws.ToString(in.Definition), aws.ToString(in.RoleArn)
	return &sfn.CreateStateMachineOutput{StateMachineVersionArn: aws.String(prefix + name[len("stack-"):] + ":1")}, nil
}

func (a *account) UpdateStateMachine(_ context.Context, in *sfn.UpdateStateMachineInput, _ ...func(*sfn.Options)) (*sfn.UpdateStateMachineOutput, error) {
	arn := aws.ToString(in.StateMachineArn)
	name := arn[strings.LastIndex(arn, ":")+1:]
	if a.machines[name] == 0 {
		return nil, &types.StateMachineDoesNotExist{}
	}
	a.machines[name]++
	a.last = aws.ToString(in.Definition)
	return &sfn.UpdateStateMachineOutput{StateMachineVersionArn: aws.String(arn + ":" + string(rune('0'+a.machines[name])))}, nil
}

const prefix = "arn:aws:states:eu-central-1:1:stateMachine:stack-"

func version(tenant, workflow string, n int) registry.MachineVersion {
	return registry.MachineVersion{Tenant: tenant, Workflow: workflow, Version: n, Definition: []byte(`{"a":"${StepFunctionArn}","b":"$$.Task.Token","c":"$.label"}`)}
}

func TestAWorkflowHasOneMachineAndAVersionOfItForEachOfItsOwn(t *testing.T) {
	a := &account{machines: map[string]int{}}
	p := NewPublishing(a, MachineSettings{Prefix: prefix, Role: "role", Functions: map[string]string{"StepFunctionArn": "arn:step"}})
	first, err := p.Publish(t.Context(), version("acme", "kyc", 2))
	if err != nil || first != prefix+"acme--kyc:1" {
		t.Fatalf("%q %v", first, err)
	}
	if want := `{"a":"arn:step","b":"$$.Task.Token","c":"$.label"}`; a.last != want || a.role != "role" {
		t.Errorf("definition %s, role %s", a.last, a.role)
	}
	second, err := p.Publish(t.Context(), version("acme", "kyc", 3))
	if err != nil || second != prefix+"acme--kyc:2" {
		t.Errorf("%q %v", second, err)
	}
	if _, err := p.Publish(t.Context(), version("other", "kyc", 2)); err != nil || len(a.machines) != 2 {
		t.Errorf("another tenant has a machine of its own: %v %v", a.machines, err)
	}
}

func TestNamesOfMachinesFitAndDoNotCollide(t *testing.T) {
	p := NewPublishing(nil, MachineSettings{Prefix: prefix})
	seen := map[string]bool{}
	long := strings.Repeat("x", 60)
	for _, v := range []registry.MachineVersion{version("a", long, 1), version("a", long+"y", 1), version("b", long, 1), version("a.b", "k", 1), version("a-b", "k", 1), version("a_b", "k", 1)} {
		name := p.name(v)
		if seen[name] || len("stack-"+name) > 80 || unfit.MatchString(name) {
			t.Errorf("%s", name)
		}
		seen[name] = true
	}
}

func TestWhatCannotBePublishedIsAnError(t *testing.T) {
	a := &account{machines: map[string]int{}, err: &types.InvalidDefinition{}}
	settings := MachineSettings{Prefix: prefix, Functions: map[string]string{"StepFunctionArn": "arn:step"}}
	for code, p := range map[problem.Code]*Publishing{
		problem.Internal:    NewPublishing(a, settings),
		problem.Unavailable: NewPublishing(&account{err: context.DeadlineExceeded}, settings),
	} {
		if _, err := p.Publish(t.Context(), version("acme", "kyc", 2)); problem.CodeOf(err) != code {
			t.Errorf("%v, want %s", err, code)
		}
	}
	for name, p := range map[string]*Publishing{"no prefix": NewPublishing(a, MachineSettings{}), "no function": NewPublishing(&account{machines: map[string]int{}}, MachineSettings{Prefix: prefix})} {
		if _, err := p.Publish(t.Context(), version("acme", "kyc", 2)); problem.CodeOf(err) != problem.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// published are references that a test has written down.
type published map[string]string

func (p published) Reference(_ context.Context, m cases.Machine, _ bool) (string, error) {
	return p[m.Tenant+"/"+m.Workflow.String()], nil
}

func TestWhatATenantHasPublishedComesBeforeWhatShips(t *testing.T) {
	f := &fake{}
	e := New(f, Machines{"kyc@1": machine}, published{"a/kyc@2": "arn:two", "b/kyc@1": "arn:theirs"})
	for want, m := range map[string]cases.Machine{
		machine:      {Tenant: "a", Workflow: cases.WorkflowRef{ID: "kyc", Version: 1}},
		"arn:two":    {Tenant: "a", Workflow: cases.WorkflowRef{ID: "kyc", Version: 2}},
		"arn:theirs": {Tenant: "b", Workflow: cases.WorkflowRef{ID: "kyc", Version: 1}},
	} {
		if err := e.Start(t.Context(), m, "x", input); err != nil || aws.ToString(f.started.StateMachineArn) != want {
			t.Errorf("%+v started %s, want %s (%v)", m, aws.ToString(f.started.StateMachineArn), want, err)
		}
	}
}
