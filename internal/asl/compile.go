package asl

import (
	"fmt"
	"slices"
	"time"

	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/workflow"
)

// The functions, as names of substitutions.
var functions = map[string]string{
	"step": "${StepFunctionArn}", "rules": "${RulesFunctionArn}", "vendor": "${VendorFunctionArn}", "document": "${DocumentFunctionArn}",
}

// The resources of Task states.
const (
	resourceInvoke = "arn:aws:states:::lambda:invoke"
	resourceToken  = "arn:aws:states:::lambda:invoke.waitForTaskToken"
)

// functionSeconds is the longest that a function may run (template.yaml), and a little more: the function reports its
// own timeout, this is for one that reports nothing.
const functionSeconds = 65

type compiler struct {
	workflow *workflow.Workflow
	chart    *statechart.Chart
	names    *names
	states   []State
	labels   []Choice // Route's
	entries  map[string]string
	problems *problem.Error
}

// Compile makes the state machine of a workflow. Errors: Invalid, with everything that cannot be compiled.
func Compile(w *workflow.Workflow) (*Machine, error) {
	chart := w.Chart
	var paths []string
	for _, s := range chart.States() {
		if s.Kind != statechart.Compound {
			paths = append(paths, s.Path)
		}
	}
	c := &compiler{
		workflow: w, chart: chart, names: newNames(paths), entries: map[string]string{},
		problems: problem.New(problem.Invalid, "The workflow cannot be compiled."),
	}
	for _, s := range chart.States() {
		c.enter(s)
	}
	for _, s := range chart.States() {
		c.state(s)
	}
	if len(c.problems.Fields) > 0 {
		return nil, c.problems
	}
	c.labels = append(c.labels, rule("#out", outState), rule("#handover", handedState))
	head := State{
		Name: routeState, Type: "Choice", Comment: "Goes to where the record is: an execution can begin anywhere.",
		Choices: c.labels, Default: unknownState,
	}
	tail := []State{
		{Name: outState, Type: "Succeed", Comment: "The region is no longer active."},
		{Name: handedState, Type: "Succeed", Comment: "Another execution has taken over."},
		{Name: unknownState, Type: "Fail", Error: "UnknownLabel", Cause: "The record is at a label that this version of the workflow does not have."},
	}
	return &Machine{Comment: title(w), StartAt: routeState, States: slices.Concat([]State{head}, c.states, tail)}, nil
}

func title(w *workflow.Workflow) string {
	if w.Title == "" {
		return w.ID
	}
	return w.Title
}

func rule(label, next string) Choice {
	return Choice{Variable: "$.label", StringEquals: label, Next: next}
}

// enter gives every label of the state its entry in the machine.
func (c *compiler) enter(s *statechart.State) {
	if s.Kind == statechart.Compound {
		if len(s.Invocations) > 0 {
			c.problems.With("states."+s.Path+".invoke", "unsupported", "only a state without children can have work")
		}
		return
	}
	c.route(s.Path, c.names.of(s.Path, ""))
	for _, i := range s.Invocations {
		if _, known := c.workflow.Invocation(s.Path, i.ID); !known || functions[i.Source] == "" || i.Source == "step" {
			c.problems.With("states."+s.Path+".invoke", "unsupported", "work of source %q cannot be compiled yet", i.Source)
			continue
		}
		label := s.Path + "/" + i.ID
		c.route(label, c.names.of(s.Path, i.ID))
		if w, _ := c.workflow.Invocation(s.Path, i.ID); w.Callback {
			c.route(label+"/answer", c.names.of(s.Path, i.ID+".answer"))
		}
		if mayStop(s, i) {
			c.route(label+"/incident", c.names.of(s.Path, i.ID+".incident"))
		}
	}
}

func (c *compiler) route(label, name string) {
	c.entries[label] = name
	c.labels = append(c.labels, rule(label, name))
}

// mayStop says whether a failure may find no onError that holds: then it is an incident.
func mayStop(s *statechart.State, i *statechart.Invocation) bool {
	sure := func(t *statechart.Transition) bool { return !t.Guarded && !t.Forbidden }
	return !slices.ContainsFunc(i.OnError, sure) && !slices.ContainsFunc(s.Transitions, func(t *statechart.Transition) bool {
		return t.Event == "error.work."+s.Path && sure(t)
	})
}

// state emits what a state of the chart becomes.
func (c *compiler) state(s *statechart.State) {
	switch {
	case s.Kind == statechart.Compound:
		return
	case s.Kind == statechart.Final && s.Parent == c.chart.Root():
		c.states = append(c.states, State{Name: c.names.of(s.Path, ""), Type: "Succeed", Comment: comment(s, "")})
		return
	}
	for _, i := range s.Invocations {
		c.invocation(s, i)
	}
	c.wait(s, "", "Waits for what happens next.")
	for _, i := range s.Invocations {
		label := s.Path + "/" + i.ID
		if c.entries[label+"/answer"] != "" {
			c.wait(s, i.ID+".answer", "Waits for the vendor's answer.")
		}
		if c.entries[label+"/incident"] != "" {
			c.wait(s, i.ID+".incident", "Failed after all retries: waits for an operator.")
		}
	}
	c.states = append(c.states,
		State{
			Name: c.names.of(s.Path, "timer"), Type: "Task", Comment: "Applies the deadline that has passed.", Resource: resourceInvoke,
			Parameters: call("step", Object{{"action", "timer"}, {"tenant.$", "$.tenant"}, {"case.$", "$.case"}, {"state", s.Path}, {"execution.$", "$$.Execution.Name"}}),
			OutputPath: "$.Payload", TimeoutSeconds: functionSeconds, Retry: stepRetry(), Next: c.names.of(s.Path, "next"),
		},
		State{Name: c.names.of(s.Path, "next"), Type: "Choice", Choices: c.following(s), Default: routeState},
	)
	if last := &c.states[len(c.states)-1]; len(last.Choices) == 0 { // a state that nothing leads out of
		last.Choices = []Choice{rule(s.Path, c.names.of(s.Path, ""))}
	}
}

// wait emits a state that parks its token until the record moves, or the deadline passes.
func (c *compiler) wait(s *statechart.State, role, what string) {
	if role == "" {
		what = comment(s, what)
	}
	c.states = append(c.states, State{
		Name: c.names.of(s.Path, role), Type: "Task", Comment: what, Resource: resourceToken,
		Parameters: call("step", Object{
			{"action", "park"},
			{"state", s.Path},
			{"label.$", "$.label"},
			{"region", ""},
			{"tenant.$", "$.tenant"},
			{"case.$", "$.case"},
			{"visit.$", "$.visit"},
			{"token.$", "$$.Task.Token"},
			{"execution.$", "$$.Execution.Name"},
		}),
		TimeoutSecondsPath: "$.seconds", Retry: stepRetry(),
		Catch: []Catch{{ErrorEquals: []string{"States.Timeout"}, ResultPath: "$.error", Next: c.names.of(s.Path, "timer")}},
		Next:  c.names.of(s.Path, "next"),
	})
}

// invocation emits a piece of work and what is done when it fails for good.
func (c *compiler) invocation(s *statechart.State, i *statechart.Invocation) {
	if functions[i.Source] == "" {
		return // enter has said so
	}
	w, _ := c.workflow.Invocation(s.Path, i.ID) // enter has seen it
	next, failed := c.names.of(s.Path, "next"), c.names.of(s.Path, i.ID+".failed")
	place := Object{{"tenant.$", "$.tenant"}, {"case.$", "$.case"}, {"state", s.Path}, {"work", i.ID}}
	text := fmt.Sprintf("%s work %s.", i.Source, i.ID)
	if i == s.Invocations[0] {
		text = comment(s, text)
	}
	c.states = append(c.states,
		State{
			Name: c.names.of(s.Path, i.ID), Type: "Task", Comment: text, Resource: resourceInvoke,
			Parameters: call(i.Source, append(slices.Clone(place), Member{"attempt.$", "$$.State.RetryCount"}, Member{"execution.$", "$$.Execution.Name"})),
			OutputPath: "$.Payload", TimeoutSeconds: max(functionSeconds, wholeSeconds(w.Timeout)+5), Retry: retriers(w.Retry),
			Catch: []Catch{{ErrorEquals: []string{"States.ALL"}, ResultPath: "$.error", Next: failed}}, Next: next,
		},
		State{
			Name: failed, Type: "Task", Comment: "Records the failure.", Resource: resourceInvoke,
			Parameters: call("step", append(append(Object{{"action", "fail"}}, place...),
				Member{"visit.$", "$.visit"}, Member{"error.$", "$.error"}, Member{"execution.$", "$$.Execution.Name"})),
			OutputPath: "$.Payload", TimeoutSeconds: functionSeconds, Retry: stepRetry(), Next: next,
		})
}

func call(function string, payload Object) Object {
	return Object{{"FunctionName", functions[function]}, {"Payload", payload}}
}

// comment is the state's description, as the chart has it.
func comment(s *statechart.State, otherwise string) string {
	if s.Description != "" {
		return s.Description
	}
	if title, ok := s.Meta["title"].(string); ok && title != "" {
		return title
	}
	return otherwise
}

// serviceErrors are failures of the platform, not of the work: worth a retry for every task.
func serviceErrors() []string {
	return []string{
		"Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException", "Lambda.TooManyRequestsException",
		"Lambda.Unknown", "Sandbox.Timedout",
	}
}

// stepRetry is how the step function is called again: it only writes the record, so it may be called as often as it takes.
func stepRetry() []Retry {
	own := []string{string(problem.Conflict), string(problem.Unavailable), string(problem.Timeout), string(problem.Internal)}
	return []Retry{{
		ErrorEquals:     append(own, serviceErrors()...),
		IntervalSeconds: 1, MaxAttempts: 8, BackoffRate: 2, MaxDelaySeconds: 60, JitterStrategy: "FULL",
	}}
}

// retriers of work: one is the policy's for its own errors, and one for the platform's.
func retriers(p workflow.RetryPolicy) []Retry {
	own := slices.Clone(p.Errors)
	if len(own) == 0 {
		own = []string{string(problem.VendorUnavailable), string(problem.Timeout)}
	}
	if slices.Contains(own, string(problem.Timeout)) {
		own = append(own, "States.Timeout") // a function that could not even report it
	}
	own = unique(own)
	platform := append([]string{string(problem.Unavailable), string(problem.Conflict)}, serviceErrors()...)
	platform = slices.DeleteFunc(platform, func(name string) bool { return slices.Contains(own, name) })
	first := Retry{
		ErrorEquals: own, IntervalSeconds: max(1, wholeSeconds(p.Interval)), MaxAttempts: p.Attempts,
		BackoffRate: max(1, p.Rate), JitterStrategy: "NONE",
	}
	if most := wholeSeconds(p.MaxInterval); most > first.IntervalSeconds {
		first.MaxDelaySeconds = most
	}
	if p.Jitter {
		first.JitterStrategy = "FULL"
	}
	second := Retry{ErrorEquals: platform, IntervalSeconds: 1, MaxAttempts: 6, BackoffRate: 2, MaxDelaySeconds: 60, JitterStrategy: "FULL"}
	if len(platform) == 0 {
		return []Retry{first}
	}
	return []Retry{first, second}
}

// unique keeps the first of each.
func unique(list []string) (kept []string) {
	for _, text := range list {
		if !slices.Contains(kept, text) {
			kept = append(kept, text)
		}
	}
	return kept
}

// wholeSeconds rounds up.
func wholeSeconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
