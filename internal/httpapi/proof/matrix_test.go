package proof

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
)

// credential is a kind of caller and what it stands for, by the docs.
type credential struct {
	caller
	reads   bool     // cases
	writes  bool     // cases: may call what sends events and writes data
	sends   []string // as whom
	decides []string // as whom
	away    bool     // of another tenant
}

func credentials(tenant, id string) []credential {
	key := func(tenant string, scopes ...string) caller {
		name := "key of " + tenant + " with " + strings.Join(scopes, " ")
		return caller{name: name, principal: identity.Principal{Tenant: tenant, Kind: identity.Client, ID: "key_" + strings.Join(scopes, "_"), Scopes: scopes}}
	}
	sends := []string{client}
	return []credential{
		{caller: caller{name: "flow token", principal: identity.Principal{Tenant: tenant, Kind: identity.Applicant, ID: "flow_1", Case: id}}, reads: true, writes: true, sends: []string{applicant}},
		{caller: key(tenant), reads: true, writes: true, sends: sends},
		{caller: key(tenant, "*"), reads: true, writes: true, sends: sends},
		{caller: key(tenant, "cases:read"), reads: true},
		{caller: key(tenant, "cases:read", "cases:write"), reads: true, writes: true, sends: sends},
		{caller: key(tenant, "cases:read", "cases:decide"), reads: true, decides: []string{reviewer}},
		{caller: key(tenant, "cases:read", "cases:approve"), reads: true},
		{caller: key(tenant, "*", "cases:decide", "cases:approve"), reads: true, writes: true, sends: sends, decides: people},
		{caller: key("elsewhere", "*", "cases:decide", "cases:approve"), reads: true, writes: true, sends: sends, decides: people, away: true},
		{caller: user(tenant, "reviewer", "reviewer"), reads: true, writes: true, decides: []string{reviewer}},
		{caller: user(tenant, "manager", "manager"), reads: true, writes: true, decides: people},
		{caller: user(tenant, "admin", "admin"), reads: true, writes: true, decides: people},
		{caller: user(tenant, "auditor", "auditor"), reads: true},
		{caller: user(tenant, "developer", "developer"), reads: true},
		{caller: user(tenant, "nobody")},
	}
}

// matrix tries everything with everybody where a case is. Nothing is written: it only counts what would be.
type matrix struct {
	*world
	t      complaint
	id     string
	record cases.Record
	book   *book
	calls  int
}

func (w *world) matrix(t complaint, id string) int {
	t.Helper()
	m := &matrix{world: w, t: t, id: id, record: w.store.at(id, 0)}
	m.book = w.bookOf(m.record)
	w.store.dry = true
	defer func() { w.store.dry = false }()
	events := m.book.events()
	for _, c := range credentials(w.tenant, id) {
		accepted := map[string]bool{}
		for _, event := range events {
			accepted[event] = m.event(c, event)
			if c.principal.Kind != identity.Applicant && m.decision(c, event) {
				accepted[event] = true
			}
		}
		m.data(c)
		m.elsewhere(c)
		m.next(c, accepted)
	}
	return m.calls
}

// expect makes a call and checks its answer against the code that the oracle gives; "": it is done.
func (m *matrix) expect(c credential, want, method, path, body string, header ...string) bool {
	m.t.Helper()
	m.calls++
	before := m.store.written()
	a := m.call(m.t, c.caller, method, path, body, header...)
	commits := m.store.written() - before
	if want == "" && commits == 0 && (a.code == "livelock" || a.code == "four_eyes" && m.supplies(c, path)) {
		return true
	}
	if a.code != want || (commits == 1) != (want == "") || commits > 1 {
		m.t.Fatalf("at %v: %s %s %s by %s: %v with %d commits, want %q\n%s", m.record.Snapshot.Active, method, path, body, c.name, a, commits, want, m.source())
	}
	return a.code == ""
}

// supplies reports whether a call is a person's who acts for the applicant while somebody is asked to decide: what would by itself decide in
// favour of the case is refused then, though the event can be sent.
func (m *matrix) supplies(c credential, path string) bool {
	return c.principal.Kind == identity.User && strings.HasSuffix(path, "/events") && slices.Contains(m.record.Tags, "manual_review") && m.book.mayEndWell()
}

func (m *matrix) source() string {
	kept, _ := m.library.find(m.record.Tenant, m.record.Workflow)
	return kept.source()
}

// on is the code of a call about the case, once it is admitted.
func (m *matrix) on(c credential, admitted bool, then func() string) string {
	switch {
	case !admitted:
		return "forbidden"
	case c.away:
		return "not_found"
	case m.record.Status != cases.StatusActive:
		return "case_closed"
	}
	return then()
}

func (m *matrix) path(c credential, own string) string {
	if c.principal.Kind == identity.Applicant {
		return "/v1/flow" + own
	}
	return "/v1/cases/" + m.id + own
}

func (m *matrix) event(c credential, event string) bool {
	m.t.Helper()
	want := m.on(c, c.writes, func() string {
		if m.book.may(m.record, m.sends(c), event) {
			return ""
		}
		return "event_not_allowed"
	})
	return m.expect(c, want, "POST", m.path(c, "/events"), `{"type":"`+event+`"}`)
}

// sends is as whom somebody sends events now: people act for the applicant while the case collects.
func (m *matrix) sends(c credential) []string {
	if c.principal.Kind == identity.User && c.writes && m.book.writes(m.record, applicant) {
		return []string{applicant}
	}
	return c.sends
}

func (m *matrix) decision(c credential, event string) bool {
	m.t.Helper()
	want := m.on(c, len(c.decides) > 0, func() string {
		if m.book.may(m.record, c.decides, event) {
			return ""
		}
		return "event_not_allowed"
	})
	body := `{"event":"` + event + `","reason":"checked","comment":"c"}`
	if c.principal.Kind == identity.Client {
		body = `{"event":"` + event + `","reason":"checked","comment":"c","on_behalf_of":"person_1"}`
	}
	return m.expect(c, want, "POST", "/v1/cases/"+m.id+"/decisions", body, "If-Match", fmt.Sprintf("%q", fmt.Sprint(m.record.Version)))
}

func (m *matrix) data(c credential) {
	m.t.Helper()
	want := m.on(c, c.writes, func() string {
		if c.principal.Kind == identity.User || m.book.writes(m.record, c.sends[0]) {
			return ""
		}
		return "not_collecting"
	})
	m.expect(c, want, "PATCH", m.path(c, "/context"), `{}`)
	announced := want
	if kept, _ := m.library.find(m.record.Tenant, m.record.Workflow); want == "" && len(kept.wf.Documents) == 0 {
		announced = "invalid"
	}
	body := `{"kind":"passport","content_type":"image/png","size":10,"sha256":"` + strings.Repeat("0", 64) + `"}`
	m.expect(c, announced, "POST", m.path(c, "/documents"), body, "Idempotency-Key", fmt.Sprint("dry-", m.id, m.record.Version, m.ids.Add(1)))
	if c.principal.Kind == identity.User && c.writes {
		want = m.on(c, true, func() string { return "event_not_allowed" })
	}
	if c.principal.Kind != identity.User || !c.writes {
		m.expect(c, want, "POST", m.path(c, "/events"), `{"type":"DEEP_MERGE_CONTEXT","payload":{"newContext":{}}}`)
		m.expect(c, want, "POST", m.path(c, "/events"), `{"type":"UPDATE_CONTEXT","payload":{"context":{}}}`)
	}
}

// elsewhere: nobody comes in by another audience's door, and nobody raises the system's own events.
func (m *matrix) elsewhere(c credential) {
	m.t.Helper()
	if c.principal.Kind != identity.Applicant {
		m.expect(c, "forbidden", "POST", "/v1/flow/events", `{"type":"approve"}`)
		m.expect(c, "forbidden", "PATCH", "/v1/flow/context", `{}`)
	} else {
		m.expect(c, "forbidden", "POST", "/v1/cases/"+m.id+"/events", `{"type":"approve"}`)
		m.expect(c, "forbidden", "POST", "/v1/cases/"+m.id+"/decisions", `{"event":"approve","reason":"r"}`, "If-Match", `"1"`)
		m.expect(c, "forbidden", "PATCH", "/v1/cases/"+m.id+"/context", `{}`)
	}
	if c.writes {
		for _, event := range []string{"done.invoke.w1", "error.invoke.w1", "done.state.s1", "error.work.s1", "after.s1.0", "outcome.ok", "child.x"} {
			m.expect(c, "invalid", "POST", m.path(c, "/events"), `{"type":"`+event+`"}`)
		}
	}
}

// next lists exactly what the caller can send, by one door or the other.
func (m *matrix) next(c credential, accepted map[string]bool) {
	m.t.Helper()
	if !c.reads || c.away {
		return
	}
	path := m.path(c, "")
	if c.principal.Kind == identity.Applicant {
		path = "/v1/flow/case"
	}
	a := m.call(m.t, c.caller, "GET", path, "")
	var listed, want []string
	next, _ := a.body["next"].([]any)
	for _, one := range next {
		if n, _ := one.(object); n["allowed"] == true {
			listed = append(listed, fmt.Sprint(n["event"]))
		}
	}
	for _, event := range m.book.known(m.record) {
		if accepted[event] {
			want = append(want, event)
		}
	}
	slices.Sort(listed)
	slices.Sort(want)
	if !slices.Equal(listed, want) {
		m.t.Fatalf("at %v: next of %s is %v, and the calls accept %v\n%s", m.record.Snapshot.Active, c.name, listed, want, m.source())
	}
}

func TestWhoMayDoWhatInRandomWorkflows(t *testing.T) {
	w := newWorld(t)
	calls := 0
	rapid.Check(t, func(rt *rapid.T) {
		w.fresh()
		a := artist{rt}
		kept, ok := w.publish(rt, a.workflow(a.chart(), 1), nil)
		if !ok {
			return
		}
		record, err := w.cases.Start(background(), w.boss(), cases.StartCommand{Workflow: "random", Subject: cases.SubjectInput{Type: "individual"}, Context: object{"n": float64(rapid.IntRange(0, 999).Draw(rt, "n"))}})
		if !w.settled(rt, err) {
			return
		}
		for range rapid.IntRange(1, 3).Draw(rt, "positions") {
			for range rapid.IntRange(0, 3).Draw(rt, "moves") {
				if !w.wander(rt, record.ID, kept.book) {
					return
				}
			}
			calls += w.matrix(rt, record.ID)
		}
	})
	t.Logf("%d calls", calls)
}

// wander lets one thing happen to a case; false: it goes round in a circle from here.
func (w *world) wander(rt *rapid.T, id string, book *book) bool {
	switch rapid.IntRange(0, 4).Draw(rt, "move") {
	case 0:
		return w.pass(rt, time.Duration(rapid.IntRange(1, 3000).Draw(rt, "milliseconds"))*time.Millisecond)
	case 1:
		if doing := w.doing(id); len(doing) > 0 {
			result := rapid.SampledFrom([]any{object{"passed": true}, nil}).Draw(rt, "result")
			w.finish(rt, id, rapid.SampledFrom(doing).Draw(rt, "work"), result)
		}
	default:
		w.push(rt, id, rapid.SampledFrom(book.events()).Draw(rt, "event"))
	}
	return true
}

// ways lead to every state of every shipped workflow, and to the same state with something missing.
var ways = map[string]map[string][]string{
	"kyc": {
		"collect": {}, "collect, passport": {"passport"}, "screen": {"passport", "SUBMIT"}, "screen, one done": {"passport", "SUBMIT", "done"},
		"review": {"passport", "SUBMIT", "done", "done", "done", "done review"}, "review, unanswered": {"passport", "SUBMIT", "done", "failed", "done", "done review"},
		"review, changed since": {"passport", "SUBMIT", "done", "done", "done", "done review", "passport"},
		"escalated":             {"passport", "SUBMIT", "done", "done", "done", "done review", "5 days"},
		"escalated, unanswered": {"passport", "SUBMIT", "done", "done", "failed", "done review", "5 days"},
		"collect again":         {"passport", "SUBMIT", "done", "done", "done", "done review", "revision"},
		"approved":              {"passport", "SUBMIT", "done", "done", "done", "done approve"}, "rejected": {"passport", "SUBMIT", "done", "done", "done", "done reject"},
		"expired": {"14 days"},
	},
	"application": {"score": {}, "approved": {"done approve"}, "declined": {"done decline"}, "referred": {"done refer"}},
}

// begins is the data that cases of shipped workflows cannot be started without.
var begins = map[string]object{"application": {"amount": 1000.0, "applicant": object{"income": 3000.0, "employed_months": 40.0}}}

// meanings of the conditions of the shipped workflows.
func meanings() map[string]func(r cases.Record) bool {
	is := func(r cases.Record, status ...cases.DocumentStatus) bool {
		return slices.ContainsFunc(r.Documents, func(d cases.Document) bool { return slices.Contains(status, d.Status) })
	}
	field := func(r cases.Record, work, name string) any {
		result, _ := r.Context[work].(object)
		return result[name]
	}
	answered := func(r cases.Record) bool {
		_, hits := field(r, "sanctions", "hits").([]any)
		return field(r, "identity", "status") != nil && hits && field(r, "sanctions", "more") != true && field(r, "risk", "outcome") != nil
	}
	clean := func(r cases.Record) bool { return !is(r, cases.DocumentRejected) && len(r.Stale) == 0 }
	const all = "exists(identity.status) && coalesce(len(sanctions.hits) >= 0, false) && !coalesce(sanctions.more, false) && exists(risk.outcome)"
	return map[string]func(r cases.Record) bool{
		"documents.all_received": func(r cases.Record) bool {
			return is(r, cases.DocumentReceived, cases.DocumentChecked, cases.DocumentApproved)
		},
		"documents.any_rejected == false && " + all + " && stale.any == false":    func(r cases.Record) bool { return clean(r) && answered(r) },
		"documents.any_rejected == false && stale.any == false && !(" + all + ")": func(r cases.Record) bool { return clean(r) && !answered(r) },
	}
}

func TestWhoMayDoWhatInTheShippedWorkflows(t *testing.T) {
	files, err := filepath.Glob("../../../statemachines/*.yaml")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	w := newWorld(t)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		w.fresh()
		kept, ok := w.publish(t, text, meanings())
		if !ok {
			t.Fatal(file)
		}
		seen, calls := map[string]bool{}, 0
		for name, way := range ways[kept.wf.ID] {
			id := w.lead(t, kept, way)
			r := w.store.at(id, 0)
			where, _, _ := strings.Cut(strings.Fields(name)[0], ",")
			if len(r.Snapshot.Active) != 1 || r.Snapshot.Active[0].State != where {
				t.Fatalf("%s: the way to %s leads to %v", kept.wf.ID, name, r.Snapshot.Active)
			}
			seen[where] = true
			calls += w.matrix(t, id)
		}
		for _, p := range kept.book.places {
			if (p.kind == "atomic" || p.kind == "final") && !seen[p.path] {
				t.Errorf("say in ways how a case of %s comes to %s", kept.wf.ID, p.path)
			}
		}
		t.Logf("%s: %d calls", kept.wf.ID, calls)
	}
}

// lead starts a case and takes it along a way.
func (w *world) lead(t *testing.T, kept published, way []string) string {
	record, err := w.cases.Start(background(), w.boss(), cases.StartCommand{Workflow: kept.wf.ID, Subject: cases.SubjectInput{Type: kept.wf.Subject}, Context: begins[kept.wf.ID]})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range way {
		word, rest, _ := strings.Cut(step, " ")
		switch {
		case word == "passport":
			w.upload(t, record.ID)
		case word == "done":
			result := object{"status": "verified", "hits": []any{}, "score": 10.0, "severity": "low"}
			if rest != "" {
				result["outcome"] = rest
			}
			w.finish(t, record.ID, w.doing(record.ID)[0], result)
		case word == "failed":
			w.finish(t, record.ID, w.doing(record.ID)[0], nil)
		case rest == "days":
			days := 0
			_, _ = fmt.Sscan(word, &days)
			w.pass(t, time.Duration(days)*24*time.Hour)
		default:
			if !w.push(t, record.ID, step) {
				t.Fatalf("nobody can send %s", step)
			}
		}
	}
	return record.ID
}
