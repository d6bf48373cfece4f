package statechart

// Resume evaluates again what follows the end of each active state that has ended: the onDone of its work, then its own. It is for
// a stuck chart whose context has been corrected. Errors: as Step.
func (c *Chart) Resume(snapshot Snapshot, in Input) (Result, error) {
	r := c.newRun(snapshot, in)
	for _, a := range snapshot.Active {
		state := c.byPath[a.State]
		if state == nil || r.find(state) < 0 || len(openWork(state, a.Work)) > 0 {
			continue
		}
		if len(a.Work) == 0 {
			if state.Kind != Atomic && r.isDone(state) {
				r.queue = append(r.queue, Event{Type: doneState(state)})
			}
			continue
		}
		last := state.Invocations[len(state.Invocations)-1]
		r.event, r.taken = Event{Type: "done.invoke." + last.ID, Payload: in.Context[last.ID]}, false
		if err := r.take(r.pick(last.OnDone)); err != nil {
			return Result{}, err
		}
		if !r.taken {
			r.queue = append(r.queue, Event{Type: doneState(state)})
		}
	}
	if err := r.settle(); err != nil {
		return Result{}, err
	}
	return r.result(), nil
}
