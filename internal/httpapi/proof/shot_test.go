package proof

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
)

// Results by hand: of the document check, and of work that starts children.
const (
	passed  = `{"passed":true}`
	counted = `{"total":1,"completed":1}`
)

// shot is one call about a case.
type shot struct {
	op       string
	who      *actor
	old      bool // with the key's former secret
	id       string
	event    string
	seen     int    // If-Match; 0: none
	once     string // Idempotency-Key; "": none
	person   string // on_behalf_of
	reason   string
	document string
	decision string
	incident string
	result   string // a result by hand
	n        int    // data to write; -1: none
	undo     int    // seconds
	to       int    // the version to migrate to
	dry      bool   // of a migration

	// of a callback
	ask    asked
	body   string
	forged bool // signed by somebody else
}

// request is what is sent.
func (s shot) request() (method, path, body string) {
	own := "/v1/cases/" + s.id
	data := object{"n": s.n}
	passport := object{"kind": "passport", "content_type": "image/png", "size": 10, "sha256": strings.Repeat("0", 64)}
	switch s.op {
	case "sendEvent":
		return "POST", own + "/events", string(written(object{"type": s.event}))
	case "sendFlowEvent":
		return "POST", "/v1/flow/events", string(written(object{"type": s.event}))
	case "saveContext":
		return "PATCH", own + "/context", string(written(data))
	case "saveFlowContext":
		return "PATCH", "/v1/flow/context", string(written(data))
	case "announceDocument":
		return "POST", own + "/documents", string(written(passport))
	case "announceFlowDocument":
		return "POST", "/v1/flow/documents", string(written(passport))
	case "addNote":
		return "POST", own + "/notes", `{"text":"a note"}`
	case "decideCase":
		return "POST", own + "/decisions", string(written(object{"event": s.event, "reason": s.reason, "comment": "c", "on_behalf_of": s.person, "undo_seconds": s.undo}))
	case "decideDocument":
		return "POST", own + "/documents/" + s.document + "/decision", string(written(object{"decision": s.decision, "reason": s.reason, "on_behalf_of": s.person, "undo_seconds": s.undo}))
	case "undoDocumentDecision":
		return "POST", own + "/documents/" + s.document + "/undo", ""
	case "undoDecision":
		return "POST", own + "/undo", ""
	case "cancelCase":
		return "POST", own + "/cancellation", `{"reason":"r"}`
	case "retryIncident":
		if s.n < 0 {
			return "POST", own + "/incidents/" + s.incident + "/retry", ""
		}
		return "POST", own + "/incidents/" + s.incident + "/retry", string(written(object{"context": data}))
	case "skipIncident":
		return "POST", own + "/incidents/" + s.incident + "/skip", `{"result":` + s.result + `}`
	case "receiveCallback":
		return "POST", "/v1/hooks/" + s.ask.token, s.body
	case "migrateCases":
		return "POST", "/v1/workflows/random/migrations", string(written(object{"from": 3 - s.to, "to": s.to, "cases": []string{s.id}, "dry_run": s.dry}))
	}
	panic("no request for " + s.op)
}

func (s shot) isFlow() bool { return strings.Contains(s.op, "Flow") && s.op != "createFlowToken" }

// admitted is what the call gets before it comes to the case.
func (o *office) admitted(s shot) string {
	switch code := o.refusal(s.who, s.old); {
	case s.op == "receiveCallback":
		return o.knocks(s)
	case code != "":
		return code
	case s.isFlow() != (s.who.id != ""), !s.isFlow() && !o.may(s.who, s.old, walked[s.op]), s.op == "createFlowToken" && !o.may(s.who, s.old, "cases:personal"):
		return "forbidden"
	}
	return ""
}

// changed reports whether a case is not as somebody has seen it. A link for the applicant leaves it as it is.
func (w *walk) changed(r cases.Record, seen int) bool {
	for version := seen + 1; version <= r.Version; version++ {
		if w.world.store.entry(r.ID, version).Cause != cases.CauseFlowToken {
			return true
		}
	}
	return seen > r.Version
}

// judge is the oracle's verdict on a call on a case as it is: a code, or "" when it is done.
func (w *walk) judge(s shot, r cases.Record) string {
	book := w.world.bookOf(r)
	refused := func(refused bool, code string) string {
		if refused {
			return code
		}
		return ""
	}
	closed := refused(r.Status != cases.StatusActive, "case_closed")
	unseen := refused(w.changed(r, s.seen), "stale")
	if s.seen == 0 {
		unseen = "precondition_required"
	}
	nobody := refused(s.who.isKey() && (s.person == "" || s.reason == "") || s.who.isPerson() && s.person != "", "invalid")
	shut := refused(!s.who.isPerson() && !book.writes(r, w.sends(s)[0]), "not_collecting")
	if isReport(s.event) {
		return "invalid"
	}
	switch s.op {
	case "sendEvent", "sendFlowEvent":
		return first(closed, refused(!book.may(r, w.sendsNow(s, r), s.event), "event_not_allowed"))
	case "saveContext", "saveFlowContext", "announceDocument", "announceFlowDocument":
		return first(closed, shut)
	case "decideCase":
		return first(unseen, closed, nobody, refused(!book.may(r, w.decides(s), s.event), "event_not_allowed"))
	case "decideDocument":
		at := slices.IndexFunc(r.Documents, func(d cases.Document) bool { return d.ID == s.document })
		if at < 0 {
			return first(unseen, closed, nobody, "not_found")
		}
		return first(unseen, closed, nobody, refused(r.Documents[at].Status == cases.DocumentAwaitingUpload, "not_ready"))
	case "undoDocumentDecision":
		if !slices.ContainsFunc(r.Documents, func(d cases.Document) bool { return d.ID == s.document }) {
			return first(unseen, closed, "not_found")
		}
		at := slices.IndexFunc(r.DocumentUndos, func(u cases.DocumentUndo) bool { return u.Document == s.document })
		late := refused(at < 0 || !w.world.now().Before(r.DocumentUndos[at].Until), "undo_over")
		return first(unseen, closed, late, refused(at >= 0 && r.DocumentUndos[at].By.ID != s.who.principal.ID, "forbidden"))
	case "undoDecision":
		if r.Undo == nil && r.Proposed != nil && r.Proposed.By.ID == s.who.principal.ID { // a proposal is taken back at any time
			return unseen
		}
		late := refused(r.Undo == nil || !w.world.now().Before(r.Undo.Until), "undo_over")
		return first(unseen, late, refused(r.Undo != nil && r.Undo.By.ID != s.who.principal.ID, "forbidden"))
	case "cancelCase":
		if s.who.isKey() && s.seen == 0 {
			return closed
		}
		return first(unseen, closed)
	case "retryIncident", "skipIncident":
		at := slices.IndexFunc(r.Incidents, func(i cases.Incident) bool { return i.ID == s.incident })
		if at < 0 {
			return first(closed, "not_found")
		}
		if s.op == "skipIncident" {
			return first(closed, refused(r.Incidents[at].Work == "" || !w.fits(r, r.Incidents[at], s.result), "invalid"))
		}
		return first(closed, refused(s.n >= 0 && shut != "", shut))
	}
	return "" // a note, and a migration, which reports the result for the case itself
}

// fits reports whether work could have returned a result by itself: what a vendor's plugin returns is not known here.
func (w *walk) fits(r cases.Record, incident cases.Incident, result string) bool {
	switch w.world.bookOf(r).byPath[incident.State].sources[incident.Work] {
	case "document":
		return result == passed
	case "children":
		return result == counted
	}
	return true
}

func first(codes ...string) string {
	for _, code := range codes {
		if code != "" {
			return code
		}
	}
	return ""
}

func (w *walk) sends(s shot) []string {
	switch {
	case s.who.id != "":
		return []string{applicant}
	case s.who.isKey() && w.office.may(s.who, s.old, "cases:write"):
		return []string{client}
	}
	return []string{"nobody"}
}

// sendsNow is sends on a case as it is: a person acts for the applicant while it collects.
func (w *walk) sendsNow(s shot, r cases.Record) []string {
	if w.actsFor(s, r) {
		return []string{applicant}
	}
	return w.sends(s)
}

func (w *walk) actsFor(s shot, r cases.Record) bool {
	return s.who.isPerson() && w.office.may(s.who, s.old, "cases:collect") && w.world.bookOf(r).writes(r, applicant)
}

func (w *walk) decides(s shot) []string {
	if w.office.may(s.who, s.old, "cases:approve") {
		return people
	}
	return []string{reviewer}
}

// keyedCall is a call with an Idempotency-Key that was answered.
type keyedCall struct {
	request string
	text    string
	at      time.Time
}

// fire makes calls about one case, all at once, and checks the results against the oracle: there must be an order in
// which every answer is right, and the history shows which.
func (w *walk) fire(shots ...shot) {
	w.t.Helper()
	id := shots[0].id
	before := w.world.store.at(id, 0).Version
	answers := make([]answer, len(shots))
	var all sync.WaitGroup
	for i, s := range shots {
		all.Go(func() { answers[i] = w.send(s) })
	}
	all.Wait()
	after := w.world.store.at(id, 0).Version
	w.answered = map[string]keyedCall{}
	for i, s := range shots {
		a := answers[i]
		w.tally[strings.TrimSpace(s.op+" "+a.code)]++
		if !a.sound() && (s.op != "receiveCallback" || a.code != "unavailable") {
			w.wrong(s, a, before, after)
		}
		switch code := w.office.admitted(s); {
		case code != "":
			if a.code != code {
				w.wrong(s, a, before, after)
			}
		case s.op == "receiveCallback":
			w.calledBack(s, a, before, after)
		case w.remembered(s, a, shots):
		case a.code == "":
			w.claim(s, a, before, after)
		case !w.explained(s, a.code, before, after):
			w.wrong(s, a, before, after)
		}
	}
	maps.Copy(w.calls, w.answered)
	for version := before + 1; version <= after; version++ {
		if _, ok := w.claimed[id][version]; !ok {
			w.t.Fatalf("nobody has asked for version %d of %s: %+v\n%+v", version, id, w.world.store.entry(id, version), shots)
		}
	}
}

func (w *walk) send(s shot) answer {
	method, path, body := s.request()
	var header []string
	if s.seen != 0 {
		header = append(header, "If-Match", fmt.Sprintf("%q", fmt.Sprint(s.seen)))
	}
	if s.once != "" {
		header = append(header, "Idempotency-Key", s.once)
	}
	if s.op == "receiveCallback" {
		header = append(header, "X-Sign", s.signed())
	}
	return w.world.send(s.who.as(s.old), method, path, body, header...)
}

func (w *walk) wrong(s shot, a answer, before, after int) {
	w.t.Helper()
	method, path, body := s.request()
	var verdicts []string
	for version := before; version <= after; version++ {
		r := w.world.store.at(s.id, version)
		verdicts = append(verdicts, fmt.Sprintf("%d (at %v, %s): %q", version, r.Snapshot.Active, r.Status, w.judge(s, r)))
	}
	found, _ := w.world.library.find(w.world.tenant, w.world.store.at(s.id, before).Workflow)
	w.t.Fatalf("%s %s %s by %s %s %v: %v\nadmitted %q, on version %s\n%s", method, path, body, s.who.name, s.who.role, s.who.scopes, a, w.office.admitted(s), strings.Join(verdicts, ", "), found.source())
}

// remembered reports whether a call repeats one under the same key: it gets that one's answer again, once that is there.
func (w *walk) remembered(s shot, a answer, shots []shot) bool {
	w.t.Helper()
	if s.once == "" || s.op == "migrateCases" {
		return false
	}
	method, path, body := s.request()
	name, request := strings.Join([]string{s.op, s.who.principal.ID, s.once}, " "), method+path+body
	former, fresh := w.kept(w.calls, name)
	holder, held := w.kept(w.held, name)
	again := a.header.Get("Idempotency-Replayed") == "true"
	rivals := 0
	for _, other := range shots {
		if other.op == s.op && other.who == s.who && other.once == s.once {
			rivals++
		}
	}
	switch {
	case fresh && former.request != request:
		if a.code != "idempotency_key_reused" {
			w.t.Fatalf("another call under the key of %s: %v", name, a)
		}
		return true
	case fresh:
		if !again || a.text != former.text {
			w.t.Fatalf("the same call again (%s): %v, and it was %s", name, a, former.text)
		}
		return true
	case held && holder.request != request:
		if a.code != "idempotency_key_reused" {
			w.t.Fatalf("another call under the key of %s, which met a conflict: %v", name, a)
		}
		return true
	case rivals > 1 && (again || a.code == "idempotency_in_flight" || a.code == "idempotency_key_reused"):
		return true
	case a.code == "":
		w.answered[name] = keyedCall{request, a.text, w.world.now()}
		if w.sent[name+request] && strings.HasSuffix(s.op, "Event") { // the answer is forgotten, the event is not
			return true
		}
		w.sent[name+request] = true
	case a.status == http.StatusConflict: // nobody else knows whether it was the call's own write that it met
		w.held[name] = keyedCall{request: request, at: w.world.now()}
	}
	return false
}

// kept is what the interface remembers of calls under a key, for a day.
func (w *walk) kept(of map[string]keyedCall, name string) (keyedCall, bool) {
	found, there := of[name]
	return found, there && w.world.now().Before(found.at.Add(24*time.Hour))
}

// explained reports whether a refusal was right at some moment of the call. A workflow may go round in a circle from what was
// allowed.
func (w *walk) explained(s shot, code string, before, after int) bool {
	for version := before; version <= after; version++ {
		want := w.judge(s, w.world.store.at(s.id, version))
		eyesFirst := s.op == "decideDocument" && (want == "not_found" || want == "not_ready") || s.op == "skipIncident" && want == "invalid"
		if code == want || code == "livelock" && want == "" || code == "four_eyes" && (want == "" || eyesFirst) && w.takesOthers(s, version) {
			return true
		}
	}
	return false
}

var causes = map[string]cases.Cause{
	"sendEvent": cases.CauseEvent, "sendFlowEvent": cases.CauseEvent, "saveContext": cases.CauseContext, "saveFlowContext": cases.CauseContext,
	"announceDocument": cases.CauseDocument, "announceFlowDocument": cases.CauseDocument, "addNote": cases.CauseNote, "decideCase": cases.CauseDecision,
	"decideDocument": cases.CauseDocumentDecision, "undoDecision": cases.CauseUndone, "undoDocumentDecision": cases.CauseDocumentUndone, "cancelCase": cases.CauseCancelled,
	"retryIncident": cases.CauseIncidentResolved, "skipIncident": cases.CauseIncidentResolved, "migrateCases": cases.CauseMigrated, "receiveCallback": cases.CauseOutcome,
}

// claim finds the entry of the history that a call has written: it stands on a version on which the call was right.
func (w *walk) claim(s shot, a answer, before, after int) {
	w.t.Helper()
	if s.op == "migrateCases" && !strings.Contains(a.text, `"moved"`) {
		return
	}
	for version := before + 1; version <= after; version++ {
		entry := w.world.store.entry(s.id, version)
		_, taken := w.claimed[s.id][version]
		stated := a.version()
		if (entry.Actor.As == applicant) != (supplying[s.op] && w.actsFor(s, w.world.store.at(s.id, version-1))) {
			continue
		}
		mine := entry.Actor.ID == s.who.principal.ID && entry.Actor.Kind == string(s.who.principal.Kind) && entry.Actor.For == w.behalf(s) &&
			(entry.Cause == causes[s.op] || s.op == "decideCase" && entry.Cause == cases.CauseProposed) && (s.event == "" || entry.Event == s.event)
		if taken || !mine || stated != 0 && stated != version || w.judge(s, w.world.store.at(s.id, version-1)) != "" {
			continue
		}
		w.claimed[s.id][version] = s.op
		w.consequences(s, version)
		return
	}
	w.wrong(s, a, before, after)
}

func (w *walk) behalf(s shot) string {
	if strings.HasPrefix(s.op, "decide") && s.who.principal.Kind == identity.Client {
		return s.person
	}
	return ""
}

// consequences are what must be so after a call.
func (w *walk) consequences(s shot, version int) {
	w.t.Helper()
	was, is := w.world.store.at(s.id, version-1), w.world.store.at(s.id, version)
	switch s.op {
	case "decideCase":
		w.decided(s, version)
	case "decideDocument":
		if s.decision == "approved" && w.supplied(s, version-1) {
			w.t.Fatalf("%s has supplied data of %s and approves a document of it", s.who.name, s.id)
		}
	case "skipIncident":
		if w.supplied(s, version-1) || slices.Contains(is.Tags, "approved") && !slices.Contains(was.Tags, "approved") && !w.world.bookOf(was).endsWell() {
			w.t.Fatalf("%s has supplied data of %s, or approves it, by a result by hand: %+v", s.who.name, s.id, is)
		}
	case "undoDocumentDecision":
		held := slices.IndexFunc(was.DocumentUndos, func(u cases.DocumentUndo) bool { return u.Document == s.document })
		at := slices.IndexFunc(is.Documents, func(d cases.Document) bool { return d.ID == s.document })
		if is.Documents[at].Status != was.DocumentUndos[held].Status || slices.ContainsFunc(is.DocumentUndos, func(u cases.DocumentUndo) bool { return u.Document == s.document }) {
			w.t.Fatalf("after the undo of a decision about %s: %+v, before %+v", s.document, is, was)
		}
	case "undoDecision":
		w.undone(s.id, version)
	case "migrateCases":
		if slices.Contains(is.Tags, "approved") && !slices.Contains(was.Tags, "approved") {
			w.t.Fatalf("a migration has approved: %+v", is)
		}
	}
}
