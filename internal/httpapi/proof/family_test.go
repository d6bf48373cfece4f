package proof

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/statechart"
)

// Cases of a random workflow start cases of another one, which report to them (ADR 18).

// breeding lets some of the work start cases of another workflow, whose reports may move the case.
func (a artist) breeding(document object) {
	on, _ := document["on"].(object)
	states, _ := document["states"].(object)
	if document["type"] != "parallel" {
		states["family"] = object{"id": "family", "onDone": []any{object{"target": "#s1"}}, "invoke": []any{object{"parallel": []any{
			object{"src": "children", "id": "kin", "input": kin("all")}, object{"src": "children", "id": "kith", "input": kin("any")},
		}}}}
		on["GO_family"] = []any{object{"target": "#family", "by": client}}
		// What a child of kith reports may lead in a circle: such a report is held, and so are those behind it.
		states["circle"] = object{"id": "circle", "always": []any{object{"guard": "n > 500", "target": "#round"}}}
		states["round"] = object{"id": "round", "always": []any{object{"guard": "n > 500", "target": "#circle"}}}
		on["child.kith"] = []any{object{"guard": "event.payload.status == 'completed' && n > 500", "target": "#circle"}}
		on["child.kin"] = []any{object{"guard": "event.payload.status == 'completed' && n < 500", "target": "#family", "reenter": true}}
	}
	a.breeds(document, on)
}

// bred is the workflow of the children.
func (artist) bred(document object) {
	on, _ := document["on"].(object)
	states, _ := document["states"].(object)
	if document["type"] != "parallel" {
		states["grown"] = object{"id": "grown", "type": "final"}
		on["GO_grown"] = []any{object{"target": "#grown", "by": client}}
	}
	document["id"] = "random_child"
}

// kin is what starts a child.
func kin(until string) object {
	input := object{"workflow": "random_child", "context": object{"n": "n"}}
	if until != "" {
		input["until"] = until
	}
	return input
}

func (a artist) breeds(state, on object) {
	stages, _ := state["invoke"].([]any)
	for _, stage := range stages {
		stage, _ := stage.(object)
		works := []any{stage}
		if parallel, ok := stage["parallel"].([]any); ok {
			works = parallel
		}
		for _, work := range works {
			work, _ := work.(object)
			if !a.oneIn(4) {
				continue
			}
			work["src"], work["input"] = "children", kin(rapid.SampledFrom([]string{"", "all", "any"}).Draw(a.t, "until"))
			if a.oneIn(4) {
				on["child."+fmt.Sprint(work["id"])] = []any{object{"guard": "event.payload.status == 'completed'", "target": "#s1"}}
			}
		}
	}
	inner, _ := state["states"].(object)
	for _, name := range slices.Sorted(maps.Keys(inner)) {
		child, _ := inner[name].(object)
		a.breeds(child, on)
	}
}

// among lets the system do something to any cases, and takes in those that it has started.
func (w *walk) among(do func()) {
	w.t.Helper()
	before := map[string]int{}
	for id := range w.claimed {
		before[id] = w.world.store.at(id, 0).Version
	}
	do()
	for _, id := range w.world.all() {
		r := w.world.store.at(id, 0)
		for version := before[id] + 1; version <= r.Version; version++ {
			if entry := w.world.store.entry(id, version); entry.Actor.Kind != string(identity.System) {
				w.t.Fatalf("version %d of %s is not the system's: %+v", version, id, entry)
			}
			if w.claimed[id] == nil { // a child
				w.tally["child started"]++
				w.take(id)
			}
			w.claimed[id][version] = "the system"
		}
	}
}

// bears reports whether work starts children.
func (w *walk) bears(id string, work statechart.Doing) bool {
	r := w.world.store.at(id, 0)
	kept, _ := w.world.library.find(r.Tenant, r.Workflow)
	where, _ := kept.wf.Chart.State(work.State)
	invocation, _ := where.Invocation(work.Work)
	return invocation.Source == "children"
}

// found has a case start children, and has it go where it does so first.
func (w *walk) found() {
	id := draw(w, "case", w.live...)
	if group, _ := w.world.store.at(id, 0).Context["children"].(object); len(group) == 0 || w.upTo(4, "again") == 0 {
		w.travel(id, "family")
	}
	theirs := slices.DeleteFunc(w.world.doing(id), func(work statechart.Doing) bool { return !w.bears(id, work) })
	if len(theirs) > 0 {
		w.bear(id, draw(w, "work", theirs...))
	}
	if w.upTo(1, "an end") == 0 {
		w.grow()
	}
	if w.upTo(1, "told") == 0 {
		w.messenger()
	}
}

// travel has a key send a case somewhere.
func (w *walk) travel(id, state string) {
	s := w.aimed("sendEvent", id)
	s.who, s.old, s.event, s.once = w.keys()[0], false, "GO_"+state, ""
	if w.upTo(4, "by somebody else") == 0 {
		s.who = draw(w, "key", w.keys()...)
	}
	w.fire(s)
}

// grow has a child come to an end, where there is one.
func (w *walk) grow() {
	children := slices.DeleteFunc(slices.Clone(w.live), func(id string) bool {
		r := w.world.store.at(id, 0)
		return r.Parent == nil || r.Status != cases.StatusActive
	})
	if len(children) == 0 {
		return
	}
	id := draw(w, "child", children...)
	var ends []string
	book := w.world.bookOf(w.world.store.at(id, 0))
	for _, p := range book.places {
		if p.kind == "final" && p.above == book.places[0] && p.path != "granted" {
			ends = append(ends, p.path)
		}
	}
	if len(ends) == 0 {
		w.fire(w.aimed("cancelCase", id))
		return
	}
	w.travel(id, draw(w, "end", ends...))
}

// bear starts the children of work.
func (w *walk) bear(id string, work statechart.Doing) {
	r := w.world.store.at(id, 0)
	kept, _ := w.world.library.find(r.Tenant, r.Workflow)
	where, _ := kept.wf.Chart.State(work.State)
	invocation, _ := where.Invocation(work.Work)
	job := cases.Job{Branch: cases.Branch{Tenant: r.Tenant, Case: id}, Record: r, Workflow: kept.wf, State: work.State, Visit: work.Visit, Round: work.Round, Invocation: invocation}
	w.among(func() {
		outcome, err := w.world.cases.StartChildren(background(), job)
		if fine := w.world.settled(w.t, err); fine && w.upTo(3, "cut off") > 0 {
			w.world.finishWith(w.t, id, work, outcome)
		}
	})
}

// message is a report of a child, or what calls children off.
type message struct {
	cases.Effect
	at string
}

// messages are those that no later commit has dropped, and that are due.
func (w *walk) messages() (due []message) {
	w.world.store.mutex.Lock()
	defer w.world.store.mutex.Unlock()
	dropped := map[string]bool{}
	for _, changes := range w.world.store.changes {
		for _, change := range changes {
			for _, effect := range change.Dropped {
				dropped[effect.ID()] = true
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.world.store.changes)) {
		for _, change := range w.world.store.changes[id] {
			for _, effect := range change.Effects {
				mine := effect.Kind == cases.EffectReport || effect.Kind == cases.EffectCancel
				if mine && !dropped[effect.ID()] && !effect.NotBefore.After(w.world.now()) {
					due = append(due, message{effect, effect.ID()})
				}
			}
		}
	}
	return due
}

// deliver lets a message arrive; one for which it is too early comes again.
func (w *walk) deliver(m message) {
	w.t.Helper()
	w.among(func() {
		var err error
		if m.Kind == cases.EffectReport {
			err = w.world.cases.Reported(background(), m.Effect)
		} else {
			err = w.world.cases.CancelChildren(background(), m.Tenant, m.Cancels()...)
		}
		switch {
		case err == nil:
			w.delivered[m.at] = true
			if m.Kind == cases.EffectReport && w.holds(m.Name) {
				w.tally["report held"]++
			}
		case strings.Contains(err.Error(), "can still be undone"):
		default:
			w.t.Fatalf("a message to a case cannot be delivered: %v", err)
		}
	})
}

// holds reports whether a case holds a report back that it could not follow.
func (w *walk) holds(id string) bool {
	return slices.ContainsFunc(w.world.store.at(id, 0).Incidents, func(i cases.Incident) bool { return strings.HasPrefix(i.Event, "child.") })
}

// messenger delivers some messages, in any order, some of them again.
func (w *walk) messenger() {
	for range 1 + w.upTo(2, "messages") {
		all := w.messages()
		fresh := slices.DeleteFunc(slices.Clone(all), func(m message) bool { return w.delivered[m.at] })
		switch {
		case len(fresh) > 0 && w.upTo(4, "again") > 0:
			w.deliver(draw(w, "message", fresh...))
		case len(all) > 0:
			w.deliver(draw(w, "message", all...))
		}
	}
}

// families checks parents against their children once every message has arrived: the end of a child is reported once, and who goes
// on is waited for.
func (w *walk) families() {
	w.t.Helper()
	w.world.clock.Add(int64(cases.MaxUndo) * 2)
	for range 20 {
		for _, m := range w.messages() {
			if !w.delivered[m.at] {
				w.deliver(m)
			}
		}
	}
	for id := range w.claimed {
		child := w.world.store.at(id, 0)
		if child.Parent == nil {
			continue
		}
		parent := w.world.store.at(child.Parent.Case, 0)
		ends := w.ends(parent, id)
		group, _ := parent.Context["children"].(object)
		one, _ := group[child.Parent.Work].(object)
		known, _ := one["cases"].(object)
		seen, mine := known[id].(object)
		knows := seen["status"]
		waits := mine && one["dropped"] != true && parent.Status != cases.StatusCancelled
		if held, ok := seen["held"].(object); ok { // it has reported, and the report is not delivered yet
			if knows = held["status"]; waits && !w.holds(parent.ID) {
				w.t.Fatalf("a report of %s is held, and no incident says so: %v", id, seen)
			}
		}
		switch {
		case ends > 1:
			w.t.Fatalf("the end of %s was reported %d times", id, ends)
		case child.Status == cases.StatusActive && !waits:
			w.t.Fatalf("%s goes on, and nobody waits for it: %+v in %v", id, child.Parent, one)
		case child.Status == cases.StatusActive && w.abandoned(parent, *child.Parent):
			w.t.Fatalf("%s goes on, and what has started it was left before it ended: %+v", id, child.Parent)
		case waits && parent.Status == cases.StatusActive && knows != string(child.Status):
			w.t.Fatalf("%s is %s, and its parent knows %v", id, child.Status, seen)
		case waits && parent.Status == cases.StatusActive && child.Status != cases.StatusActive && ends != 1:
			w.t.Fatalf("%s is %s, which was reported %d times", id, child.Status, ends)
		}
		w.tally["child "+string(child.Status)]++
	}
}

// abandoned reports whether somebody, or a deadline, has taken a case out of the state that has started a child, before its work had
// ended.
func (w *walk) abandoned(parent cases.Record, by cases.Parent) bool {
	for version := parent.Version; version > 0; version-- {
		for _, a := range w.world.store.at(parent.ID, version).Snapshot.Active {
			if a.State != by.State || a.Visit != by.Visit {
				continue
			}
			open := slices.ContainsFunc(a.Work, func(work statechart.Work) bool {
				return work.ID == by.Work && work.Status != statechart.WorkDone && work.Status != statechart.WorkFailed
			})
			return open && version < parent.Version &&
				slices.Contains([]cases.Cause{cases.CauseEvent, cases.CauseDecision, cases.CauseTimer}, w.world.store.entry(parent.ID, version+1).Cause)
		}
	}
	return false
}

// ends is how often the history of a case records the end of a child.
func (w *walk) ends(parent cases.Record, child string) (told int) {
	for version := 1; version <= parent.Version; version++ {
		entry := w.world.store.entry(parent.ID, version)
		if strings.HasPrefix(entry.Event, "child.") && entry.Actor.Kind != string(identity.System) {
			w.t.Fatalf("%s was moved by %s of %+v", parent.ID, entry.Event, entry.Actor)
		}
		reports, _ := entry.Details["reports"].([]any)
		for _, report := range reports {
			if report, _ := report.(object); report["case"] == child && report["status"] != string(cases.StatusActive) {
				told++
			}
		}
	}
	return told
}
