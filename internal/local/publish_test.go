package local_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/local"
)

// The second version of a workflow asks a person twice.
const (
	onceAsked  = "id: asked\ntitle: Asked once\ninitial: first\nstates:\n  first: {on: {GO: done}}\n  done: {type: final}\n"
	twiceAsked = "id: asked\ntitle: Asked twice\ninitial: first\nstates:\n  first: {on: {GO: second}}\n  second: {on: {GO: done}, after: {P30D: done}}\n  done: {type: final}\n"
)

// call is a request by a person of the back office; the answer is decoded. Headers come in pairs.
func (s *system) call(role, method, path string, body any, header ...string) (int, map[string]any) {
	s.t.Helper()
	return s.with(s.token(role), method, path, body, header...)
}

// token is that of somebody with a role.
func (s *system) token(role string) string {
	s.t.Helper()
	at := slices.IndexFunc(s.Demo.Users, func(u local.DemoUser) bool { return slices.Contains(u.Roles, role) })
	if at < 0 {
		s.t.Fatalf("nobody is a %s", role)
	}
	return s.Demo.Users[at].Token
}

// with is a request with a credential.
func (s *system) with(credential, method, path string, body any, header ...string) (int, map[string]any) {
	s.t.Helper()
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			s.t.Fatal(err)
		}
	}
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, bytes.NewReader(text))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+credential)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("Idempotency-Key", s.Core.NewID("key"))
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	answer := map[string]any{}
	if err := json.Unmarshal(raw, &answer); err != nil && len(raw) > 0 {
		s.t.Fatalf("%s %s: %s", method, path, raw)
	}
	return response.StatusCode, answer
}

func TestRunningCasesStayOnTheirVersion(t *testing.T) {
	data := t.TempDir()
	s := newSystem(t, data)
	status, made := s.call("developer", "POST", "/v1/workflows/asked/versions", map[string]any{"source": onceAsked})
	if status != http.StatusCreated || made["version"] != 1.0 {
		t.Fatalf("%d %v", status, made)
	}
	old := s.start("asked", "individual", nil)
	s.reach(old.ID, "first")
	if status, made = s.call("developer", "POST", "/v1/workflows/asked/versions", map[string]any{"source": twiceAsked, "comment": "asks again"}); status != http.StatusCreated || made["version"] != 2.0 {
		t.Fatalf("%d %v", status, made)
	}
	young := s.start("asked", "individual", nil)
	if old.Workflow.Version != 1 || young.Workflow.Version != 2 {
		t.Fatalf("versions %d and %d", old.Workflow.Version, young.Workflow.Version)
	}
	s.until("both wait", func() bool {
		for _, id := range []string{old.ID, young.ID} {
			if r, err := s.Core.Cases.Get(t.Context(), s.client, id); err != nil || len(r.Parked) == 0 {
				return false
			}
		}
		return true
	})
	s.stop()

	s = newSystem(t, data) // the machines that were published are there again
	defer s.stop()
	s.send(old.ID, "GO")
	s.reach(old.ID, "done")
	s.ended(old)
	s.send(young.ID, "GO")
	s.reach(young.ID, "second")
	s.send(young.ID, "GO")
	s.reach(young.ID, "done")
	s.ended(young)

	status, list := s.call("auditor", "GET", "/v1/workflows/asked/versions", nil)
	versions, _ := list["data"].([]any)
	if status != http.StatusOK || len(versions) != 2 || versions[0].(map[string]any)["comment"] != "asks again" {
		t.Errorf("%d %v", status, list)
	}
}

func TestWhatIsWrongWithADocumentIsReportedByItsLine(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	status, answer := s.call("developer", "POST", "/v1/workflows/asked/versions", map[string]any{"source": strings.Replace(onceAsked, "GO: done", "GO: don", 1)})
	details, _ := answer["details"].(map[string]any)
	found, _ := details["diagnostics"].([]any)
	if status != http.StatusUnprocessableEntity || len(found) != 1 {
		t.Fatalf("%d %v", status, answer)
	}
	one, _ := found[0].(map[string]any)
	if one["line"] != 5.0 || one["hint"] != "did you mean done?" || !strings.Contains(one["excerpt"].(string), "^^^") {
		t.Errorf("%v", one)
	}
	if status, _ = s.call("reviewer", "POST", "/v1/workflows/asked/versions", map[string]any{"source": onceAsked}); status != http.StatusForbidden {
		t.Errorf("a reviewer publishes: %d", status)
	}
}

func TestAPolicyThatIsPublishedDecidesTheNextCase(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	publish := func(path, source string) {
		t.Helper()
		if status, answer := s.call("admin", "POST", path, map[string]any{"source": source}); status != http.StatusCreated {
			t.Fatalf("%d %v", status, answer)
		}
	}
	policy := "id: own\noutcomes: [review, approve]\ndefault: approve\nrules:\n  - {id: r, outcome: review, when: \"age < 18\"}\n"
	publish("/v1/policies/own/versions", policy)
	publish("/v1/workflows/decides/versions", "id: decides\ninitial: a\nstates:\n  a:\n    invoke: {src: rules, id: own, input: {policy: own}}\n    onDone: [{guard: \"own.outcome == 'review'\", target: b}, {target: c}]\n  b: {type: final}\n  c: {type: final}\n")
	decided := func(want string) {
		t.Helper()
		r := s.start("decides", "individual", map[string]any{"age": 20.0})
		if w := s.reach(r.ID, want); w.Status != cases.StatusCompleted {
			t.Errorf("%+v", w)
		}
	}
	decided("c")
	publish("/v1/policies/own/versions", strings.Replace(policy, "age < 18", "age < 21", 1))
	decided("b")
}

func TestRunningCasesAreMovedToAnotherVersion(t *testing.T) {
	data := t.TempDir()
	s := newSystem(t, data)
	publish := func(source string) {
		t.Helper()
		if status, answer := s.call("developer", "POST", "/v1/workflows/asked/versions", map[string]any{"source": source}); status != http.StatusCreated {
			t.Fatalf("%d %v", status, answer)
		}
	}
	publish(twiceAsked)
	here, there := s.start("asked", "individual", nil), s.start("asked", "individual", nil)
	s.send(there.ID, "GO")
	s.reach(there.ID, "second")
	publish(onceAsked) // has no second state
	migrate := func(states map[string]string, dryRun bool) map[string]any {
		t.Helper()
		body := map[string]any{"from": 1, "to": 2, "dry_run": dryRun}
		if states != nil { // null is refused
			body["states"] = states
		}
		status, answer := s.call("admin", "POST", "/v1/workflows/asked/migrations", body)
		counts, _ := answer["counts"].(map[string]any)
		if status != http.StatusOK {
			t.Fatalf("%d %v", status, answer)
		}
		return counts
	}
	if counts := migrate(nil, true); counts["would_move"] != 1.0 || counts["refused"] != 1.0 {
		t.Errorf("dry run %v", counts)
	}
	if counts := migrate(map[string]string{"second": "first"}, false); counts["moved"] != 2.0 {
		t.Errorf("%v", counts)
	}
	s.stop()

	s = newSystem(t, data) // the executions that took over go on
	defer s.stop()
	for _, id := range []string{here.ID, there.ID} {
		s.reach(id, "first")
		s.send(id, "GO")
		s.reach(id, "done")
		r, err := s.Core.Cases.Get(t.Context(), s.client, id)
		if err != nil || r.Workflow.Version != 2 || r.Execution.Sequence != 2 {
			t.Errorf("%+v, %v", r.Execution, err)
		}
		s.ended(r)
	}
	former := here
	former.Execution.Name = here.ID + "-1"
	s.ended(former)
}
