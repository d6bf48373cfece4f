package proof

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"pgregory.net/rapid"

	"ballerine/internal/cases"
)

// Four eyes (ADR 27 and 35): where a workflow asks for two people, a decision in favour of a case is kept until somebody else
// takes it, too. One pair of eyes are a person, and all keys whose secrets they may hold.

// careful lets a workflow always ask for two people: what it relies on is work of a state that nobody comes to. People can
// decide in favour of a case wherever it is.
func (a artist) careful(document object) {
	states, _ := document["states"].(object)
	on, _ := document["on"].(object)
	if document["type"] == "parallel" || a.oneIn(4) {
		return
	}
	states["granted"] = object{"id": "granted", "type": "final", "tags": []any{"approved"}}
	for _, event := range []string{"approve", "accept"} {
		by := rapid.SampledFrom([]any{reviewer, approver, []any{reviewer, approver}}).Draw(a.t, "by")
		on[event] = []any{object{"target": "#granted", "by": by}}
	}
	states["nowhere"] = object{"invoke": object{"src": "document", "id": "never"}}
	document["review"] = object{"four_eyes": "low", "checks": []any{"never"}}
	for _, name := range slices.Sorted(maps.Keys(states)) {
		if state, _ := states[name].(object); state["type"] == "final" && state["tags"] == nil && a.oneIn(2) {
			state["tags"] = []any{"rejected"}
		}
	}
}

// favours reports whether a decision was in favour of a case. The charts of the artist go from everywhere to everywhere (GO_…).
func (b *book) favours(event string, was, is cases.Record) bool {
	if event == "approve" || slices.Contains(is.Tags, "approved") && !slices.Contains(was.Tags, "approved") {
		return true
	}
	before := b.active(was)
	moves := slices.ContainsFunc(b.active(is), func(p *place) bool { return !slices.Contains(before, p) })
	return moves && b.endsWell()
}

// endsWell reports whether a case can end, and only in its favour, wherever it is.
func (b *book) endsWell() bool {
	ends, against := 0, 0
	for _, p := range b.places {
		if p.kind == "final" && p.above == b.places[0] {
			ends++
			if p.tagged("rejected") {
				against++
			}
		}
	}
	return ends > 0 && against == 0
}

// partner is a second admin, whose keys are other eyes than those of the first.
func (o *office) partner(t complaint) *actor {
	a := &actor{caller: user(o.world.tenant, "user_partner", "admin"), role: "admin"}
	o.actors = append(o.actors, a)
	o.world.call(t, a.caller, "GET", "/v1/me", "")
	return a
}

// eyes are all who may hold what somebody decides with, and the person that they name.
func (o *office) eyes(id, person string) []string {
	found := []string{id}
	if person != "" {
		found = append(found, person)
	}
	for i := 0; i < len(found); i++ {
		a := o.find(found[i])
		if a == nil {
			continue // a person whom a key has named
		}
		for _, hand := range a.hands {
			if !slices.Contains(found, hand) {
				found = append(found, hand)
			}
		}
	}
	return found
}

// onePair reports whether a decision would confirm what the same pair of eyes has proposed.
func (w *walk) onePair(s shot, r cases.Record) bool {
	p := r.Proposed
	return s.op == "decideCase" && w.world.bookOf(r).careful && p != nil && p.Event == s.event && shares(w.office.eyes(p.By.ID, p.By.For), w.office.eyes(s.who.principal.ID, w.behalf(s)))
}

// supplying are the calls by which a person supplies data of a case for its applicant.
var supplying = map[string]bool{"sendEvent": true, "saveContext": true, "announceDocument": true}

// supplied reports whether one pair of eyes has supplied data of a case, up to a version: as a person, wherever the case was, by an
// applicant's link that the person has made, or as the result of work.
func (w *walk) supplied(s shot, version int) bool {
	eyes := w.office.eyes(s.who.principal.ID, w.behalf(s))
	for at := 1; at <= version; at++ {
		if slices.Contains(eyes, w.supplier(w.world.store.entry(s.id, at))) {
			return true
		}
	}
	return false
}

// supplier is whose data an entry has brought; "" for nobody's.
func (w *walk) supplier(entry cases.Entry) string {
	a := w.office.find(entry.Actor.ID)
	if a == nil {
		return ""
	}
	brings := entry.Cause == cases.CauseStarted || entry.Cause == cases.CauseEvent || entry.Cause == cases.CauseContext || entry.Cause == cases.CauseDocument
	_, corrected := entry.Details["patch"]
	switch {
	case entry.Cause == cases.CauseIncidentResolved && entry.Details["resolution"] == "skipped":
		return entry.Actor.ID
	case !brings && (entry.Cause != cases.CauseIncidentResolved || !corrected):
		return ""
	case a.isPerson():
		return entry.Actor.ID
	case a.id != "" && a.inviter != nil && a.inviter.isPerson():
		return a.inviter.principal.ID
	}
	return ""
}

// mayHaveSupplied is supplied with what came with the case's parent, and with whoever may hold the key of a result by hand.
func (w *walk) mayHaveSupplied(s shot, version int) bool {
	if w.supplied(s, version) {
		return true
	}
	r := w.world.store.at(s.id, version)
	return shares(w.office.eyes(s.who.principal.ID, w.behalf(s)), r.Suppliers) && (r.Parent != nil || slices.ContainsFunc(slices.Collect(maps.Values(w.claimed[s.id])), func(op string) bool { return op == "skipIncident" }))
}

// takesOthers reports whether a call may be refused because it takes somebody else.
func (w *walk) takesOthers(s shot, version int) bool {
	r := w.world.store.at(s.id, version)
	switch s.op {
	case "decideCase":
		return w.onePair(s, r) || w.mayHaveSupplied(s, version)
	case "decideDocument":
		return s.decision == "approved" && w.mayHaveSupplied(s, version)
	case "skipIncident":
		return w.mayHaveSupplied(s, version) || w.world.bookOf(r).mayEndWell()
	case "retryIncident":
		return s.n >= 0 && w.world.bookOf(r).mayEndWell()
	case "saveContext", "sendEvent":
		return s.who.isPerson() && slices.Contains(r.Tags, "manual_review") && w.world.bookOf(r).mayEndWell()
	}
	return false
}

// mayEndWell reports whether a case can come to where it only ends in its favour.
func (b *book) mayEndWell() bool {
	return slices.ContainsFunc(b.places, func(p *place) bool { return p.tagged("approved") }) || !slices.ContainsFunc(b.places, func(p *place) bool { return p.tagged("rejected") })
}

// proposal is the entry of the history that a decision on this version confirms: nothing but notes and links has come since, or what
// was taken back.
func (w *walk) proposal(id, event string, version int) (at int, found bool) {
	for at = version; at > 1; at-- {
		switch entry := w.world.store.entry(id, at); entry.Cause {
		case cases.CauseNote, cases.CauseFlowToken:
		case cases.CauseProposed:
			return at, entry.Event == event
		case cases.CauseUndone:
			undo := w.world.store.at(id, at-1).Undo
			if undo == nil { // the proposal itself
				return 0, false
			}
			at = undo.Version
		default:
			return 0, false
		}
	}
	return 0, false
}

// decided is what must be so after a decision: one in favour of a case is the second, by other eyes, on the case as the first
// have seen it.
func (w *walk) decided(s shot, version int) {
	w.t.Helper()
	was, is, entry := w.world.store.at(s.id, version-1), w.world.store.at(s.id, version), w.world.store.entry(s.id, version)
	book := w.world.bookOf(was)
	first, confirms := w.proposal(s.id, s.event, version-1)
	wrong := func(what string) {
		w.t.Helper()
		found, _ := w.world.library.find(w.world.tenant, was.Workflow)
		w.t.Fatalf("%s: version %d of %s, %s by %s for %q, whose eyes are %v; proposed at %d (%v): %+v\n%s",
			what, version, s.id, entry.Cause, s.who.name, s.person, w.office.eyes(s.who.principal.ID, w.behalf(s)), first, confirms, was.Proposed, found.source())
	}
	if (entry.Cause == cases.CauseProposed || book.favours(s.event, was, is)) && w.supplied(s, version-1) {
		wrong("who has supplied the data has decided in favour of the case")
	}
	if entry.Cause == cases.CauseProposed {
		switch {
		case !book.careful:
			wrong("one person is enough")
		case !same(was, is):
			wrong("a proposal has changed the case")
		case confirms:
			wrong("the same is proposed again")
		case is.Proposed == nil || is.Proposed.Event != s.event || is.Proposed.By != entry.Actor:
			wrong("the proposal is not kept")
		}
		w.tally["proposed"]++
		return
	}
	if is.Proposed != nil {
		wrong("the proposal is still there")
	}
	if !book.careful || !book.favours(s.event, was, is) {
		return
	}
	if !confirms {
		wrong("one person alone has decided in favour of the case")
	}
	by := w.world.store.entry(s.id, first).Actor
	if shares(w.office.eyes(by.ID, by.For), w.office.eyes(s.who.principal.ID, w.behalf(s))) {
		wrong("one pair of eyes has decided in favour of the case")
	}
	if !same(w.world.store.at(s.id, first), was) {
		wrong("the case is another than what was proposed about")
	}
	w.tally["confirmed"]++
}

// same reports whether a case stands as it did, whatever was noted meanwhile.
func same(a, b cases.Record) bool {
	return a.Status == b.Status && a.Workflow == b.Workflow && fmt.Sprint(a.Snapshot) == fmt.Sprint(b.Snapshot) && fmt.Sprint(a.Context) == fmt.Sprint(b.Context) && reflect.DeepEqual(a.Documents, b.Documents)
}

// confirm lets somebody decide what is proposed, or propose something first: perhaps with a key that who has proposed it has
// taken over.
func (w *walk) confirm() {
	id := draw(w, "case", w.live...)
	if w.world.store.at(id, 0).Proposed == nil {
		w.fire(w.aimed("decideCase", id))
	}
	for range 3 {
		r := w.world.store.at(id, 0)
		if r.Proposed == nil {
			return
		}
		s := w.aimed("decideCase", id)
		s.event, s.seen = r.Proposed.Event, r.Version
		if first := w.office.find(r.Proposed.By.ID); w.upTo(2, "their key") == 0 {
			s.who, s.old = draw(w, "key", w.keys()...), false
			w.office.rotate(w.t, first, false, s.who)
			s.person, s.reason = "person_3", "checked"
		}
		w.fire(s)
	}
}

// undone is what must be so after a decision, or a proposal, was taken back.
func (w *walk) undone(id string, version int) {
	w.t.Helper()
	was, is := w.world.store.at(id, version-1), w.world.store.at(id, version)
	if was.Undo == nil {
		if is.Proposed != nil || !same(was, is) {
			w.t.Fatalf("a proposal was taken back: %+v, and it was %+v", is, was)
		}
		w.tally["withdrawn"]++
		return
	}
	then := w.world.store.at(id, was.Undo.Version-1)
	if fmt.Sprint(is.Snapshot) != fmt.Sprint(then.Snapshot) || is.Status != cases.StatusActive || fmt.Sprint(is.Context) != fmt.Sprint(then.Context) || !reflect.DeepEqual(is.Proposed, then.Proposed) {
		w.t.Fatalf("undone: %+v, and it was %+v", is, then)
	}
}
