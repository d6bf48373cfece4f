package statechart

import (
	"slices"
	"strings"
)

func isOutcome(event string) bool {
	return strings.HasPrefix(event, "done.invoke.") || strings.HasPrefix(event, "error.invoke.")
}

// outcome applies a task's result or error to the work that it belongs to.
func (r *run) outcome(event Event) error {
	kind, id, _ := strings.Cut(strings.TrimPrefix(event.Type, "done."), "invoke.")
	failed := kind != "" // "error."
	at, work := r.findWork(id, event)
	if at < 0 || !isOpen(r.active[at].state, r.active[at].Work, work) {
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
	r.assign([]string{id}, event.Payload)
	return r.ended(state, visit, invocation, func() error {
		if err := r.take(r.pick(invocation.OnDone)); err != nil || r.taken {
			return err
		}
		chosen, _ := r.choose(event.Type)
		return r.take(chosen)
	})
}

// failed looks for the chart's reaction to the failure: the work's own onError, then the state's. Without one the work
// is an incident.
func (r *run) failed(state *State, visit int, invocation *Invocation, work *Work) error {
	chosen := r.pick(invocation.OnError)
	if chosen == nil {
		if chosen, _ = r.choose(r.event.Type); chosen == nil {
			chosen = r.pick(state.byEvent[errorWork(state)])
		}
	}
	if chosen == nil {
		work.Status = WorkIncident
		return nil
	}
	work.Status = WorkFailed
	if chosen[0].Continues {
		r.assign([]string{invocation.ID}, failureOf(r.event))
	}
	return r.ended(state, visit, invocation, func() error { return r.take(chosen) })
}

// failureOf replaces a result when the chart continues without one: {error: code}. A former result must not stay there,
// and rules and guards may read no other details of the failure.
func failureOf(event Event) map[string]any {
	payload, _ := event.Payload.(map[string]any)
	code, _ := payload["error"].(string)
	if code == "" {
		code = "failed"
	}
	return map[string]any{"error": code}
}

// ended takes what follows the end of a piece of work. When its stage has ended with it, the next one starts; when all
// has, the state's own done event is raised.
func (r *run) ended(state *State, visit int, invocation *Invocation, follow func() error) error {
	at := r.find(state)
	open := openWork(state, r.active[at].Work)
	if len(open) == 0 || stageOf(state, open[0].ID) > invocation.Stage {
		r.starting = append(r.starting, visit)
	}
	if err := follow(); err != nil {
		return err
	}
	if at = r.find(state); at < 0 || r.active[at].Visit != visit || len(openWork(state, r.active[at].Work)) > 0 {
		return nil // settle starts what is next
	}
	r.queue = append(r.queue, Event{Type: doneState(state), ID: r.event.ID})
	return nil
}

// own gives the activation its own copy of its work, so that the input snapshot is not changed.
func (r *run) own(at int) { r.active[at].Work = slices.Clone(r.active[at].Work) }

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

func stageOf(s *State, id string) int {
	if i, ok := s.Invocation(id); ok {
		return i.Stage
	}
	return 0
}

// openWork is the work that is to be done now: what has not ended of the first stage that has not. It is a part of work.
func openWork(s *State, work []Work) []Work {
	first := slices.IndexFunc(work, func(w Work) bool { return !ended(w.Status) })
	if first < 0 {
		return nil
	}
	stage := stageOf(s, work[first].ID)
	if first+1 == len(work) || stageOf(s, work[first+1].ID) != stage {
		return work[first : first+1] // one at a time, as most states do
	}
	var open []Work
	for _, w := range work[first:] {
		if stageOf(s, w.ID) == stage && !ended(w.Status) {
			open = append(open, w)
		}
	}
	return open
}

// isOpen reports whether the work is to be done now.
func isOpen(s *State, work []Work, one *Work) bool {
	return one != nil && !ended(one.Status) && slices.ContainsFunc(openWork(s, work), func(w Work) bool { return w.ID == one.ID })
}
