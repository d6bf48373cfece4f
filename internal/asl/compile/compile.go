package compile

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
	"children": "${ChildrenFunctionArn}", "screening": "${ScreeningFunctionArn}",
}

// The resources of Task states.
const (
	resourceInvoke = "arn:aws:states:::lambda:invoke"
	resourceToken  = "arn:aws:states:::lambda:invoke.waitForTaskToken"
)

// functionSeconds is the longest that a function may run (template.yaml), and a little more: functions report their own
// timeout, this is for one that reports nothing.
const functionSeconds = 65

type compiler struct {
	workflow *workflow.Workflow
	chart    *statechart.Chart
	names    *names
	problems *problem.Error
	express  bool // what would wait ends the run
}

// maxDefinition is the largest definition that Step Functions takes, in bytes.
const maxDefinition = 1 << 20

// Workflow makes the state machine of a workflow. Errors: Invalid, with everything that cannot be compiled.
func Workflow(w *workflow.Workflow) (*Machine, error) { return compile(w, false) }

func compile(w *workflow.Workflow, express bool) (*Machine, error) {
	chart := w.Chart
	var paths []string
	for _, s := range chart.States() {
		if s.Kind != statechart.Compound && s.Kind != statechart.History {
			paths = append(paths, s.Path)
		}
	}
	c := &compiler{workflow: w, chart: chart, names: newNames(paths), problems: problem.New(problem.Invalid, "The workflow cannot be compiled."), express: express}
	b := c.branch("")
	b.whole()
	if len(c.problems.Fields) > 0 {
		return nil, c.problems
	}
	b.labels = append(b.labels, rule(statechart.LabelOut, outState), rule(statechart.LabelHandover, handedState))
	head := State{
		Name: routeState, Type: "Choice", Comment: "Goes to where the record is: an execution can begin anywhere.",
		Choices: b.labels, Default: unknownState,
	}
	tail := []State{
		{Name: outState, Type: "Succeed", Comment: "The region is no longer active."},
		{Name: handedState, Type: "Succeed", Comment: "Another execution has taken over."},
		{Name: unknownState, Type: "Fail", Error: "UnknownLabel", Cause: "The record is at a label that this version of the workflow does not have."},
	}
	machine := &Machine{Comment: title(w), StartAt: routeState, States: slices.Concat([]State{head}, b.states, tail)}
	if size := len(machine.JSON()); size > maxDefinition {
		return nil, c.problems.With("states", "too_large", "the state machine would have %d bytes, more than the %d that Step Functions accepts", size, maxDefinition)
	}
	return machine, nil
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

// branch is a machine in the making: the whole one, or the branch of a Parallel that follows a region.
type branch struct {
	*compiler
	region  string // its path; "" the whole chart
	states  []State
	labels  []Choice // Route's
	entries map[string]string
}

func (c *compiler) branch(region string) *branch {
	return &branch{compiler: c, region: region, entries: map[string]string{}}
}

// whole emits the chart itself.
func (b *branch) whole() {
	root := b.chart.Root()
	if root.Kind != statechart.Parallel {
		b.inside(root)
		return
	}
	b.route(statechart.LabelRoot, b.names.of("", "regions"))
	b.route(statechart.LabelDone, doneState)
	b.parallel(root, b.names.of("", "regions"), b.names.of("", "next"), root.Description, b.regionsOf(root))
	b.states = append(b.states,
		State{Name: b.names.of("", "next"), Type: "Choice", InputPath: "$.outer", Choices: []Choice{rule(statechart.LabelDone, doneState)}, Default: routeState},
		State{Name: doneState, Type: "Succeed", Comment: "All regions have come to their end."})
}

// inside emits all that is below a compound state or is itself an atomic one, down to parallel states, whose regions are
// branches of their own.
func (b *branch) inside(s *statechart.State) {
	members := b.members(s, nil)
	for _, m := range members {
		b.enter(m)
	}
	for _, m := range members {
		b.state(m)
	}
}

func (b *branch) members(s *statechart.State, found []*statechart.State) []*statechart.State {
	switch s.Kind {
	case statechart.History:
		return found
	case statechart.Compound:
		for _, child := range s.Children {
			found = b.members(child, found)
		}
		return found
	}
	return append(found, s)
}

// regionsOf compiles the regions of a parallel state.
func (b *branch) regionsOf(s *statechart.State) (machines []*Machine) {
	for i, region := range s.Regions() {
		inner := b.compiler.branch(region.Path)
		inner.inside(region)
		machines = append(machines, inner.machine(i, inner.startingAt(region.Leaves())))
	}
	return machines
}

// machine closes a branch: it begins with the labels where the region is likely to be, and ends when it is out.
func (b *branch) machine(index int, likely []Choice) *Machine {
	route, out, unknown := b.names.of(b.region, "route"), b.names.of(b.region, "out"), b.names.of(b.region, "unknown")
	begin := b.names.of(b.region, "begin")
	labels := append(slices.Clone(b.labels), rule(statechart.LabelOut, out), rule(statechart.LabelHandover, out))
	if len(likely) == 0 {
		likely = labels[:1]
	}
	states := []State{
		{Name: begin, Type: "Choice", InputPath: fmt.Sprintf("$.regions[%d]", index), Choices: likely, Default: route},
		{Name: route, Type: "Choice", Comment: "Goes to where the region is.", Choices: labels, Default: unknown},
	}
	states = append(states, b.states...)
	states = append(states,
		State{Name: out, Type: "Succeed", Comment: "The region is no longer active, or another execution has taken over."},
		State{Name: unknown, Type: "Fail", Error: "UnknownLabel", Cause: "The region is at a label that this version of the workflow does not have."})
	return &Machine{StartAt: begin, States: states}
}

// startingAt are the rules for the labels where entering these leaves comes to rest.
func (b *branch) startingAt(leaves []*statechart.State) []Choice {
	reached := map[string]bool{}
	for _, leaf := range leaves {
		b.reach(leaf, reached, map[*statechart.State]bool{})
	}
	return b.rulesFor(reached)
}

func (b *branch) rulesFor(reached map[string]bool) (choices []Choice) {
	for _, route := range b.labels {
		if reached[route.StringEquals] {
			choices = append(choices, route)
		}
	}
	return choices
}

// parallel emits a Parallel. When all its branches have ended, the Choice after it takes what the first has received of the
// region around it. (Not all interpreters take "$[0].outer" for one value, so this is done in two steps.)
func (b *branch) parallel(s *statechart.State, name, next, text string, machines []*Machine) {
	b.states = append(b.states, State{Name: name, Type: "Parallel", Comment: text, Branches: machines, OutputPath: "$[0]", Next: next})
}

// enter adds the entry of every label of the state to the machine.
func (b *branch) enter(s *statechart.State) {
	b.route(s.Path, b.names.of(s.Path, ""))
	for _, stage := range s.Stages() {
		if len(stage) > 1 {
			label := statechart.StageLabel(s.Path, stage[0].Stage)
			b.route(label, b.names.of(s.Path, stageRole(stage)))
			continue
		}
		b.enterWork(s, stage[0])
	}
}

func stageRole(stage []*statechart.Invocation) string { return fmt.Sprintf("work%d", stage[0].Stage) }

func (b *branch) enterWork(s *statechart.State, i *statechart.Invocation) {
	if _, known := b.workflow.Invocation(s.Path, i.ID); !known || functions[i.Source] == "" || i.Source == "step" {
		b.problems.With("states."+s.Path+".invoke", "unsupported", "work of source %q cannot be compiled yet", i.Source)
		return
	}
	label := s.Path + "/" + i.ID
	b.route(label, b.names.of(s.Path, i.ID))
	if w, _ := b.workflow.Invocation(s.Path, i.ID); w.Callback || b.mayBePutOff(i) {
		b.route(label+"/answer", b.names.of(s.Path, i.ID+".answer"))
	}
	// Work stops with an incident also where an onError always holds: when what that leads to does not fit the case, or never settles.
	b.route(label+"/incident", b.names.of(s.Path, i.ID+".incident"))
}

func (b *branch) route(label, name string) {
	b.entries[label] = name
	b.labels = append(b.labels, rule(label, name))
}

// mayBePutOff reports whether the work may ask to be retried later: vendors may (Retry-After). The record then waits,
// and not the platform's retry, whose pauses are fixed. If nothing can wait, the work just fails.
func (b *branch) mayBePutOff(i *statechart.Invocation) bool {
	return i.Source == "vendor" && !b.express
}

// state emits what a state of the chart becomes.
func (b *branch) state(s *statechart.State) {
	next := b.names.of(s.Path, "next")
	switch {
	case s.Kind == statechart.Final && s.Parent == b.chart.Root() && b.region == "":
		b.states = append(b.states, State{Name: b.names.of(s.Path, ""), Type: "Succeed", Comment: comment(s, "")})
		return
	case s.Kind == statechart.Parallel:
		b.parallel(s, b.names.of(s.Path, ""), next, comment(s, "All its regions at once."), b.regionsOf(s))
		b.choice(s, next, "$.outer")
		return
	}
	joined := b.names.of(s.Path, "joined")
	for _, stage := range s.Stages() {
		if len(stage) > 1 {
			b.parallel(s, b.names.of(s.Path, stageRole(stage)), joined, "This work at once.", b.workOf(s, stage))
			continue
		}
		b.invocation(s, stage[0], s.Path)
	}
	b.wait(s, s.Path, "", "Waits for what happens next.")
	for _, i := range s.Invocations {
		b.waitsOf(s, i, s.Path)
	}
	b.timer(s, s.Path)
	if slices.ContainsFunc(s.Stages(), func(stage []*statechart.Invocation) bool { return len(stage) > 1 }) {
		b.choice(s, joined, "$.outer")
	}
	b.choice(s, next, "")
}

// workOf compiles work that is done at once: a branch for each piece.
func (b *branch) workOf(s *statechart.State, stage []*statechart.Invocation) (machines []*Machine) {
	for index, i := range stage {
		inner := b.compiler.branch(s.Path + "/" + i.ID)
		inner.enterWork(s, i)
		inner.invocation(s, i, inner.region)
		inner.waitsOf(s, i, inner.region)
		if len(inner.labels) > 1 { // it may have to wait
			inner.timer(s, inner.region)
		}
		next := State{Name: b.names.of(inner.region, "next"), Type: "Choice", Default: b.names.of(inner.region, "route")}
		next.Choices = append([]Choice{rule(statechart.LabelOut, b.names.of(inner.region, "out"))}, inner.labels...)
		inner.states = append(inner.states, next)
		machines = append(machines, inner.machine(index, inner.labels[:min(1, len(inner.labels))]))
	}
	return machines
}

// waitsOf emits the waits of a piece of work: for the vendor, and for an operator.
func (b *branch) waitsOf(s *statechart.State, i *statechart.Invocation, owner string) {
	label := s.Path + "/" + i.ID
	if b.entries[label+"/answer"] != "" {
		what := "Waits for the vendor's answer."
		if w, _ := b.workflow.Invocation(s.Path, i.ID); !w.Callback {
			what = "Waits until the vendor may be asked again."
		}
		b.wait(s, owner, i.ID+".answer", what)
	}
	if b.entries[label+"/incident"] != "" {
		b.wait(s, owner, i.ID+".incident", "Failed after all retries: waits for an operator.")
	}
}

func (b *branch) timer(s *statechart.State, owner string) {
	if b.express {
		return
	}
	payload := b.inRegion(Object{{"action", "timer"}, {"tenant.$", "$.tenant"}, {"case.$", "$.case"}, {"state", s.Path}})
	b.states = append(b.states, State{
		Name: b.names.of(owner, "timer"), Type: "Task", Comment: "Applies the deadline that has passed.", Resource: resourceInvoke,
		Parameters: call("step", append(payload, Member{"execution.$", "$$.Execution.Name"})),
		OutputPath: "$.Payload", TimeoutSeconds: functionSeconds, Retry: stepRetry(), Next: b.names.of(owner, "next"),
	})
}

// choice emits the Choice after a state: the labels that it can really lead to.
func (b *branch) choice(s *statechart.State, name, input string) {
	choices := b.following(s)
	if len(choices) == 0 { // a state without a way out
		choices = []Choice{rule(s.Path, b.names.of(s.Path, ""))}
	}
	b.states = append(b.states, State{Name: name, Type: "Choice", InputPath: input, Choices: choices, Default: b.routeName()})
}

func (b *branch) routeName() string {
	if b.region == "" {
		return routeState
	}
	return b.names.of(b.region, "route")
}

// inRegion adds whose branch is calling.
func (b *branch) inRegion(payload Object) Object {
	if b.region == "" {
		return payload
	}
	return append(payload, Member{"region", b.region}, Member{"within.$", "$.within"})
}

// wait emits a state that parks its token until the record moves, or the deadline passes.
func (b *branch) wait(s *statechart.State, owner, role, what string) {
	if role == "" {
		what = comment(s, what)
	}
	if b.express {
		b.rest(s, owner, role, what)
		return
	}
	payload := Object{{"action", "park"}, {"state", s.Path}, {"label.$", "$.label"}}
	if b.region == "" {
		payload = append(payload, Member{"region", ""})
	}
	payload = b.inRegion(payload)
	b.states = append(b.states, State{
		Name: b.names.of(s.Path, role), Type: "Task", Comment: what, Resource: resourceToken,
		Parameters: call("step", append(payload,
			Member{"tenant.$", "$.tenant"}, Member{"case.$", "$.case"}, Member{"visit.$", "$.visit"},
			Member{"token.$", "$$.Task.Token"}, Member{"execution.$", "$$.Execution.Name"})),
		TimeoutSecondsPath: "$.seconds", Retry: stepRetry(),
		Catch: []Catch{{ErrorEquals: []string{"States.Timeout"}, ResultPath: "$.error", Next: b.names.of(owner, "timer")}},
		Next:  b.after(s, owner, role),
	})
}

// invocation emits a piece of work and what is done when it fails for good.
func (b *branch) invocation(s *statechart.State, i *statechart.Invocation, owner string) {
	if functions[i.Source] == "" {
		return // enter has reported it
	}
	w, _ := b.workflow.Invocation(s.Path, i.ID) // enter has seen it
	next, failed := b.names.of(owner, "next"), b.names.of(s.Path, i.ID+".failed")
	place := b.inRegion(Object{{"tenant.$", "$.tenant"}, {"case.$", "$.case"}, {"state", s.Path}, {"work", i.ID}})
	payload := append(slices.Clone(place), Member{"attempt.$", "$$.State.RetryCount"}, Member{"execution.$", "$$.Execution.Name"})
	if b.mayBePutOff(i) {
		payload = append(payload, Member{"later", true})
	}
	text := fmt.Sprintf("%s work %s.", i.Source, i.ID)
	if i == s.Invocations[0] {
		text = comment(s, text)
	}
	b.states = append(b.states,
		State{
			Name: b.names.of(s.Path, i.ID), Type: "Task", Comment: text, Resource: resourceInvoke,
			Parameters: call(i.Source, payload),
			OutputPath: "$.Payload", TimeoutSeconds: max(functionSeconds, wholeSeconds(w.Timeout)+5), Retry: retriers(w.Retry),
			Catch: []Catch{{ErrorEquals: []string{"States.ALL"}, ResultPath: "$.error", Next: failed}}, Next: b.after(s, owner, i.ID),
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
	if title := s.Title().Text; title != "" {
		return title
	}
	return otherwise
}

// serviceErrors are failures of the platform, not of the work: worth a retry for every task.
func serviceErrors() []string {
	return []string{
		"Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException", "Lambda.TooManyRequestsException",
		"Lambda.ClientExecutionTimeoutException", "Lambda.Unknown", "Sandbox.Timedout",
		"Runtime.ExitError", // the process has ended: for want of memory, or killed
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
