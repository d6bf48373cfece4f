package statechart

import (
	"maps"
	"slices"
	"strings"
	"time"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
)

// MaxMicrosteps bounds what one event may set off, unless the chart sets another bound. A chart that does not come to rest
// within it is an error, not a hang.
const MaxMicrosteps = 100

// Input of a step: the context, further read-only fields that guards may read ("documents"), the event, and the time.
type Input struct {
	Context map[string]any
	Extra   map[string]any
	Event   Event
	Now     time.Time

	// Denied keeps transitions from being taken although their guards hold; nil: none. It sees the context as it is by then, and must not
	// change it.
	Denied func(t *Transition, context map[string]any) bool
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
	denied   func(t *Transition, context map[string]any) bool
	event    Event
	changed  []string
	queue    []Event
	effects  []Effect
	trace    []Trace
	starting []int // visits whose next work starts when the run is at rest
	micro    int
	taken    bool
	by       Audience // the audience in which the event is sent

	selecting string              // the event that is being selected for
	known     bool                // some active state has a transition for it, enabled or not
	one       [1]*Transition      // a selection of one
	domain    [1]*State           // what one transition leaves
	set       []*Transition       // a selection of several
	looked    []look              // ancestors that several leaves share are asked once
	history   map[string][]string // what history states remember
	recall    bool                // history is a copy of ours
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
	r.actions(c.root.entry)
	if c.root.Kind == Compound {
		r.actions(c.root.begin)
	}
	r.enter(c.start)
	if err := r.settle(); err != nil {
		return Result{}, err
	}
	r.taken = true
	return r.result(), nil
}

// Step applies an event. The arguments snapshot and context are not changed. Errors: EventNotAllowed (Details
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
		return Result{}, problem.New(problem.CaseClosed, "The workflow has reached its end: events are no longer accepted.").Detail("allowed", []string{})
	}
	r := c.newRun(snapshot, in)
	if len(r.active) != len(snapshot.Active) || len(r.active) == 0 {
		return Result{}, problem.New(problem.Internal, "The snapshot does not belong to this workflow.")
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

func (c *Chart) newRun(snapshot Snapshot, in Input) *run {
	r := &run{
		chart: c, now: in.Now, visits: snapshot.Visits, status: snapshot.Status, event: in.Event, by: in.Event.By, history: snapshot.History, denied: in.Denied,
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
	case strings.HasPrefix(event, "done.state."), strings.HasPrefix(event, "error.work."), strings.HasPrefix(event, OutcomePrefix):
		return r.notAllowed(in)
	}
	chosen, known := r.choose(in.Event.Type)
	if len(chosen) == 0 && !known && !in.Event.Optional {
		return r.notAllowed(in)
	}
	if err := r.permit(in, chosen); err != nil {
		return err
	}
	return r.take(chosen)
}

// allowed are the names of the events that the caller may send.
func (r *run) allowed() []string {
	allowed := []string{}
	for _, next := range r.next() {
		allowed = append(allowed, next.Event)
	}
	return allowed
}

func (r *run) notAllowed(in Input) error {
	allowed := r.allowed()
	return problem.New(problem.EventNotAllowed, "The event is not allowed in the current state.").Detail("allowed", allowed).
		With("body.type", "event_not_allowed", "allowed now: %s", strings.Join(allowed, ", "))
}

// timer applies a deadline that has passed; one of a former visit has no effect.
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
			return r.take(r.pick(a.state.byEvent[event.Type]))
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
		if chosen := r.chooseAlways(); len(chosen) > 0 {
			if err := r.take(chosen); err != nil {
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
		chosen, _ := r.choose(event.Type)
		if err := r.take(chosen); err != nil {
			return err
		}
	}
	for i := range r.active {
		a := &r.active[i]
		if len(a.Work) == 0 || !slices.Contains(r.starting, a.Visit) {
			continue
		}
		for _, next := range openWork(a.state, a.Work) {
			r.effects = append(r.effects, Effect{Kind: EffectInvoke, State: a.State, Visit: a.Visit, Work: next.ID})
		}
	}
	return nil
}

// take is a microstep: exits, transition actions, entries. Without transitions it has no effect.
func (r *run) take(chosen []*Transition) error {
	if len(chosen) == 0 {
		return nil
	}
	if r.micro++; r.micro > r.chart.Microsteps {
		t := chosen[0]
		return problem.New(problem.Livelock, "The workflow does not settle within %d steps of one event.", r.chart.Microsteps).
			With("states."+t.Source.Path, "livelock", "the transitions here form a loop")
	}
	r.taken = true
	if len(chosen) == 1 {
		t := chosen[0]
		if len(t.Targets) == 0 {
			r.actions(t.actions)
			return nil
		}
		r.domain[0] = r.domainOf(t)
		r.exit(r.domain[:])
		r.actions(t.actions)
		entries := t.entries
		if t.dynamic { // what has just been left is remembered, too
			entries = t.entered(r.domain[0], r.remembered)
		}
		r.enter(entries)
		return nil
	}
	return r.takeSeveral(slices.Clone(chosen))
}

// takeSeveral takes the transitions of several regions at once: all exits, all actions, all entries.
func (r *run) takeSeveral(chosen []*Transition) error {
	domains := make([]*State, len(chosen))
	var left []*State
	for i, t := range chosen {
		if len(t.Targets) > 0 {
			domains[i] = r.domainOf(t)
			left = append(left, domains[i])
		}
	}
	r.exit(left)
	set := entrySet{memory: r.remembered}
	for i, t := range chosen {
		r.actions(t.actions)
		if len(t.Targets) == 0 {
			continue
		}
		for _, e := range t.entered(domains[i], r.remembered) {
			set.add(e.state, e.byDefault)
		}
	}
	r.enter(set.sorted())
	return nil
}

// exit leaves the active states inside the domains, innermost and last first. What history states are to remember of
// them is noted before any is left.
func (r *run) exit(domains []*State) {
	for i := range r.active {
		if s := r.active[i].state; len(s.history) > 0 && s.isInsideAny(domains) {
			r.remember(s)
		}
	}
	for at := len(r.active) - 1; at >= 0; at-- {
		a := &r.active[at]
		if !a.state.isInsideAny(domains) {
			continue
		}
		r.actions(a.state.exit)
		if !slices.Contains(r.starting, a.Visit) {
			for _, next := range openWork(a.state, a.Work) {
				r.effects = append(r.effects, Effect{Kind: EffectCancel, State: a.State, Visit: a.Visit, Work: next.ID})
			}
		}
		r.active = slices.Delete(r.active, at, at+1)
	}
}

// remember notes for the history states of s what is active in it: its children, or its leaves.
func (r *run) remember(s *State) {
	if !r.recall {
		r.history, r.recall = maps.Clone(r.history), true
	}
	if r.history == nil {
		r.history = map[string][]string{}
	}
	for _, h := range s.history {
		var paths []string
		for _, a := range r.active {
			if h.Deep && a.state.isLeaf() && a.state.isInside(s) || !h.Deep && a.state.Parent == s {
				paths = append(paths, a.State)
			}
		}
		r.history[h.Path] = paths
	}
}

// remembered returns the states that a history state refers to.
func (r *run) remembered(history *State) ([]*State, bool) {
	paths, ok := r.history[history.Path]
	var states []*State
	for _, path := range paths {
		if s, known := r.chart.byPath[path]; known {
			states = append(states, s)
		}
	}
	return states, ok && len(states) > 0
}

// enter enters states in document order. Active states have not been left: a history state may refer to the source.
func (r *run) enter(entries []entry) {
	for _, e := range entries {
		if r.chart.recalls && r.find(e.state) >= 0 {
			continue
		}
		r.activate(e.state)
		r.actions(e.state.entry)
		if e.byDefault {
			r.actions(e.state.begin)
		}
		if e.state.Kind == Final {
			r.finish(e.state)
		}
	}
	if r.status == Done {
		r.leaveAll()
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

// finish raises the done events that entering a final state brings: of its parent, and of parallel ancestors whose
// regions have all come to an end. The end of the root ends the run.
func (r *run) finish(leaf *State) {
	parent := leaf.Parent
	if parent.Kind == Compound && parent != r.chart.root {
		r.queue = append(r.queue, Event{Type: doneState(parent), ID: r.event.ID})
	}
	above := parent
	if parent.Kind != Parallel {
		above = parent.Parent
	}
	for above != nil && above.Kind == Parallel && r.isDone(above) {
		if above != r.chart.root {
			r.queue = append(r.queue, Event{Type: doneState(above), ID: r.event.ID})
		}
		above = above.Parent
	}
	if above == nil {
		r.status = Done
	}
}

// isDone reports whether an active state has come to its end: a compound one in a final child, a parallel one in all regions.
func (r *run) isDone(s *State) bool {
	switch s.Kind {
	case Compound:
		return slices.ContainsFunc(s.Children, func(child *State) bool { return child.Kind == Final && r.find(child) >= 0 })
	case Parallel:
		return !slices.ContainsFunc(s.Regions(), func(region *State) bool { return !r.isDone(region) })
	}
	return s.Kind == Final && r.find(s) >= 0
}

// leaveAll runs the exit actions of what is active at the end, innermost and last first. The states stay in the
// configuration, so that it shows where the run has ended; none of them waits any longer.
func (r *run) leaveAll() {
	for at := len(r.active) - 1; at >= 0; at-- {
		a := &r.active[at]
		r.actions(a.state.exit)
		for _, next := range openWork(a.state, a.Work) {
			if !slices.Contains(r.starting, a.Visit) {
				r.effects = append(r.effects, Effect{Kind: EffectCancel, State: a.State, Visit: a.Visit, Work: next.ID})
			}
		}
		a.Timers, a.Work = nil, nil
	}
	r.actions(r.chart.root.exit)
}

func (r *run) actions(actions []action) {
	for _, a := range actions {
		a.do(r)
	}
}

// result returns the run's outcome as plain data.
func (r *run) result() Result {
	snapshot := Snapshot{Status: r.status, Visits: r.visits, Active: make([]Activation, len(r.active)), History: r.history}
	for i, a := range r.active {
		snapshot.Active[i] = a.Activation
	}
	slices.Sort(r.changed)
	return Result{Snapshot: snapshot, Context: r.scope.context, Changed: r.changed, Effects: r.effects, Trace: r.trace, Taken: r.taken}
}

// find returns the place of an active state, or -1.
func (r *run) find(s *State) int {
	for i := range r.active {
		if r.active[i].state == s {
			return i
		}
	}
	return -1
}

func (r *run) eventType() string { return r.event.Type }
