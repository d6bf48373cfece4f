package proof

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/statechart"
)

// walk is everybody calling for a while about some cases of a random workflow that has two versions.
type walk struct {
	t       *rapid.T
	world   *world
	office  *office
	live    []string                  // cases that can be called about
	claimed map[string]map[int]string // by case and version: which call has written it
	calls   map[string]keyedCall      // by operation, caller and key
	sent    map[string]bool           // the same, with the request
	held    map[string]keyedCall      // by calls that met a conflict: only the same call may come again under its key

	asked map[string][]asked // what vendors were asked, by case
	taken map[string]bool    // tokens of the callbacks that have ended work

	delivered map[string]bool // messages between parents and children

	answered map[string]keyedCall // by the newest calls
	tally    map[string]int       // answers, by operation and code
}

func (s *spy) entry(id string, version int) cases.Entry {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.changes[id][version-1].Entry
}

func draw[T any](w *walk, label string, from ...T) T {
	return rapid.SampledFrom(from).Draw(w.t, label)
}

func (w *walk) upTo(n int, label string) int { return rapid.IntRange(0, n).Draw(w.t, label) }

// steps are what can happen; each is named by the operation that it calls, or by what happens otherwise.
func (w *walk) steps() map[string]func() {
	steps := map[string]func(){
		"startCase": w.begin, "createFlowToken": w.invite, "getCase": w.look, "getFlowCase": w.look,
		"createKey": func() {
			a, old := w.anybody()
			scopes := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{
				"*", "cases:read", "cases:write", "cases:decide", "cases:approve", "cases:operate", "cases:migrate", "cases:repair", "flow_tokens:create", "keys:write",
			}), 0, 6, rapid.ID).Draw(w.t, "scopes")
			w.office.createKey(w.t, a, old, scopes)
		},
		"rotateKey": func() {
			if a, old := w.anybody(); len(w.keys()) > 0 {
				w.office.rotate(w.t, a, old, draw(w, "key", w.keys()...))
			}
		},
		"revokeKey": func() {
			if a, old := w.anybody(); len(w.keys()) > 0 && w.upTo(3, "really") == 0 {
				w.office.revoke(w.t, a, old, draw(w, "key", w.keys()...))
			}
		},
		"a role is lost": func() {
			w.office.promote(w.t, draw(w, "person", w.people()...), draw(w, "role", "admin", "manager", "reviewer", "developer", "auditor"))
		},
		"undoDecision": func() {
			id := draw(w, "case", w.live...)
			if r := w.world.store.at(id, 0); r.Undo == nil && r.Proposed == nil {
				s := w.aimed("decideCase", id)
				s.undo = 8
				w.fire(s)
			}
			w.fire(w.aimed("undoDecision", id))
		},
		"undoDocumentDecision": func() {
			id := draw(w, "case", w.live...)
			if r := w.world.store.at(id, 0); len(r.DocumentUndos) == 0 && len(r.Documents) > 0 {
				s := w.aimed("decideDocument", id)
				s.undo = 8
				w.fire(s)
			}
			w.fire(w.aimed("undoDocumentDecision", id))
		},
		"cancelCase": func() {
			if w.upTo(3, "really") == 0 {
				w.fire(w.aimed("cancelCase", draw(w, "case", w.live...)))
			}
		},
		"somebody confirms":    w.confirm,
		"children are started": w.found, "a child ends": w.grow, "reports arrive": w.messenger, "a vendor is asked": w.ask, "receiveCallback": w.callBack, "work ends": w.work, "time passes": w.wait, "an upload arrives": w.arrive,
		"all at once": func() {
			id := draw(w, "case", w.live...)
			shots := make([]shot, 2+w.upTo(2, "more"))
			for i := range shots {
				shots[i] = w.aim(id)
			}
			if w.upTo(2, "twice") == 0 {
				shots = append(shots, shots[0])
			}
			w.fire(shots...)
		},
	}
	for op := range causes {
		if steps[op] != nil {
			continue
		}
		steps[op] = func() {
			id := draw(w, "case", w.live...)
			if strings.HasSuffix(op, "Incident") {
				id = w.failed(id)
			}
			w.fire(w.aimed(op, id))
		}
	}
	return steps
}

func TestEveryWalkedOperationIsAStep(t *testing.T) {
	steps := (&walk{}).steps()
	for op := range walked {
		if steps[op] == nil {
			t.Errorf("no step calls %s", op)
		}
	}
}

// anybody who calls, perhaps with a secret that was rotated away.
func (w *walk) anybody() (*actor, bool) {
	a := draw(w, "who", w.office.actors...)
	return a, a.former != "" && w.upTo(1, "old") == 0
}

func (w *walk) keys() []*actor {
	return slices.DeleteFunc(slices.Clone(w.office.actors), func(a *actor) bool { return !a.isKey() })
}

func (w *walk) people() []*actor {
	return slices.DeleteFunc(slices.Clone(w.office.actors), func(a *actor) bool { return !a.isPerson() })
}

// aim draws a call about a case.
func (w *walk) aim(id string) shot {
	return w.aimed(draw(w, "call", slices.Sorted(maps.Keys(causes))...), id)
}

// aimed draws a call of an operation: more often than not by somebody who may make it, with something that does something.
func (w *walk) aimed(op, id string) shot {
	r := w.world.store.at(id, 0)
	s := shot{op: op, id: id, n: -1}
	if op == "receiveCallback" {
		w.callback(&s)
		return s
	}
	s.who, s.old = w.caller(s)
	if strings.HasPrefix(op, "announce") || op == "addNote" || strings.HasPrefix(op, "send") && w.upTo(2, "once") == 0 {
		s.once = draw(w, "key", "a", "b", w.world.newID("once"))
	}
	switch op {
	case "sendEvent", "sendFlowEvent", "decideCase":
		s.event = w.event(s, r)
	}
	switch op {
	case "decideCase", "decideDocument", "undoDecision", "undoDocumentDecision", "cancelCase":
		if s.seen = r.Version; w.upTo(5, "seen") == 0 {
			s.seen = draw(w, "another version", r.Version-1, r.Version+1, 0)
		}
	}
	switch op {
	case "decideCase", "decideDocument":
		w.decision(&s, r)
	case "undoDocumentDecision":
		w.takenBack(&s, r)
	case "undoDecision":
		switch own := w.upTo(3, "their own") > 0; {
		case own && r.Undo != nil:
			s.who, s.old = w.office.find(r.Undo.By.ID), false
		case own && r.Proposed != nil:
			s.who, s.old = w.office.find(r.Proposed.By.ID), false
		}
	case "saveContext", "saveFlowContext":
		s.n = w.upTo(1000, "n")
	case "retryIncident", "skipIncident":
		s.incident = "inc_none"
		if len(r.Incidents) > 0 {
			s.incident = draw(w, "incident", r.Incidents...).ID
		}
		s.result = draw(w, "result by hand", passed, counted)
		if w.upTo(1, "with data") == 0 {
			s.n = w.upTo(1000, "n")
		}
	case "migrateCases":
		s.to, s.dry = 1+w.upTo(1, "to"), w.upTo(3, "dry") == 0
	}
	return s
}

func (w *walk) caller(s shot) (*actor, bool) {
	if s.isFlow() && w.upTo(7, "by the right door") > 0 {
		return w.applicantOf(s.id), false
	}
	var able []*actor
	for _, a := range w.office.actors {
		if s.who = a; w.office.admitted(s) == "" && (a.id == "" || a.id == s.id) {
			able = append(able, a)
		}
	}
	if len(able) > 0 && w.upTo(4, "somebody able") > 0 {
		return draw(w, "who", able...), false
	}
	a, old := w.anybody()
	if s.isFlow() && a.id != "" && a.id != s.id { // it would be about another case
		return w.applicantOf(s.id), false
	}
	return a, old
}

func (w *walk) event(s shot, r cases.Record) string {
	book := w.world.bookOf(r)
	var able []string
	who := w.sendsNow(s, r)
	if s.op == "decideCase" {
		who = w.decides(s)
	}
	for _, event := range book.events() {
		if book.may(r, who, event) {
			able = append(able, event)
		}
	}
	if len(able) > 0 && w.upTo(3, "able") > 0 {
		return draw(w, "event", able...)
	}
	return draw(w, "event", append(append(book.events(), "child.kin", "child.w1"), book.known(r)...)...)
}

func (w *walk) decision(s *shot, r cases.Record) {
	s.reason, s.decision = "checked", draw(w, "decision", "approved", "rejected", "revision")
	if s.who.isKey() != (w.upTo(9, "the other way") == 0) {
		s.person = draw(w, "person", "person_1", "person_2", "user_admin", "user_manager")
	}
	if s.who.isKey() && w.upTo(9, "no reason") == 0 {
		s.reason, s.decision = "", "approved"
	}
	s.undo = draw(w, "undo", 0, 8, 30)
	s.document = "doc_none"
	if len(r.Documents) > 0 {
		s.document = draw(w, "document", r.Documents...).ID
	}
}

// takenBack is which decision about a document is taken back, and mostly by whom it was made.
func (w *walk) takenBack(s *shot, r cases.Record) {
	s.document = "doc_none"
	if len(r.Documents) > 0 {
		s.document = draw(w, "document", r.Documents...).ID
	}
	if len(r.DocumentUndos) > 0 && w.upTo(3, "a live one") > 0 {
		undo := draw(w, "undo", r.DocumentUndos...)
		s.document = undo.Document
		if w.upTo(3, "their own") > 0 {
			s.who, s.old = w.office.find(undo.By.ID), false
		}
	}
}

// applicantOf is the newest applicant of a case.
func (w *walk) applicantOf(id string) *actor {
	var found *actor
	for _, a := range w.office.actors {
		if a.id == id {
			found = a
		}
	}
	return found
}

// begin starts a case.
func (w *walk) begin() {
	a, old := w.anybody()
	want := w.office.admitted(shot{op: "startCase", who: a, old: old})
	body := object{"workflow": "random", "subject": object{"type": "individual"}, "context": object{"n": w.upTo(1000, "n")}}
	got := w.world.call(w.t, a.as(old), "POST", "/v1/cases", string(written(body)), "Idempotency-Key", w.world.newID("once"))
	if got.code == "livelock" && want == "" {
		return
	}
	if got.code != want {
		w.t.Fatalf("a case is started by %s (%s): %v, want %q", a.name, a.role, got, want)
	}
	if want == "" {
		w.take(fmt.Sprint(got.body["id"]))
	}
}

// take lets a case be called about, with a token for its applicant.
func (w *walk) take(id string) {
	w.live, w.claimed[id] = append(w.live, id), map[int]string{1: "startCase"}
	w.token(w.office.actors[0], false, id, "")
}

func (w *walk) invite() {
	a, old := w.anybody()
	w.token(a, old, draw(w, "case", w.live...), w.office.admitted(shot{op: "createFlowToken", who: a, old: old}))
}

// token makes a token for the applicant of a case; of the first by an admin, whatever that person is now.
func (w *walk) token(a *actor, old bool, id, want string) {
	who, inviter := a.as(old), a
	if a == w.office.actors[0] && want == "" {
		inviter = nil
		who = user(w.world.tenant, "user_inviting", "admin")
	}
	before := w.world.store.at(id, 0).Version
	got := w.world.call(w.t, who, "POST", "/v1/cases/"+id+"/flow-tokens", `{"expires_in":7200}`, "Idempotency-Key", w.world.newID("once"))
	if got.code != want {
		w.t.Fatalf("a token by %s (%s): %v, want %q", a.name, a.role, got, want)
	}
	w.noted(who, id, before, want == "" && who.principal.Kind == identity.User)
	if want != "" {
		return
	}
	text := fmt.Sprint(got.body["token"])
	p, _, err := w.world.tokens.ReadFlow(text)
	if err != nil {
		w.t.Fatalf("%v", err)
	}
	w.office.actors = append(w.office.actors, &actor{caller: caller{name: "applicant " + p.ID, bearer: text, principal: p}, id: id, expires: w.world.now().Add(2 * time.Hour), inviter: inviter})
}

// noted checks what a call for a token has written against what it may write: one entry when a person has made one, which changes
// nothing of the case; nothing else.
func (w *walk) noted(who caller, id string, before int, want bool) {
	found := 0
	for version := before + 1; version <= w.world.store.at(id, 0).Version; version++ {
		was, is, entry := w.world.store.at(id, version-1), w.world.store.at(id, version), w.world.store.entry(id, version)
		if entry.Cause == cases.CauseFlowToken && entry.Actor == (cases.Actor{Kind: string(identity.User), ID: who.principal.ID}) &&
			same(was, is) && slices.Equal(was.Suppliers, is.Suppliers) {
			found++
		} else if entry.Actor.Kind != string(identity.System) {
			w.t.Fatalf("version %d of %s came with a token: %+v", version, id, entry)
		}
		w.claimed[id][version] = "createFlowToken"
	}
	if want != (found == 1) || found > 1 {
		w.t.Fatalf("a token by %s: %d entries", who.name, found)
	}
}

// look checks what is offered against what the oracle allows.
func (w *walk) look() {
	a, old := w.anybody()
	id := draw(w, "case", w.live...)
	path := "/v1/cases/" + id
	if a.id != "" {
		id, path = a.id, "/v1/flow/case"
	}
	want := w.office.refusal(a, old)
	if want == "" && a.id == "" && !w.office.may(a, old, "cases:read") {
		want = "forbidden"
	}
	got := w.world.call(w.t, a.as(old), "GET", path, "")
	if got.code != want {
		w.t.Fatalf("a look by %s (%s): %v, want %q", a.name, a.role, got, want)
	}
	if want != "" {
		return
	}
	r := w.world.store.at(id, 0)
	s := shot{who: a, old: old}
	var listed, may []string
	next, _ := got.body["next"].([]any)
	for _, one := range next {
		if n, _ := one.(object); n["allowed"] == true {
			listed = append(listed, fmt.Sprint(n["event"]))
		}
	}
	book := w.world.bookOf(r)
	for _, event := range book.known(r) {
		sends := book.may(r, w.sendsNow(s, r), event)
		decides := a.id == "" && w.office.may(a, old, "cases:decide") && book.may(r, w.decides(s), event)
		if r.Status == cases.StatusActive && (sends || decides) {
			may = append(may, event)
		}
	}
	slices.Sort(listed)
	slices.Sort(may)
	if !slices.Equal(listed, may) {
		w.t.Fatalf("%s (%s) is offered %v, and may send %v at %v", a.name, a.role, listed, may, r.Snapshot.Active)
	}
}

// system lets something happen that nobody has called for, and notes what it has written.
func (w *walk) system(id string, do func() bool) {
	w.t.Helper()
	before := w.world.store.at(id, 0).Version
	fine := do()
	for version := before + 1; version <= w.world.store.at(id, 0).Version; version++ {
		if entry := w.world.store.entry(id, version); entry.Actor.Kind != string(identity.System) {
			w.t.Fatalf("version %d of %s is not the system's: %+v", version, id, entry)
		}
		w.claimed[id][version] = "the system"
	}
	if !fine { // it goes round in a circle by itself: no call comes to it any more
		w.live = slices.DeleteFunc(w.live, func(other string) bool { return other == id })
	}
}

func (w *walk) work() {
	id := draw(w, "case", w.live...)
	doing := w.world.doing(id)
	if len(doing) == 0 {
		return
	}
	result := draw(w, "result", any(object{"passed": true}), nil, nil)
	work := draw(w, "work", doing...)
	if result != nil && w.bears(id, work) {
		w.bear(id, work)
		return
	}
	w.system(id, func() bool { w.world.finish(w.t, id, work, result); return true })
}

// failed is a case with an incident, if there can be one: else the given one.
func (w *walk) failed(id string) string {
	for _, other := range w.live {
		if len(w.world.store.at(other, 0).Incidents) > 0 {
			return other
		}
		for _, work := range w.world.doing(other) {
			w.system(other, func() bool { w.world.finish(w.t, other, work, nil); return true })
			id = other
		}
	}
	return id
}

func (w *walk) wait() {
	w.world.clock.Add(int64(draw(w, "time", 10*time.Millisecond, time.Second, 3*time.Second, 9*time.Second, 40*time.Second, 3*time.Hour, 25*time.Hour)))
	for _, id := range slices.Clone(w.live) {
		w.system(id, func() bool {
			_, err := w.world.cases.Expire(background(), cases.Branch{Tenant: w.world.tenant, Case: id, Region: statechart.Region{}})
			return w.world.settled(w.t, err)
		})
	}
}

func (w *walk) arrive() {
	id := draw(w, "case", w.live...)
	for _, doc := range w.world.store.at(id, 0).Documents {
		if doc.Status == cases.DocumentAwaitingUpload {
			w.system(id, func() bool { w.world.arrive(w.t, id, doc); return true })
			return
		}
	}
}

// over checks the state of the cases against the calls that were made.
func (w *walk) over() {
	for id := range w.claimed {
		record := w.world.store.at(id, 0)
		got := w.world.call(w.t, user(w.world.tenant, "user_last", "auditor"), "GET", "/v1/cases/"+id+"/verification", "")
		if got.body["valid"] != true || got.body["entries"] != float64(record.Version) {
			w.t.Fatalf("the history of %s is not whole: %v, version %d", id, got, record.Version)
		}
		for version := 1; version <= record.Version; version++ {
			if _, ok := w.claimed[id][version]; !ok {
				w.t.Fatalf("nobody has asked for version %d of %s: %+v", version, id, w.world.store.entry(id, version))
			}
		}
	}
}

func TestEverybodyAtOnceDoesOnlyWhatTheyMay(t *testing.T) {
	world := newWorld(t)
	steps, walks, tally := 0, 0, map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		world.fresh()
		a := artist{rt}
		chart := a.chart()
		for version := 1; version <= 2; version++ {
			if _, ok := world.publish(rt, a.workflow(chart, version, a.careful, a.breeding), nil); !ok {
				return
			}
		}
		if _, ok := world.publish(rt, a.workflow(a.chart(), 1, a.careful, a.bred), nil); !ok {
			return
		}
		w := &walk{t: rt, world: world, office: &office{world: world}, claimed: map[string]map[int]string{}, calls: map[string]keyedCall{}, sent: map[string]bool{}, held: map[string]keyedCall{}, asked: map[string][]asked{}, taken: map[string]bool{}, delivered: map[string]bool{}, tally: tally}
		w.office.hire(rt)
		for _, scopes := range [][]string{{"*", "cases:decide", "cases:approve"}, {"cases:read", "cases:write", "cases:decide"}, {"cases:read", "keys:write"}, {}} {
			w.office.createKey(rt, w.office.actors[0], false, scopes)
		}
		partner := w.office.partner(rt)
		w.office.createKey(rt, partner, false, []string{"cases:read", "cases:decide", "cases:approve"})
		for range 2 {
			if record, err := world.cases.Start(background(), world.boss(), cases.StartCommand{Workflow: "random", Subject: cases.SubjectInput{Type: "individual"}, Context: object{"n": float64(w.upTo(1000, "n"))}}); world.settled(rt, err) {
				w.take(record.ID)
			}
		}
		possible := w.steps()
		names := slices.Sorted(maps.Keys(possible))
		names = append(names, "sendEvent", "sendEvent", "sendFlowEvent", "sendFlowEvent", "decideCase", "decideCase", "decideCase", "undoDecision", "somebody confirms", "somebody confirms", "somebody confirms", "children are started", "children are started", "children are started", "a child ends", "a child ends", "reports arrive", "reports arrive", "a vendor is asked", "a vendor is asked", "a vendor is asked", "receiveCallback", "receiveCallback", "work ends", "work ends", "work ends", "retryIncident", "all at once", "all at once")
		for range rapid.IntRange(10, 50).Draw(rt, "steps") {
			if len(w.live) == 0 {
				break
			}
			possible[draw(w, "step", names...)]()
			steps++
		}
		w.families()
		w.over()
		walks++
	})
	t.Logf("%d walks, %d steps; %v", walks, steps, tally)
}
