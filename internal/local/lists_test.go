package local_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"ballerine/internal/local"
	"ballerine/internal/policy/ledger"
)

const listPolicy = `id: amounts
inputs: {type: object, properties: {who: {type: string, personal: true}, account: {type: number}, country: {type: string}}}
outcomes: [reject, review, approve]
default: approve
rules:
  - {id: blocked, when: {list: blocked, field: who}, outcome: reject}
  - {id: account, when: {field: account, operator: IN_LIST, value: accounts}, outcome: review}
`

// raw is a request with a body of any kind; the answer is text.
func (s *system) raw(role, method, path, kind, body string, header ...string) (int, string, http.Header) {
	s.t.Helper()
	at := slices.IndexFunc(s.Demo.Users, func(u local.DemoUser) bool { return slices.Contains(u.Roles, role) })
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil || at < 0 {
		s.t.Fatal(role, err)
	}
	request.Header.Set("Authorization", "Bearer "+s.Demo.Users[at].Token)
	if body != "" {
		request.Header.Set("Content-Type", kind)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, string(text), response.Header
}

// list makes a list and puts its entries.
func (s *system) list(id, shape, entries string) {
	s.t.Helper()
	if status, text, _ := s.raw("manager", "PUT", "/v1/lists/"+id, "application/json", shape, "If-Match", "*"); status != http.StatusCreated && status != http.StatusOK {
		s.t.Fatalf("%d %s", status, text)
	}
	if status, text, _ := s.raw("manager", "PUT", "/v1/lists/"+id+"/entries", "text/csv", entries, "If-Match", "*"); status != http.StatusOK {
		s.t.Fatalf("%d %s", status, text)
	}
}

// editionsOf are those that a rule of an answer's trace names.
func editionsOf(answer map[string]any, rule string) string {
	trace, _ := answer["trace"].([]any)
	for _, one := range trace {
		if step, _ := one.(map[string]any); step["rule"] == rule {
			return fmt.Sprint(step["editions"])
		}
	}
	return ""
}

func TestDecisionsReplayWithTheirEditionsOfLists(t *testing.T) {
	data := t.TempDir()
	s := newSystem(t, data)
	defer func() { s.stop() }()
	s.list("blocked", `{"type":"block","title":"Blocked","matching":"ignoring_case"}`, "\ufeffvalue;expires_at;note\r\nMallory;;a note\r\n\"Eve, the second\";2020-01-01;\r\n")
	s.list("accounts", `{"type":"own","holds":"number"}`, "value\n4711\n")
	s.publish("/v1/policies/amounts/versions", listPolicy)

	first := s.evaluate(map[string]any{"who": "MALLORY", "account": 1})
	if first["outcome"] != "reject" || editionsOf(first, "blocked") != "map[blocked:1]" || editionsOf(first, "account") != "map[accounts:1]" {
		t.Fatalf("%v", first)
	}
	if answer := s.evaluate(map[string]any{"who": "Eve, the second", "account": 4711}); answer["outcome"] != "review" {
		t.Errorf("an entry counts that has expired, or another does not: %v", answer)
	}
	status, old := s.call("admin", "POST", "/v1/policies/amounts/evaluate", map[string]any{"input": map[string]any{"who": "eve, the second", "account": 1}, "now": "2019-12-31T23:59:59.999Z"})
	if status != http.StatusOK || old["outcome"] != "reject" {
		t.Errorf("it counts before it expires: %d %v", status, old)
	}

	status, changed := s.call("manager", "POST", "/v1/lists/blocked/changes", map[string]any{"add": []any{map[string]any{"value": "Trudy", "expires_at": nil}}, "remove": []string{"mallory", "Nobody"}})
	if status != http.StatusOK || changed["edition"] != 2.0 || changed["added"] != 1.0 || changed["removed"] != 1.0 || changed["missing"] != 1.0 || changed["entries"] != 2.0 {
		t.Fatalf("%d %v", status, changed)
	}
	second := s.evaluate(map[string]any{"who": "Mallory", "account": 1})
	if second["outcome"] != "approve" || editionsOf(second, "blocked") != "map[blocked:2]" {
		t.Errorf("%v", second)
	}
	for _, answer := range []map[string]any{first, second, old} {
		at := fmt.Sprintf("/v1/policies/amounts/decisions/%v", answer["decision"])
		if status, replay := s.call("auditor", "POST", at+"/replay", map[string]any{}); status != http.StatusOK || replay["identical"] != true {
			t.Errorf("%d %v", status, replay)
		}
	}
	status, kept := s.call("auditor", "GET", fmt.Sprintf("/v1/policies/amounts/decisions/%v", first["decision"]), nil)
	if editions, _ := kept["editions"].(map[string]any); status != http.StatusOK || editions["blocked"] != "1" || editions["accounts"] != "1" {
		t.Errorf("%d %v", status, kept)
	}

	if status, text, _ := s.raw("manager", "DELETE", "/v1/lists/blocked/editions/1", "", ""); status != http.StatusNoContent {
		t.Fatalf("%d %s", status, text)
	}
	s.stop()
	s = newSystem(t, data) // a process that has not read that edition
	status, gone := s.call("auditor", "POST", fmt.Sprintf("/v1/policies/amounts/decisions/%v/replay", first["decision"]), map[string]any{})
	if status != http.StatusConflict || gone["code"] != "not_ready" {
		t.Errorf("what was erased is not made up: %d %v", status, gone)
	}
	if status, replay := s.call("auditor", "POST", fmt.Sprintf("/v1/policies/amounts/decisions/%v/replay", second["decision"]), map[string]any{}); status != http.StatusOK || replay["identical"] != true {
		t.Errorf("%d %v", status, replay)
	}
}

func TestAPolicyThatNamesAListThatIsNotThereIsRefusedWithAHint(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	s.list("blocked", `{"type":"block"}`, "value\nMallory\n")
	status, answer := s.call("admin", "POST", "/v1/policies/amounts/versions", map[string]any{"source": strings.Replace(listPolicy, "list: blocked", "list: bloked", 1)})
	if text := fmt.Sprint(answer); status != http.StatusUnprocessableEntity || !strings.Contains(text, "there is no list bloked") || !strings.Contains(text, "did you mean blocked?") || !strings.Contains(text, "there is no list accounts") {
		t.Errorf("%d %v", status, answer)
	}
}

func TestAnEvaluationWhoseListIsGoneIsAnErrorAndNoDecision(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	s.list("blocked", `{"type":"block"}`, "value\nMallory\n")
	if status, text, _ := s.raw("manager", "PUT", "/v1/lists/accounts", "application/json", `{"type":"own","holds":"number"}`); status != http.StatusCreated {
		t.Fatalf("%d %s", status, text)
	}
	s.publish("/v1/policies/amounts/versions", listPolicy)
	evaluate := func(want ...string) {
		t.Helper()
		status, answer := s.call("manager", "POST", "/v1/policies/amounts/evaluate", map[string]any{"input": map[string]any{"who": "Anna", "account": 1}})
		if status != http.StatusConflict || answer["code"] != "unknown_list" {
			t.Fatalf("%d %v", status, answer)
		}
		var outcomes []string
		for _, one := range answer["errors"].([]any) {
			outcomes = append(outcomes, fmt.Sprint(one.(map[string]any)["message"]))
		}
		if !slices.Equal(outcomes, want) {
			t.Errorf("%q, want %q", outcomes, want)
		}
	}
	evaluate("no entries were uploaded to the list accounts yet")
	if status, text, _ := s.raw("manager", "DELETE", "/v1/lists/blocked", "", "", "If-Match", `"1"`); status != http.StatusNoContent {
		t.Fatalf("%d %s", status, text)
	}
	evaluate("no entries were uploaded to the list accounts yet", "there is no list blocked")
	page, _, err := s.Core.Ledger.Decisions(t.Context(), s.client.Tenant, "amounts", ledger.Query{Limit: 10})
	if err != nil || len(page) != 0 {
		t.Errorf("%+v %v", page, err)
	}
	if chunks, err := s.Core.Lists.Editions(t.Context(), s.client.Tenant, "blocked", 0, 0); err != nil || len(chunks) != 1 || !chunks[0].Forgotten {
		t.Errorf("the entries of a list that was deleted are there: %+v %v", chunks, err)
	}
	s.list("blocked", `{"type":"block"}`, "value\nAnna\n")
	s.list("accounts", `{"type":"own","holds":"number"}`, "value\n")
	if answer := s.evaluate(map[string]any{"who": "Anna", "account": 1}); answer["outcome"] != "reject" || editionsOf(answer, "blocked") != "map[blocked:2]" {
		t.Errorf("numbers are used again: %v", answer)
	}
}

func TestAListIsReadAndWrittenByThoseWhoMay(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	var csv strings.Builder
	csv.WriteString("value,note\n")
	for i := range 2500 {
		fmt.Fprintf(&csv, "name %04d,\"a, b\"\n", i)
	}
	s.list("names", `{"type":"allow","title":"Names"}`, csv.String())
	for role, want := range map[string][3]int{
		"manager": {200, 200, 428}, "auditor": {200, 200, 403}, "developer": {200, 403, 403}, "reviewer": {403, 403, 403},
	} {
		read, _, _ := s.raw(role, "GET", "/v1/lists/names", "", "")
		entries, _, header := s.raw(role, "GET", "/v1/lists/names/entries", "", "")
		write, _, _ := s.raw(role, "PUT", "/v1/lists/names/entries", "text/csv", "value\nx\n")
		if got := [3]int{read, entries, write}; got != want || entries == 200 && header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v, want %v", role, got, want)
		}
	}

	export, at, pages := "", "/v1/lists/names/entries?limit=1100", 0
	for ; at != ""; pages++ {
		status, text, header := s.raw("auditor", "GET", at, "", "", "Accept", "text/csv")
		if status != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), "text/csv") || header.Get("ETag") != `"1"` {
			t.Fatalf("%d %s %v", status, text, header)
		}
		export += text
		next, _, more := strings.Cut(header.Get("Link"), ">")
		if at = strings.TrimPrefix(next, "<"); !more {
			at = ""
		}
		if pages == 0 { // a change does not get into the pages of what was begun
			if status, answer := s.call("manager", "POST", "/v1/lists/names/changes", map[string]any{"add": []any{map[string]any{"value": "name 2000 and a half"}}}); status != http.StatusOK || answer["edition"] != 2.0 {
				t.Fatalf("%d %v", status, answer)
			}
		}
	}
	if pages != 3 || strings.Count(export, "\n") != 2501 || strings.Contains(export, "half") {
		t.Errorf("%d pages with %d lines", pages, strings.Count(export, "\n"))
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = io.WriteString(w, export)
	_ = w.Close()
	status, text, header := s.raw("manager", "PUT", "/v1/lists/names/entries", "application/gzip", packed.String(), "If-Match", `"2"`)
	if status != http.StatusOK || header.Get("ETag") != `"3"` || !strings.Contains(text, `"created":true`) {
		t.Errorf("%d %s", status, text)
	}
	status, answer := s.call("auditor", "GET", "/v1/lists/names/editions?limit=2", nil)
	editions, _ := answer["data"].([]any)
	if status != http.StatusOK || len(editions) != 2 || editions[0].(map[string]any)["edition"] != 3.0 || answer["next_cursor"] == nil {
		t.Fatalf("%d %v", status, answer)
	}
	status, answer = s.call("auditor", "GET", fmt.Sprintf("/v1/lists/names/editions?limit=2&cursor=%v", answer["next_cursor"]), nil)
	last, _ := answer["data"].([]any)
	if status != http.StatusOK || len(last) != 1 || last[0].(map[string]any)["digest"] != editions[0].(map[string]any)["digest"] || answer["next_cursor"] != nil {
		t.Errorf("export and import gave another list: %d %v", status, answer)
	}
	if status, text, _ = s.raw("manager", "PUT", "/v1/lists/names/entries", "application/json", `{"entries":[{"value":"x"}]}`, "If-Match", `"2"`); status != http.StatusPreconditionFailed || !strings.Contains(text, `"edition":3`) {
		t.Errorf("%d %s", status, text)
	}
	if status, text, _ = s.raw("manager", "PUT", "/v1/lists/names/entries", "application/json", `{"entries":[{"value":"x","expires_at":"2027-01-01"}]}`, "If-Match", `"3"`); status != http.StatusOK || !strings.Contains(text, `"edition":4`) {
		t.Errorf("%d %s", status, text)
	}
	status, answer = s.call("auditor", "GET", "/v1/lists/names/entries", nil)
	if page, _ := answer["data"].([]any); status != http.StatusOK || len(page) != 1 || page[0].(map[string]any)["expires_at"] != "2027-01-01T00:00:00Z" {
		t.Errorf("%d %v", status, answer)
	}
	if status, answer = s.call("auditor", "GET", "/v1/lists", nil); status != http.StatusOK || len(answer["data"].([]any)) != 1 {
		t.Errorf("%d %v", status, answer)
	}
}

func TestWhatIsWrongWithAnUploadIsReportedAtOnceWithoutAValue(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	s.list("names", `{"type":"allow"}`, "value\nfirst\n")
	status, text, _ := s.raw("manager", "PUT", "/v1/lists/names/entries", "text/csv",
		"value;expires_at\nsecret;31.12.2026\nsecret two;2026-12-31\n;2026-01-01\nsecret two;\nsecret \"three;\n", "If-Match", "*")
	for _, want := range []string{"body:2:8", "body:4:1", "body:5:1", "body:6:8", `"line":2`, "in line 3, too"} {
		if status != http.StatusUnprocessableEntity || !strings.Contains(text, want) || strings.Contains(text, "secret") {
			t.Errorf("%s: %d %s", want, status, text)
		}
	}
	for kind, c := range map[string]struct {
		body   string
		status int
	}{
		"application/xml":  {"<secret/>", http.StatusUnsupportedMediaType},
		"application/json": {`{"entries":[{"value":5},{"value":"secret","until":"secret"}]}`, http.StatusUnprocessableEntity},
		"application/gzip": {"secret", http.StatusUnprocessableEntity},
		"text/csv":         {"value\n" + strings.Repeat("secret", 1<<20), http.StatusRequestEntityTooLarge},
	} {
		if status, text, _ := s.raw("manager", "PUT", "/v1/lists/names/entries", kind, c.body, "If-Match", "*"); status != c.status || strings.Contains(text, "secret") {
			t.Errorf("%s: %d %s", kind, status, text)
		}
	}
	if l, err := s.Core.ListService().Get(t.Context(), s.client.Tenant, "names"); err != nil || l.Edition != 1 {
		t.Errorf("%+v %v", l, err)
	}
}

func TestCasesAndGuardsAskLists(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	for id, shape := range map[string]string{"blocked": `{"type":"block"}`, "accounts": `{"type":"own","holds":"number"}`} {
		if status, text, _ := s.raw("manager", "PUT", "/v1/lists/"+id, "application/json", shape); status != http.StatusCreated {
			t.Fatalf("%d %s", status, text)
		}
	}
	s.publish("/v1/policies/amounts/versions", listPolicy)
	s.publish("/v1/workflows/asks/versions", "id: asks\ninitial: a\nstates:\n"+
		"  a:\n    invoke: {src: rules, id: amounts, input: {policy: amounts}, retry: {attempts: 0}}\n    onDone: [{guard: \"amounts.outcome == 'reject'\", target: b}, {target: d}]\n"+
		"  b: {on: {GO: [{guard: {type: policy, options: {policy: amounts, outcome: reject}}, target: c}, {target: d}]}}\n  c: {type: final}\n  d: {type: final}\n")
	r := s.start("asks", "individual", map[string]any{"who": "Mallory", "account": 1.0})
	var incident string
	s.until("the work fails while its lists have no entries", func() bool {
		now, err := s.Core.Cases.Get(t.Context(), s.client, r.ID)
		if err == nil && len(now.Incidents) == 1 {
			incident = now.Incidents[0].ID
		}
		return incident != ""
	})
	if page, _, err := s.Core.Ledger.Decisions(t.Context(), s.client.Tenant, "amounts", ledger.Query{Limit: 10}); err != nil || len(page) != 0 {
		t.Errorf("it has decided: %+v %v", page, err)
	}
	s.list("blocked", `{"type":"block"}`, "value\nMallory\n")
	s.list("accounts", `{"type":"own","holds":"number"}`, "value\n")
	if status, answer := s.call("manager", "POST", "/v1/cases/"+r.ID+"/incidents/"+incident+"/retry", map[string]any{}); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	s.reach(r.ID, "b")
	if status, answer := s.call("manager", "POST", "/v1/lists/blocked/changes", map[string]any{"remove": []string{"Mallory"}, "add": []any{map[string]any{"value": "Eve"}}}); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	s.send(r.ID, "GO") // the guard asks the newest edition
	s.reach(r.ID, "d")
	page, _, err := s.Core.Ledger.Decisions(t.Context(), s.client.Tenant, "amounts", ledger.Query{Limit: 10})
	if err != nil || len(page) != 1 || page[0].Editions["blocked"] != "1" || page[0].Case != r.ID {
		t.Fatalf("%+v %v", page, err)
	}
	if replay, err := s.Core.Decider().Replay(t.Context(), s.client.Tenant, "amounts", page[0].ID); err != nil || !replay.Identical {
		t.Errorf("%+v %v", replay, err)
	}
}
