package statechart

import (
	"slices"
	"strings"
	"time"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
)

// MaxMicrosteps bounds what one event may set off. A chart that does not come to rest within it is an error, not a hang.
const MaxMicrosteps = 100

// Input of a step: the context, further read-only fields that guards may read ("documents"), the event, and the time.
type Input struct {
	Context map[string]any
	Extra   map[string]any
	Event   Event
	Now     time.Time
}

// run is one macrostep.
type run struct {
	chart    *Chart
	now      time.Time
	room     [2]activation // what active begins in: most charts are flat
	active   []activation  // document order
	visits   int
	status   Status
	scope    scope
	env      expr.Env
	owned    bool // the context is a copy of ours
	event    Event
	changed  []string
	queue    []Event
	effects  []Effect
	trace    []Trace
	starting []int // visits whose next work starts when the run is at rest
	micro    int
	taken    bool
}

type activation struct {
	state *State
	Activation
}

// Start enters the chart. Errors: Livelock.
func (c *Chart) Start(context map[string]any, now time.Time) (Result, error) {
	return c.StartWith(Input{Context: context, Now: now})
}

// StartWith is Start with further read-only fields.
func (c *Chart) StartWith(in Input) (Result, error) {
	r := c.newRun(Snapshot{Status: Active}, in)
	r.enter(c.root, c.root.Initial)
	if err := r.settle(); err != nil {
		return Result{}, err
	}
	r.taken = true
	return r.result(), nil
}

// Step applies an event. The snapshot and the context given are not changed. Errors: EventNotAllowed (Details
// "allowed" lists the events that are), CaseClosed, Livelock. The result of a late outcome or timer is Stale.
func (c *Chart) Step(snapshot Snapshot, context map[string]any, event Event, now time.Time) (Result, error) {
	return c.StepWith(snapshot, Input{Context: context, Event: event, Now: now})
}

// StepWith is Step with further read-only fields.
func (c *Chart) StepWith(snapshot Snapshot, in Input) (Result, error) {
	if snapshot.Status == Done {
		if isOutcome(in.Event.Type) || strings.HasPrefix(in.Event.Type, "after.") {
			return Result{Snapshot: snapshot, Context: in.Context, Stale: true}, nil
		}
		return Result{}, problem.New(problem.CaseClosed, "The workflow has reached its end: no event is allowed any more.").Detail("allowed", []string{})
	}
	r := c.newRun(snapshot, in)
	if len(r.active) != len(snapshot.Active) || len(r.active) == 0 {
		return Result{}, problem.New(problem.Internal, "The snapshot is not one of this chart.")
	}
	if err := r.first(in); err != nil {
		return Result{}, err
	}
	if r.active == nil { // stale
		return Result{Snapshot: snapshot, Context: in.Context, Trace: r.trace, Stale: true}, nil
	}
	if err := r.settle(); err != nil {
		return Result{}, err
	}
	return r.result(), nil
}

func isOutcome(event string) bool {
	return strings.HasPrefix(event, "done.invoke.") || strings.HasPrefix(event, "error.invoke.")
}

func (c *Chart) newRun(snapshot Snapshot, in Input) *run {
	r := &run{
		chart: c, now: in.Now, visits: snapshot.Visits, status: snapshot.Status, event: in.Event,
	}
	r.active = r.room[:0]
	if len(snapshot.Active) >= len(r.room) {
		r.active = make([]activation, 0, len(snapshot.Active)+1)
	}
	r.scope = scope{context: in.Context, extra: in.Extra, event: &r.event}
	r.env = expr.Env{Scope: &r.scope, Now: in.Now}
	for _, a := range snapshot.Active {
		if s, ok := c.byPath[a.State]; ok {
			r.active = append(r.active, activation{s, a})
		}
	}
	return r
}

// first applies the event itself. It sets active to nil when the event is stale.
func (r *run) first(in Input) error {
	switch event := in.Event.Type; {
	case isOutcome(event):
		return r.outcome(in.Event)
	case strings.HasPrefix(event, "after."):
		return r.timer(in.Event)
	case strings.HasPrefix(event, "done.state."), strings.HasPrefix(event, "error.work."):
		return r.notAllowed(in)
	}
	transition, known := r.choose(in.Event.Type)
	if transition == nil && !known {
		return r.notAllowed(in)
	}
	return r.take(transition)
}

func (r *run) notAllowed(in Input) error {
	allowed := []string{}
	for _, next := range r.next() {
		allowed = append(allowed, next.Event)
	}
	return problem.New(problem.EventNotAllowed, "The event is not allowed in the current state.").Detail("allowed", allowed).
		With("body.type", "event_not_allowed", "allowed now: %s", strings.Join(allowed, ", "))
}

// outcome applies a task's result or error to the work that it belongs to.
func (r *run) outcome(event Event) error {
	kind, id, _ := strings.Cut(strings.TrimPrefix(event.Type, "done."), "invoke.")
	failed := kind != "" // "error."
	at, work := r.findWork(id, event)
	if at < 0 || ended(work.Status) || firstOpen(r.active[at].Work) != work {
		r.trace = append(r.trace, Trace{State: event.State, Event: event.Type, Outcome: "stale"})
		r.active = nil
		return nil
	}
	state := r.active[at].state
	invocation, _ := state.Invocation(id)
	r.own(at)
	work, _ = workOf(r.active[at].Work, id)
	visit := r.active[at].Visit
	if failed {
		return r.failed(state, visit, invocation, work)
	}
	work.Status = WorkDone
	r.starting = append(r.starting, visit)
	r.assign([]string{id}, event.Payload)
	if err := r.take(r.pick(invocation.OnDone)); err != nil {
		return err
	}
	if !r.taken {
		transition, _ := r.choose(event.Type)
		if err := r.take(transition); err != nil {
			return err
		}
	}
	r.proceed(state, visit)
	return nil
}

// failed looks for what the chart says of the failure: the work's own onError, then the state's. Without one the work
// is an incident.
func (r *run) failed(state *State, visit int, invocation *Invocation, work *Work) error {
	transition := r.pick(invocation.OnError)
	if transition == nil {
		if transition, _ = r.choose(r.event.Type); transition == nil {
			transition = r.pick(state.byEvent[errorWork(state)])
		}
	}
	if transition == nil {
		work.Status = WorkIncident
		return nil
	}
	work.Status = WorkFailed
	r.starting = append(r.starting, visit)
	if err := r.take(transition); err != nil {
		return err
	}
	r.proceed(state, visit)
	return nil
}

// proceed raises the state's own done event when all its work has ended.
func (r *run) proceed(state *State, visit int) {
	at := r.find(state)
	if at < 0 || r.active[at].Visit != visit {
		return
	}
	if firstOpen(r.active[at].Work) != nil {
		return // settle starts it
	}
	r.queue = append(r.queue, Event{Type: doneState(state), ID: r.event.ID})
}

// timer applies a deadline that has passed; one of a former visit does nothing.
func (r *run) timer(event Event) error {
	for at, a := range r.active {
		if a.State != event.State || (event.Visit != 0 && a.Visit != event.Visit) {
			continue
		}
		for i, t := range a.Timers {
			if t.Index >= len(a.state.Timers) || a.state.Timers[t.Index].Event != event.Type || t.Due.After(r.now) {
				continue
			}
			r.active[at].Timers = slices.Delete(slices.Clone(a.Timers), i, i+1)
			transition, _ := r.choose(event.Type)
			return r.take(transition)
		}
	}
	r.trace = append(r.trace, Trace{State: event.State, Event: event.Type, Outcome: "stale"})
	r.active = nil
	return nil
}

// settle runs eventless transitions and raised events until the chart is at rest, then starts the work of the states
// that were entered and are still active.
func (r *run) settle() error {
	for r.status == Active {
		if transition := r.chooseAlways(); transition != nil {
			if err := r.take(transition); err != nil {
				return err
			}
			continue
		}
		if len(r.queue) == 0 {
			break
		}
		event := r.queue[0]
		r.queue = r.queue[1:]
		r.event = event
		if transition, _ := r.choose(event.Type); transition != nil {
			if err := r.take(transition); err != nil {
				return err
			}
		}
	}
	for _, a := range r.active {
		if next := firstOpen(a.Work); next != nil && slices.Contains(r.starting, a.Visit) {
			r.effects = append(r.effects, Effect{Kind: EffectInvoke, State: a.State, Visit: a.Visit, Work: next.ID})
		}
	}
	return nil
}

// take is a microstep: exit, transition actions, entry. A nil transition does nothing.
func (r *run) take(t *Transition) error {
	if t == nil || t.Forbidden {
		return nil
	}
	if r.micro++; r.micro > MaxMicrosteps {
		return problem.New(problem.Livelock, "The workflow does not come to rest within %d steps of one event.", MaxMicrosteps).
			With("states."+t.Source.Path, "livelock", "transitions here go round in a circle")
	}
	r.taken = true
	if t.Target == nil {
		r.actions(t.actions)
		return nil
	}
	domain := t.domain()
	r.exit(domain)
	r.actions(t.actions)
	r.enter(domain, t.Target)
	return nil
}

// domain is the state within which the transition moves: it stays active. As in XState 5, a transition to its own
// source or into it leaves the source alone unless it says reenter.
func (t *Transition) domain() *State {
	if !t.Reenter && (t.Target == t.Source || t.Target.isInside(t.Source)) {
		return t.Source
	}
	for d := t.Source.Parent; d != nil; d = d.Parent {
		if t.Target.isInside(d) {
			return d
		}
	}
	return t.Source // the root, as its own source
}

// exit leaves all active states inside domain, innermost first.
func (r *run) exit(domain *State) {
	for at := len(r.active) - 1; at >= 0; at-- {
		a := r.active[at]
		if !a.state.isInside(domain) {
			continue
		}
		r.actions(a.state.exit)
		if next := firstOpen(a.Work); next != nil && !slices.Contains(r.starting, a.Visit) {
			r.effects = append(r.effects, Effect{Kind: EffectCancel, State: a.State, Visit: a.Visit, Work: next.ID})
		}
		r.active = slices.Delete(r.active, at, at+1)
	}
}

// enter goes from domain down to target and on through initial states, outermost first.
func (r *run) enter(domain, target *State) {
	path := make([]*State, 0, 4)
	for s := target; s != domain && s != r.chart.root; s = s.Parent {
		path = append(path, s)
	}
	slices.Reverse(path)
	for s := target; s.Kind == Compound; {
		s = s.Initial
		path = append(path, s)
	}
	for _, s := range path {
		r.activate(s)
		r.actions(s.entry)
	}
	if len(path) > 0 && path[len(path)-1].Kind == Final {
		r.finish(path[len(path)-1])
	}
}

func (r *run) activate(s *State) {
	r.visits++
	a := activation{s, Activation{State: s.Path, Visit: r.visits}}
	for _, t := range s.Timers {
		a.Timers = append(a.Timers, Timer{Index: t.Index, Due: t.Delay.After(r.now)})
	}
	slices.SortStableFunc(a.Timers, func(x, y Timer) int { return x.Due.Compare(y.Due) })
	for _, i := range s.Invocations {
		a.Work = append(a.Work, Work{ID: i.ID, Status: WorkPending})
	}
	at := len(r.active)
	for at > 0 && r.active[at-1].state.order > s.order {
		at--
	}
	r.active = slices.Insert(r.active, at, a)
	if len(s.Invocations) > 0 {
		r.starting = append(r.starting, r.visits)
	}
}

// finish raises the done event of the parent of a final state; a final child of the root ends the run.
func (r *run) finish(leaf *State) {
	if leaf.Parent == r.chart.root {
		r.actions(leaf.exit)
		r.status = Done
		for i := range r.active {
			r.own(i)
			r.active[i].Timers = nil
		}
		return
	}
	r.queue = append(r.queue, Event{Type: doneState(leaf.Parent), ID: r.event.ID})
}

func (r *run) actions(actions []action) {
	for _, a := range actions {
		a.do(r)
	}
}

// result gives the run's outcome as plain data.
func (r *run) result() Result {
	snapshot := Snapshot{Status: r.status, Visits: r.visits, Active: make([]Activation, len(r.active))}
	for i, a := range r.active {
		snapshot.Active[i] = a.Activation
	}
	slices.Sort(r.changed)
	return Result{Snapshot: snapshot, Context: r.scope.context, Changed: r.changed, Effects: r.effects, Trace: r.trace, Taken: r.taken}
}

// own gives the activation its own copy of its work, so that the input snapshot is not changed.
func (r *run) own(at int) { r.active[at].Work = slices.Clone(r.active[at].Work) }

// find gives the place of an active state, or -1.
func (r *run) find(s *State) int {
	for i := range r.active {
		if r.active[i].state == s {
			return i
		}
	}
	return -1
}

// findWork finds the work that an outcome names.
func (r *run) findWork(id string, event Event) (int, *Work) {
	for at := range r.active {
		a := &r.active[at]
		if (event.State != "" && event.State != a.State) || (event.Visit != 0 && event.Visit != a.Visit) {
			continue
		}
		if w, ok := workOf(a.Work, id); ok {
			return at, w
		}
	}
	return -1, nil
}

func workOf(work []Work, id string) (*Work, bool) {
	for i := range work {
		if work[i].ID == id {
			return &work[i], true
		}
	}
	return nil, false
}

func ended(s WorkStatus) bool { return s == WorkDone || s == WorkFailed }

// firstOpen is the work that is to be done now, or nil when all has ended.
func firstOpen(work []Work) *Work {
	for i := range work {
		if !ended(work[i].Status) {
			return &work[i]
		}
	}
	return nil
}

func (r *run) eventType() string { return r.event.Type }
