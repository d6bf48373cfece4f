package cases

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"ballerine/internal/expr"
	"ballerine/internal/identity"
	"ballerine/internal/ids"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/workflow"
)

// Bounds of child cases.
const (
	maxDepth      = 8 // ancestors of a case: a workflow that starts cases of itself has to terminate
	startedAtOnce = 8 // children that are written side by side
)

// StartChildren starts the child cases of a job: one for each element of its list. Their ids are derived from the
// parent, the visit and the position in the list, so that a repeated attempt starts nothing twice. All of them are
// checked before the first is written. The outcome is awaited until enough of them have ended. Errors: Invalid (with
// every child's places), UnknownWorkflow, AlreadyExists (an external id is taken), Conflict.
func (s *Service) StartChildren(ctx context.Context, job Job) (Outcome, error) {
	wf, err := s.Catalog.Workflow(ctx, job.Record.Tenant, job.Invocation.Cases.Workflow, job.Invocation.Cases.Version)
	if err != nil {
		return Outcome{}, err
	}
	commands, err := s.planChildren(job, wf)
	if err != nil {
		return Outcome{}, err
	}
	group, stale, err := s.announceChildren(ctx, job, wf, commands)
	if err != nil || stale {
		return Outcome{}, err // FinishWork finds that it is stale
	}
	p := identity.Principal{Tenant: job.Record.Tenant, Kind: identity.System, ID: "children"}
	var running errgroup.Group
	running.SetLimit(startedAtOnce)
	for _, cmd := range commands {
		running.Go(func() error {
			_, err := s.Start(ctx, p, cmd)
			return err
		})
	}
	if err := running.Wait(); err != nil {
		return Outcome{}, err
	}
	held := heldReport(job.Record.Incidents, Parent{State: job.State, Visit: job.Visit, Work: job.Invocation.ID}) >= 0
	if held || !group.satisfied(job.Invocation.Cases.Until) {
		return Outcome{Awaiting: true}, nil
	}
	var payload any
	return Outcome{Payload: payload}, convert(group.Standing, &payload)
}

// planChildren computes what each child begins with, and checks it.
func (s *Service) planChildren(job Job, wf *workflow.Workflow) ([]StartCommand, error) {
	elements, err := job.elements(s.Now())
	if err != nil {
		return nil, err
	}
	problems := problem.New(problem.Invalid, "The child cases cannot be started.")
	depth := 0
	if job.Record.Parent != nil {
		depth = job.Record.Parent.Depth + 1
	}
	if depth > maxDepth {
		problems.With("children", "too_deep", "this case already has %d ancestors", maxDepth)
	}
	var commands []StartCommand
	for index, element := range elements {
		cmd := job.child(wf, index, element, s.Now())
		cmd.parent.Depth = depth
		var invalid *problem.Error
		if err := checkStart(wf, cmd); errors.As(err, &invalid) {
			for _, f := range invalid.Fields {
				problems.With(fmt.Sprintf("children[%d].%s", index, strings.TrimPrefix(f.Location, "body.")), f.Code, "%s", f.Message)
			}
			if len(invalid.Fields) == 0 {
				problems.With(fmt.Sprintf("children[%d]", index), string(invalid.Code), "%s", invalid.Message)
			}
		}
		commands = append(commands, cmd)
	}
	if len(problems.Fields) > 0 {
		return nil, placed(problems)
	}
	return commands, nil
}

// placed puts the first places into the message itself: an incident shows no more of a failure than its message.
func placed(problems *problem.Error) error {
	const shown = 5
	var places []string
	for _, f := range problems.Fields[:min(shown, len(problems.Fields))] {
		places = append(places, f.Location+": "+f.Message)
	}
	if more := len(problems.Fields) - shown; more > 0 {
		places = append(places, fmt.Sprintf("and %d more", more))
	}
	e := problem.New(problem.Invalid, "%s %s", problems.Message, strings.Join(places, "; "))
	e.Fields = problems.Fields
	return e
}

// elements are the elements that each get a child case. Without a list there is one child, without an element.
func (j Job) elements(now time.Time) ([]any, error) {
	each := j.Invocation.Cases.Each
	if each == nil {
		return []any{nil}, nil
	}
	value, verdict := each.Value(j.env(now, nil))
	list, isList := value.([]any)
	switch {
	case verdict.Truth != expr.True:
		return nil, problem.New(problem.Invalid, "The list of children does not exist: %s.", strings.Join(verdict.Missing, ", "))
	case !isList:
		return nil, problem.New(problem.Invalid, "The value to start child cases for is not a list.")
	case len(list) > statechart.MaxChildren:
		return nil, problem.New(problem.Invalid, "There would be %d child cases: at most %d can be started at once.", len(list), statechart.MaxChildren)
	}
	return list, nil
}

// env is what expressions of the job see; item takes precedence over the case's own fields.
func (j Job) env(now time.Time, item map[string]any) *expr.Env {
	return &expr.Env{Scope: expr.Layers{item, extraOf(j.Workflow, j.Record, now), j.Record.Context}, Now: now}
}

// child is the command that starts the child for an element.
func (j Job) child(wf *workflow.Workflow, index int, element any, now time.Time) StartCommand {
	cases := j.Invocation.Cases
	env := j.env(now, map[string]any{"item": element, "index": float64(index)})
	cmd := StartCommand{
		ID: childID(j, index), Workflow: wf.ID, Version: wf.Version, Subject: SubjectInput{Type: wf.Subject},
		Context:  compute(cases.Context, env),
		supplied: j.Record.Suppliers,
		parent:   &Parent{Case: j.Record.ID, State: j.State, Visit: j.Visit, Work: j.Invocation.ID, Index: index},
	}
	subject := compute(cases.Subject, env)
	if kind, ok := subject["type"].(string); ok {
		cmd.Subject.Type = kind
	}
	cmd.Subject.ExternalID, _ = subject["external_id"].(string)
	delete(subject, "type")
	delete(subject, "external_id")
	cmd.Subject.Data = subject
	if cases.ExternalID != nil {
		value, _ := cases.ExternalID.Value(env)
		cmd.ExternalID, _ = value.(string)
	}
	return cmd
}

// compute builds an object from values by their dotted paths. What is missing stays missing: the child's schema defines
// what that means.
func compute(values map[string]*expr.Program, env *expr.Env) map[string]any {
	built := map[string]any{}
	for _, path := range slices.Sorted(maps.Keys(values)) {
		value, verdict := values[path].Value(env)
		if verdict.Truth != expr.True {
			continue
		}
		steps := strings.Split(path, ".")
		object := built
		for _, step := range steps[:len(steps)-1] {
			inner, ok := object[step].(map[string]any)
			if !ok {
				inner = map[string]any{}
			}
			inner = maps.Clone(inner) // it may be a part of the parent's context
			object[step], object = inner, inner
		}
		object[steps[len(steps)-1]] = value
	}
	return built
}

// childID follows from the parent, the visit of its state, the work and the place in the list.
func childID(j Job, index int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d\x00%s\x00%d", j.Record.Tenant, j.Record.ID, j.Visit, j.Invocation.ID, index))
	return "case_" + ids.Derived(j.Record.CreatedAt, sum[:])
}

// announceChildren notes in the parent which children there will be, before there is one: a report finds its place, and
// what is called off is known by name. A second attempt keeps what has been reported meanwhile.
func (s *Service) announceChildren(ctx context.Context, job Job, wf *workflow.Workflow, commands []StartCommand) (group children, stale bool, err error) {
	work := job.Invocation.ID
	_, err = s.apply(ctx, job.Record.Tenant, job.Record.ID, system("children"), func(d *draft) error {
		if stale = !d.isDoing(job.State, job.Visit, work, statechart.WorkPending); stale {
			d.unchanged = true
			return nil
		}
		former, known := d.group(work)
		again := known && former.State == job.State && former.Visit == job.Visit
		group = former
		group.Cases = maps.Clone(former.Cases) // what was read stays as it is
		if !again {
			d.callOff(former) // of a former visit
			group = children{State: job.State, Visit: job.Visit, Cases: map[string]Child{}}
			group.Outcomes = outcomesOf(wf)
		}
		if group.Cases == nil {
			group.Cases = map[string]Child{}
		}
		added := 0
		for _, cmd := range commands {
			if _, there := group.Cases[cmd.ID]; !there {
				group.Cases[cmd.ID] = Child{Index: cmd.parent.Index, Status: StatusActive, States: []string{}, Tags: []string{}}
				added++
			}
		}
		group.count()
		if d.unchanged = again && added == 0; d.unchanged {
			return nil
		}
		d.entry.Cause = CauseChildren
		d.detail("children", map[string]any{"work": work, "workflow": WorkflowRef{wf.ID, wf.Version}, "total": group.Total})
		if err := d.setGroup(work, group); err != nil {
			return err
		}
		return checkSize(d.record.Context)
	})
	return group, stale, err
}

// outcomesOf are the ways in which cases of a workflow can end, each counted 0.
func outcomesOf(wf *workflow.Workflow) map[string]int {
	root := wf.Chart.Root()
	if root.Kind == statechart.Parallel {
		return map[string]int{strings.TrimPrefix(statechart.LabelDone, "#"): 0}
	}
	found := map[string]int{}
	for _, state := range root.Children {
		if state.Kind == statechart.Final {
			found[state.Path] = 0
		}
	}
	return found
}
