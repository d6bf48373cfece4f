package httpapi_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/apidoc/apitest"
	"ballerine/internal/app/screened"
	"ballerine/internal/backoffice"
	"ballerine/internal/cases"
	"ballerine/internal/httpapi"
	"ballerine/internal/identity"
	"ballerine/internal/keyring"
	"ballerine/internal/policy/lists"
	"ballerine/internal/problem"
	"ballerine/internal/store/embedded"
	"ballerine/internal/watchlists/watchliststest"
	"ballerine/internal/webhook"
	"ballerine/internal/workflow"
)

const desk = `
id: desk
title: A desk
subject: individual
context: {schema: {type: object, properties: {applicant: {type: object, properties: {email: {type: string, personal: true}, country: {type: string}}}}}}
documents: [{kind: passport, title: Passport, content_types: [image/png]}]
reasons: {reject: [forged]}
initial: collect
states:
  collect: {on: {GO: review}}
  review:
    tags: [manual_review]
    meta: {title: To decide, sla: P1D}
    on: {approve: approved, reject: rejected, revision: collect}
    after: {P5D: rejected}
  approved: {type: final}
  rejected: {type: final}
`

type catalog struct{ wf *workflow.Workflow }

func (c catalog) Workflow(_ context.Context, _, id string, _ int) (*workflow.Workflow, error) {
	if id != c.wf.ID {
		return nil, problem.New(problem.UnknownWorkflow, "There is no such workflow.")
	}
	return c.wf, nil
}

// shelf lets documents be announced.
type shelf struct{ cases.Objects }

func (shelf) Head(context.Context, string) (cases.ObjectInfo, error) {
	return cases.ObjectInfo{}, problem.New(problem.NotFound, "Nothing was uploaded.")
}

// exchanged is what is kept of every attempt at a vendor.
const exchanged = `{"plugin":"oracle","calls":[{"at":"2026-03-04T05:06:07Z","duration":5000000,"request":{"method":"POST","url":"https://vendor.example/` + privateMark + marker + `","headers":[{"name":"X-Who","value":"` + privateMark + marker + `"}],` +
	`"body":{"text":"` + privateMark + marker + `","bytes":9}},"answer":{"status":200,"headers":[{"name":"X-Who","value":"` + privateMark + marker + `"}],"body":{"base64":"` + privateMark + marker + `","bytes":9}}}]}`

func (shelf) Keep(context.Context, string, string, []byte) error { return nil }

func (shelf) Read(context.Context, string, int64) ([]byte, error) { return []byte(exchanged), nil }

func (shelf) PresignPut(context.Context, string, string, int64, string, time.Duration) (cases.Upload, error) {
	return cases.Upload{Method: http.MethodPut, URL: "https://objects.example/"}, nil
}

// back is an interface over a file, at a time of the test's own.
type back struct {
	t       *testing.T
	db      *embedded.DB
	handler http.Handler
	now     time.Time
}

// exchanged adds an attempt at a vendor to a case, with what was sent and answered.
func (b *back) exchanged(tenant, id, task string) string {
	b.t.Helper()
	core := cases.New(cases.Config{Objects: shelf{}})
	run := cases.TaskRun{ID: task, State: "check", Work: "answer", Source: "vendor", Name: "oracle", StartedAt: b.now, Call: &cases.Call{Request: "POST https://vendor.example/", Exchange: core.KeepExchange(b.t.Context(), tenant, id, task, []byte(exchanged))}}
	if err := b.db.Cases().PutTaskRun(b.t.Context(), tenant, id, run); err != nil {
		b.t.Fatal(err)
	}
	return task
}

func newBack(t *testing.T) *back {
	t.Helper()
	return newBackOf(t, desk)
}

// newBackOf is newBack over another workflow, called desk too.
func newBackOf(t *testing.T, text string) *back {
	t.Helper()
	wf, diagnostics := workflow.Parse("desk.yaml", []byte(text), nil)
	if len(diagnostics) > 0 {
		t.Fatal(diagnostics)
	}
	db, err := embedded.Open(filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	b := &back{t: t, db: db, now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
	now := func() time.Time { return b.now }
	ring, err := keyring.Of(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	tokens := identity.NewTokens(now, ring)
	b.handler, err = httpapi.New(httpapi.Config{
		Operations: httpapi.AllOperations(),
		Secret:     make([]byte, 32), Idempotency: db.Idempotency(), Now: now,
		Cases:  cases.New(cases.Config{Store: db.Cases(), Objects: shelf{}, Catalog: catalog{wf}, Now: now, SearchKey: make([]byte, 32)}),
		Tokens: tokens,
		Lists:  &lists.Service{Store: db.Lists(), Now: now},

		Watchlists: screened.New(screened.Config{Files: &watchliststest.Memory{}, Objects: shelf{}, Known: db.Watched(), Now: now, NewID: func(prefix string) string { return prefix + "_1" }}),

		Keys:     identity.NewKeys(identity.KeysConfig{Store: db.Keys(), Now: now}),
		People:   &identity.Directory{Store: db.Keys(), Now: now},
		Reviews:  backoffice.New(backoffice.Config{Store: db.Review(), Now: now}),
		Webhooks: webhook.New(webhook.Config{Store: db.Webhooks(), Now: now, AllowLoopback: true, EventTypes: cases.EventTypes()}),
		Workflows: func(context.Context, string) ([]*workflow.Workflow, []string, error) {
			return []*workflow.Workflow{wf}, nil, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.handler = apitest.Watch(t, b.handler)
	for _, who := range []string{"rita", "robin", "mara"} { // they have signed in before
		b.ok(who, "GET", "/v1/me", "")
	}
	return b
}

var roles = map[string]string{"rita": "reviewer", "robin": "reviewer", "mara": "manager", "otto": "auditor", "dana": "developer", "ada": "admin", "adam": "admin"}

func (b *back) call(who, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(b.t.Context(), method, path, strings.NewReader(body))
	p := identity.Principal{Tenant: "t", Kind: identity.User, ID: who, Name: who, Email: who + "@example.com", Roles: []string{roles[who]}}
	if who == "client" {
		p = identity.Principal{Tenant: "t", Kind: identity.Client, ID: "key_1"}
	} else if scopes, is := strings.CutPrefix(who, "key "); is { // "key definitions:read …" is a key with these scopes
		p = identity.Principal{Tenant: "t", Kind: identity.Client, ID: "key_2", Scopes: strings.Fields(scopes)}
	} else if name, is := strings.CutPrefix(who, "other "); is { // "other ada" is an admin of another tenant
		p = identity.Principal{Tenant: "other", Kind: identity.User, ID: name, Roles: []string{"admin"}}
	}
	if who != "nobody" {
		r = r.WithContext(httpapi.WithPrincipal(r.Context(), p))
	}
	r.Header.Set("Content-Type", "application/json")
	if method == http.MethodPost {
		r.Header.Set("Idempotency-Key", fmt.Sprintf("%x", sha256.Sum256([]byte(path+body+b.now.String()))))
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return w
}

func (b *back) answer(w *httptest.ResponseRecorder, status int) map[string]any {
	b.t.Helper()
	var body map[string]any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			b.t.Fatal(err)
		}
	}
	if w.Code != status {
		b.t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	return body
}

func (b *back) ok(who, method, path, body string, header ...string) map[string]any {
	b.t.Helper()
	return b.answer(b.call(who, method, path, body, header...), http.StatusOK)
}

// waiting starts a case that waits for a decision.
func (b *back) waiting(name string) string {
	b.t.Helper()
	w := b.call("client", "POST", "/v1/cases", `{"workflow":"desk","external_id":"`+name+`","subject":{"type":"individual","external_id":"`+name+`","name":"`+name+`"},"context":{"applicant":{"email":"`+name+`@example.com"}}}`)
	id, _ := b.answer(w, http.StatusCreated)["id"].(string)
	if w.Header().Get("Location") != "/v1/cases/"+id || w.Header().Get("ETag") != `"1"` {
		b.t.Errorf("headers %v", w.Header())
	}
	b.ok("client", "POST", "/v1/cases/"+id+"/events", `{"type":"GO"}`)
	return id
}

func TestPeopleSeeWhatTheyMayDo(t *testing.T) {
	b := newBack(t)
	me := b.ok("otto", "GET", "/v1/me", "")
	user, _ := me["user"].(map[string]any)
	permissions, _ := me["permissions"].([]any)
	if user["name"] != "otto" || me["tenant"] != "t" || !slices.Contains(permissions, any("cases:read")) || slices.Contains(permissions, any("cases:decide")) {
		t.Errorf("%v", me)
	}
	if b.call("client", "GET", "/v1/me", "").Code != http.StatusForbidden {
		t.Error("a key is a person")
	}
	people, _ := b.ok("rita", "GET", "/v1/users", "")["data"].([]any)
	if len(people) != 4 {
		t.Errorf("%d people", len(people))
	}
}

func TestAnUnchangedCaseIsNotSentAgain(t *testing.T) {
	b := newBack(t)
	id := b.waiting("ada")
	w := b.call("rita", "GET", "/v1/cases/"+id, "", "If-None-Match", `"2"`)
	if w.Code != http.StatusNotModified || w.Body.Len() != 0 || w.Header().Get("ETag") != `"2"` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := b.call("rita", "GET", "/v1/cases/"+id, "", "If-None-Match", `"1"`); w.Code != http.StatusOK || w.Body.Len() == 0 {
		t.Errorf("changed: %d", w.Code)
	}
}

func TestTheQueueCountsAndItsListsAgree(t *testing.T) {
	b := newBack(t)
	for _, name := range []string{"ada", "bea", "cem"} {
		b.waiting(name)
	}
	first := b.waiting("dan")
	b.ok("rita", "PUT", "/v1/cases/"+first+"/assignee", `{"user":"rita"}`)
	b.now = b.now.Add(25 * time.Hour)
	b.waiting("eva")
	queue, _ := b.ok("rita", "GET", "/v1/queue", "")["data"].(map[string]any)
	for name, want := range map[string]float64{"open": 5, "mine": 1, "unassigned": 4, "to_decide": 5, "overdue": 4, "incident": 0} {
		if queue[name] != want {
			t.Errorf("%s: %v, want %v", name, queue[name], want)
		}
	}
	for query, want := range map[string]int{
		"assignee=me": 1, "assignee=none": 4, "overdue=true": 4, "tag=manual_review&status=active&sort=due_at": 5, "state=review&workflow=desk": 5, "risk=none": 5, "risk=high": 0,
		"q=BEA": 1, "q=bea@example.com": 1, "q=nobody": 0,
	} {
		data, _ := b.ok("rita", "GET", "/v1/cases?view=summary&"+query, "")["data"].([]any)
		if len(data) != want {
			t.Errorf("%s: %d cases, want %d", query, len(data), want)
		}
		if len(data) > 0 {
			if one, _ := data[0].(map[string]any); one["context"] != nil && len(one["context"].(map[string]any)) > 0 {
				t.Errorf("a summary has the context: %v", one)
			}
		}
	}
}

func TestOfManyCasesEachIsAssignedOrExplainsWhyNot(t *testing.T) {
	b := newBack(t)
	open, closed, seen := b.waiting("ada"), b.waiting("bea"), b.waiting("cem")
	b.ok("rita", "POST", "/v1/cases/"+closed+"/decisions", `{"event":"approve"}`, "If-Match", `"2"`)
	b.ok("rita", "POST", "/v1/cases/assignments", `{"user":"robin","cases":[{"id":"`+seen+`"}]}`)
	data, _ := b.ok("mara", "POST", "/v1/cases/assignments", `{"user":"robin","cases":[{"id":"`+open+`"},{"id":"`+closed+`"},{"id":"case_none"},{"id":"`+seen+`"}]}`)["data"].([]any)
	var got []string
	for _, one := range data {
		result, _ := one.(map[string]any)
		text, _ := result["status"].(string)
		if p, ok := result["problem"].(map[string]any); ok {
			code, _ := p["code"].(string)
			text += " " + code
		}
		got = append(got, text)
	}
	if want := []string{"assigned", "failed case_closed", "failed not_found", "unchanged"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	b.answer(b.call("mara", "POST", "/v1/cases/assignments", `{"user":"nobody","cases":[{"id":"`+open+`"}]}`), http.StatusUnprocessableEntity)
	b.answer(b.call("otto", "POST", "/v1/cases/assignments", `{"user":"robin","cases":[{"id":"`+open+`"}]}`), http.StatusForbidden)
}

func TestADecisionIsUndoneOverHTTPInItsTimeOnly(t *testing.T) {
	b := newBack(t)
	id := b.waiting("ada")
	decided := b.ok("rita", "POST", "/v1/cases/"+id+"/decisions", `{"event":"reject","reason":"forged","undo_seconds":8}`, "If-Match", `"2"`)
	undo, _ := decided["undo"].(map[string]any)
	if decided["outcome"] != "rejected" || undo["until"] != b.now.Add(8*time.Second).Format(time.RFC3339) {
		t.Fatalf("%v", decided)
	}
	b.answer(b.call("robin", "POST", "/v1/cases/"+id+"/undo", "", "If-Match", `"3"`), http.StatusForbidden)
	if back := b.ok("rita", "POST", "/v1/cases/"+id+"/undo", "", "If-Match", `"3"`); back["outcome"] != nil || back["status"] != "active" {
		t.Errorf("%v", back)
	}
	b.ok("rita", "POST", "/v1/cases/"+id+"/decisions", `{"event":"reject","reason":"forged","undo_seconds":8}`, "If-Match", `"4"`)
	b.now = b.now.Add(8 * time.Second)
	late := b.answer(b.call("rita", "POST", "/v1/cases/"+id+"/undo", "", "If-Match", `"5"`), http.StatusConflict)
	if late["code"] != "undo_over" {
		t.Errorf("%v", late)
	}
	b.answer(b.call("rita", "POST", "/v1/cases/"+id+"/decisions", `{"event":"approve","undo_seconds":31}`, "If-Match", `"5"`), http.StatusUnprocessableEntity)
}

func TestAStalePageSeesWhoChangedWhat(t *testing.T) {
	b := newBack(t)
	id := b.waiting("ada")
	b.answer(b.call("robin", "POST", "/v1/cases/"+id+"/notes", `{"text":"Secret remark about a person"}`), http.StatusCreated)
	w := b.call("rita", "POST", "/v1/cases/"+id+"/decisions", `{"event":"approve"}`, "If-Match", `"2"`)
	stale := b.answer(w, http.StatusPreconditionFailed)
	details, _ := stale["details"].(map[string]any)
	since, _ := details["since"].([]any)
	if len(since) != 1 || strings.Contains(w.Body.String(), "Secret remark") {
		t.Fatalf("%s", w.Body)
	}
	if entry, _ := since[0].(map[string]any); entry["cause"] != "note" || entry["actor"].(map[string]any)["id"] != "robin" {
		t.Errorf("%v", since[0])
	}
}

func TestViewsBelongToTheirOwnerAndSharedOnesAreSeenByAll(t *testing.T) {
	b := newBack(t)
	make := func(who, name string, shared string) (id string) {
		w := b.call(who, "POST", "/v1/views", `{"name":"`+name+`","shared":`+shared+`,"query":{"risk":"high"},"columns":["subject"]}`)
		id, _ = b.answer(w, http.StatusCreated)["id"].(string)
		return id
	}
	own, shared := make("rita", "mine", "false"), make("rita", "ours", "true")
	names := func(who string) (names []string) {
		data, _ := b.ok(who, "GET", "/v1/views", "")["data"].([]any)
		for _, one := range data {
			name, _ := one.(map[string]any)["name"].(string)
			names = append(names, name)
		}
		return names
	}
	if got := names("rita"); !slices.Equal(got, []string{"mine", "ours"}) {
		t.Errorf("rita sees %v", got)
	}
	if got := names("robin"); !slices.Equal(got, []string{"ours"}) {
		t.Errorf("robin sees %v", got)
	}
	change := `{"name":"changed","shared":true}`
	if w := b.call("robin", "PUT", "/v1/views/"+shared, change, "If-Match", `"1"`); w.Code != http.StatusForbidden {
		t.Errorf("robin changes rita's: %d", w.Code)
	}
	if w := b.call("mara", "PUT", "/v1/views/"+own, change, "If-Match", `"1"`); w.Code != http.StatusNotFound {
		t.Errorf("mara changes what she does not see: %d", w.Code)
	}
	b.ok("mara", "PUT", "/v1/views/"+shared, change, "If-Match", `"1"`)
	if w := b.call("rita", "PUT", "/v1/views/"+shared, change, "If-Match", `"1"`); w.Code != http.StatusPreconditionFailed && w.Code != http.StatusConflict {
		t.Errorf("over somebody's change: %d %s", w.Code, w.Body)
	}
	if w := b.call("rita", "POST", "/v1/views", `{"name":"x","query":{"password":"y"}}`); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a filter that does not exist: %d", w.Code)
	}
	if w := b.call("rita", "DELETE", "/v1/views/"+own, ""); w.Code != http.StatusNoContent {
		t.Errorf("deleted: %d", w.Code)
	}
}

func TestPeopleOnOneCaseSeeEachOther(t *testing.T) {
	b := newBack(t)
	id := b.waiting("ada")
	others := func(who, body string) (names []string) {
		data, _ := b.ok(who, "PUT", "/v1/cases/"+id+"/presence", body)["others"].([]any)
		for _, one := range data {
			other, _ := one.(map[string]any)
			name, _ := other["name"].(string)
			if other["editing"] == true {
				name += " deciding"
			}
			names = append(names, name)
		}
		return names
	}
	if got := others("rita", `{"editing":true}`); len(got) != 0 {
		t.Errorf("rita is alone, and sees %v", got)
	}
	if got := others("robin", `{"editing":false}`); !slices.Equal(got, []string{"rita deciding"}) {
		t.Errorf("robin sees %v", got)
	}
	b.call("rita", "DELETE", "/v1/cases/"+id+"/presence", "")
	if got := others("robin", `{"editing":false}`); len(got) != 0 {
		t.Errorf("rita has left, and is seen: %v", got)
	}
	b.now = b.now.Add(16 * time.Second)
	if got := others("rita", `{"editing":false}`); len(got) != 0 {
		t.Errorf("robin said nothing for 16 seconds, and is seen: %v", got)
	}
}

func TestStatisticsAndWorkflowsAreWhatTheyWere(t *testing.T) {
	b := newBack(t)
	id := b.waiting("ada")
	b.waiting("bea")
	b.now = b.now.Add(10 * time.Minute)
	b.ok("rita", "POST", "/v1/cases/"+id+"/decisions", `{"event":"approve"}`, "If-Match", `"2"`)
	days, _ := b.ok("rita", "GET", "/v1/statistics?days=7", "")["data"].([]any)
	today, _ := days[len(days)-1].(map[string]any)
	took, _ := today["decision_seconds"].(map[string]any)
	median, _ := took["median"].(float64)
	if len(days) != 7 || today["started"] != 2.0 || today["decided"] != 1.0 || today["completed"].(map[string]any)["approved"] != 1.0 || median < 550 || median > 650 {
		t.Errorf("%v", today)
	}
	outline := b.ok("otto", "GET", "/v1/workflows/desk", "")
	states, _ := outline["states"].([]any)
	second, _ := states[1].(map[string]any)
	if second["title"] != "To decide" || second["sla"] != "P1D" || len(outline["transitions"].([]any)) != 5 {
		t.Errorf("%v", outline)
	}
	b.answer(b.call("otto", "GET", "/v1/workflows/none", ""), http.StatusNotFound)
}

func TestHistoryOverHTTPComesNewestFirstByCauseInPages(t *testing.T) {
	b := newBack(t)
	id := b.waiting("ada")
	for _, text := range []string{"one", "two", "three"} {
		b.answer(b.call("rita", "POST", "/v1/cases/"+id+"/notes", `{"text":"`+text+`"}`), http.StatusCreated)
	}
	page := b.ok("rita", "GET", "/v1/cases/"+id+"/history?sort=-version&cause=note,started&limit=2", "")
	data, _ := page["data"].([]any)
	cursor, _ := page["next_cursor"].(string)
	if len(data) != 2 || data[0].(map[string]any)["version"] != 5.0 || cursor == "" {
		t.Fatalf("%v", page)
	}
	rest, _ := b.ok("rita", "GET", "/v1/cases/"+id+"/history?sort=-version&cause=note,started&limit=2&cursor="+cursor, "")["data"].([]any)
	if len(rest) != 2 || rest[1].(map[string]any)["cause"] != "started" {
		t.Errorf("%v", rest)
	}
	// A cursor is good for the same list, however it is written.
	again, _ := b.ok("rita", "GET", "/v1/cases/"+id+"/history?sort=-version&cause=note&cause=started&limit=2&cursor="+cursor, "")["data"].([]any)
	if len(again) != 2 || again[1].(map[string]any)["cause"] != "started" {
		t.Errorf("causes repeated: %v", again)
	}
	for _, query := range []string{"cause=gossip", "cause=note,gossip", "cause=note&cause=gossip", "cause=note,started&cause=" + strings.Repeat("note,", 20)} {
		b.answer(b.call("rita", "GET", "/v1/cases/"+id+"/history?"+query, ""), http.StatusUnprocessableEntity)
	}
}

// TestAnIncidentIsListedSkippedAndRetried goes through the addresses: what they do is tested with the cases.
func TestAnIncidentIsListedSkippedAndRetried(t *testing.T) {
	b := newBack(t)
	id := b.waiting("ada")
	path := "/v1/cases/" + id + "/incidents"
	if w := b.call("rita", "GET", path, ""); w.Code != 200 || len(b.answer(w, 200)["data"].([]any)) != 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, body := range []string{"", `{}`, `{"context":{}}`} {
		if w := b.call("mara", "POST", path+"/inc_none/retry", body); w.Code != 404 || !strings.Contains(w.Body.String(), "no such open incident") {
			t.Errorf("retry with %q: %d %s", body, w.Code, w.Body)
		}
	}
	if w := b.call("mara", "POST", path+"/inc_none/skip", `{"result":{"passed":true}}`); w.Code != 404 || !strings.Contains(w.Body.String(), "no such open incident") {
		t.Errorf("skip: %d %s", w.Code, w.Body)
	}
	if w := b.call("mara", "POST", path+"/inc_none/skip", `{}`); w.Code != 422 {
		t.Errorf("skip without a result: %d %s", w.Code, w.Body)
	}
	if w := b.call("rita", "POST", path+"/inc_none/skip", `{"result":null}`); w.Code != 403 {
		t.Errorf("a reviewer skips: %d %s", w.Code, w.Body)
	}
	if w := b.call("rita", "GET", "/v1/cases?incident=true", ""); w.Code != 200 || len(b.answer(w, 200)["data"].([]any)) != 0 {
		t.Errorf("listed: %d %s", w.Code, w.Body)
	}
}
