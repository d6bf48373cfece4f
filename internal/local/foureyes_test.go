package local_test

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ballerine/internal/identity"
	"ballerine/internal/local"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
	"ballerine/internal/store/embedded"
)

const (
	young   = "id: own\ntitle: Own\noutcomes: [review, approve]\ndefault: approve\nrules:\n  - {id: r, outcome: review, when: \"age < 18\"}\ncases:\n  - {name: young, now: 2026-01-01, input: {age: 3}, expect: {outcome: review}}\n"
	decides = "id: decides\ninitial: a\nstates:\n  a:\n    invoke: {src: rules, id: own, input: {policy: own}}\n    onDone: [{guard: \"own.outcome == 'review'\", target: b}, {target: c}]\n  b: {type: final}\n  c: {type: final}\n"
)

// newFourEyes is a system where nobody publishes alone.
func newFourEyes(t *testing.T) *system {
	t.Helper()
	s := newSystem(t, t.TempDir())
	t.Cleanup(s.stop)
	status, now := s.call("admin", "PUT", "/v1/publishing-settings", map[string]any{"four_eyes": true, "comment": "the auditors ask for it"}, "If-Match", `"1"`)
	if status != http.StatusOK || now["four_eyes"] != true || now["version"] != 2.0 || now["changed_by"] != "user_admin0" {
		t.Fatalf("%d %v", status, now)
	}
	return s
}

// is checks the status of an answer, and the code of a problem; "" for none.
func (s *system) is(what string, status int, answer map[string]any, want int, code string) {
	s.t.Helper()
	if got, _ := answer["code"].(string); status != want || got != code {
		s.t.Fatalf("%s: %d %v, want %d %s", what, status, answer, want, code)
	}
}

// propose publishes, which is a proposal; its id.
func (s *system) propose(role, path, source string) string {
	s.t.Helper()
	status, made := s.call(role, "POST", path, map[string]any{"source": source, "comment": "because"})
	s.is("propose", status, made, http.StatusAccepted, "")
	if made["status"] != "open" || made["comment"] != "because" || made["documents"].([]any)[0].(map[string]any)["source"] != nil {
		s.t.Fatalf("%v", made)
	}
	id, _ := made["id"].(string)
	return "/v1/proposals/" + id
}

func TestWithFourEyesAPolicyDecidesOnceAnotherPersonHasApprovedIt(t *testing.T) {
	s := newFourEyes(t)
	const path = "/v1/policies/own/versions"
	p := s.propose("admin", path, young)
	status, _ := s.call("auditor", "GET", path, nil)
	if status != http.StatusNotFound {
		t.Fatalf("it counts already: %d", status)
	}
	status, seen := s.call("manager", "GET", p, nil)
	s.is("read", status, seen, http.StatusOK, "")
	document := seen["documents"].([]any)[0].(map[string]any)
	diff := document["diff"].(map[string]any)
	found, _ := document["cases"].([]any)
	if document["source"] != young || document["base"] != 0.0 || document["newest"] != 0.0 || diff["added"] != 8.0 || diff["removed"] != 0.0 || len(found) != 1 || found[0].(map[string]any)["passed"] != true {
		t.Errorf("%v", document)
	}
	status, answer := s.call("admin", "POST", p+"/approval", map[string]any{})
	s.is("who has proposed it approves", status, answer, http.StatusForbidden, "forbidden")
	for name, scopes := range map[string][]string{"all": {"*"}, "approve": {"definitions:approve"}} {
		status, key := s.call("manager", "POST", "/v1/keys", map[string]any{"name": name, "scopes": scopes})
		s.is("a manager makes a key", status, key, http.StatusForbidden, "forbidden")
		if name == "all" {
			status, key = s.call("developer", "POST", "/v1/keys", map[string]any{"name": name, "scopes": scopes})
			s.is("a developer makes a key for everything", status, key, http.StatusForbidden, "forbidden")
		}
		status, key = s.call("admin", "POST", "/v1/keys", map[string]any{"name": name, "scopes": scopes})
		if name == "approve" {
			s.is("a key with that scope", status, key, http.StatusUnprocessableEntity, "invalid")
			continue
		}
		status, answer = s.with(key["secret"].(string), "POST", p+"/approval", map[string]any{})
		s.is("a key approves", status, answer, http.StatusForbidden, "forbidden")
	}
	for _, role := range []string{"developer", "reviewer", "auditor"} {
		status, answer = s.call(role, "POST", p+"/approval", map[string]any{})
		s.is(role+" approves", status, answer, http.StatusForbidden, "forbidden")
		status, answer = s.call(role, "POST", p+"/rejection", map[string]any{"reason": "no"})
		s.is(role+" rejects", status, answer, http.StatusForbidden, "forbidden")
	}
	for range 2 { // twice is once
		status, answer = s.call("manager", "POST", p+"/approval", map[string]any{"comment": "agreed"})
		s.is("another person approves", status, answer, http.StatusOK, "")
		if answer["status"] != "approved" || answer["decided_by"] != "user_manager1" || answer["reason"] != "agreed" {
			t.Errorf("%v", answer)
		}
	}
	status, versions := s.call("auditor", "GET", path, nil)
	s.is("versions", status, versions, http.StatusOK, "")
	list, _ := versions["data"].([]any)
	first := list[0].(map[string]any)
	if len(list) != 1 || first["published_by"] != "user_admin0" || first["approved_by"] != "user_manager1" || "/v1/proposals/"+first["proposal"].(string) != p || first["comment"] != "because" {
		t.Errorf("%v", versions)
	}
	w := s.propose("developer", "/v1/workflows/decides/versions", decides)
	if status, answer = s.call("admin", "POST", w+"/approval", nil); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	r := s.start("decides", "individual", map[string]any{"age": 7.0})
	s.reach(r.ID, "b")
	s.ended(r)
}

func TestAKeyThatProposesIsWhoMadeIt(t *testing.T) {
	s := newFourEyes(t)
	status, key := s.call("admin", "POST", "/v1/keys", map[string]any{"name": "pipeline", "scopes": []string{"definitions:publish", "definitions:read"}})
	if status != http.StatusCreated {
		t.Fatalf("%d %v", status, key)
	}
	status, made := s.with(key["secret"].(string), "POST", "/v1/policies/own/versions", map[string]any{"source": young})
	s.is("propose", status, made, http.StatusAccepted, "")
	behind, _ := made["behind"].([]any)
	if made["proposed_by"] != key["id"] || len(behind) != 1 || behind[0] != "user_admin0" {
		t.Errorf("%v", made)
	}
	p := "/v1/proposals/" + made["id"].(string)
	status, answer := s.call("admin", "POST", p+"/approval", map[string]any{})
	s.is("who made the key approves", status, answer, http.StatusForbidden, "forbidden")
	status, answer = s.call("developer", "POST", p+"/withdrawal", nil)
	s.is("somebody else withdraws", status, answer, http.StatusForbidden, "forbidden")
	status, answer = s.with(key["secret"].(string), "POST", p+"/withdrawal", nil)
	s.is("the key withdraws", status, answer, http.StatusOK, "")
}

func TestProposalsEndAndStay(t *testing.T) {
	s := newFourEyes(t)
	const path = "/v1/policies/own/versions"
	older, newer := s.propose("developer", path, young), s.propose("developer", path, strings.Replace(young, "18", "21", 1))
	rejected, withdrawn := s.propose("developer", path, strings.Replace(young, "18", "25", 1)), s.propose("developer", path, strings.Replace(young, "18", "30", 1))
	open := s.propose("developer", "/v1/workflows/asked/versions", onceAsked)
	status, answer := s.call("manager", "POST", newer+"/approval", map[string]any{})
	s.is("approve", status, answer, http.StatusOK, "")
	for range 2 {
		status, answer = s.call("manager", "POST", older+"/approval", map[string]any{})
		s.is("approve what is outdated", status, answer, http.StatusConflict, "outdated")
	}
	status, answer = s.call("manager", "POST", rejected+"/rejection", map[string]any{})
	s.is("reject without a reason", status, answer, http.StatusUnprocessableEntity, "invalid")
	status, answer = s.call("manager", "POST", rejected+"/rejection", map[string]any{"reason": "too old"})
	s.is("reject", status, answer, http.StatusOK, "")
	status, answer = s.call("admin", "POST", rejected+"/approval", map[string]any{})
	s.is("approve what was rejected", status, answer, http.StatusConflict, "already_decided")
	status, answer = s.call("developer", "POST", withdrawn+"/withdrawal", nil)
	s.is("withdraw", status, answer, http.StatusOK, "")
	status, answer = s.call("manager", "POST", withdrawn+"/approval", map[string]any{})
	s.is("approve what was withdrawn", status, answer, http.StatusConflict, "already_decided")

	for status, want := range map[string][]string{"": {open, withdrawn, rejected, newer, older}, "open": {open}, "approved": {newer}, "rejected": {rejected}, "withdrawn": {withdrawn}, "outdated": {older}} {
		var got []string
		cursor := ""
		for range 9 {
			code, page := s.call("auditor", "GET", "/v1/proposals?limit=2&status="+status+"&cursor="+cursor, nil)
			s.is("list", code, page, http.StatusOK, "")
			for _, one := range page["data"].([]any) {
				got = append(got, "/v1/proposals/"+one.(map[string]any)["id"].(string))
			}
			if cursor, _ = page["next_cursor"].(string); cursor == "" {
				break
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", status, got, want)
		}
	}
	status, answer = s.call("auditor", "GET", rejected, nil)
	if document := answer["documents"].([]any)[0].(map[string]any); status != http.StatusOK || answer["reason"] != "too old" || answer["decided_by"] != "user_manager1" || !strings.Contains(document["source"].(string), "25") {
		t.Errorf("%d %v", status, answer)
	}
	for _, role := range []string{"reviewer"} {
		status, answer = s.call(role, "GET", "/v1/proposals", nil)
		s.is(role+" reads", status, answer, http.StatusForbidden, "forbidden")
	}
}

func TestAWorkspaceIsApprovedAsAWhole(t *testing.T) {
	from := newSystem(t, t.TempDir())
	for path, source := range map[string]string{"/v1/policies/own/versions": young} {
		status, made := from.call("developer", "POST", path, map[string]any{"source": source})
		from.is("publish", status, made, http.StatusCreated, "")
	}
	status, made := from.call("developer", "POST", "/v1/workflows/decides/versions", map[string]any{"source": decides})
	from.is("publish", status, made, http.StatusCreated, "")
	status, workspace := from.call("developer", "GET", "/v1/workspace", nil)
	from.is("export", status, workspace, http.StatusOK, "")
	from.stop()

	s := newFourEyes(t)
	body := map[string]any{"workspace": workspace, "dry_run": true}
	status, made = s.call("developer", "POST", "/v1/workspace/imports", body)
	s.is("a dry run", status, made, http.StatusOK, "")
	body["dry_run"] = false
	status, made = s.call("developer", "POST", "/v1/workspace/imports", body)
	s.is("import", status, made, http.StatusAccepted, "")
	p := "/v1/proposals/" + made["id"].(string)
	status, answer := s.call("admin", "GET", p, nil)
	documents, _ := answer["documents"].([]any)
	if status != http.StatusOK || len(documents) != 2 || documents[1].(map[string]any)["problems"] != nil {
		t.Fatalf("the workflow names the policy that comes with it: %d %v", status, answer)
	}
	status, answer = s.call("admin", "POST", p+"/approval", map[string]any{})
	s.is("approve", status, answer, http.StatusOK, "")
	status, copied := s.call("developer", "POST", "/v1/workflows/decides/copy", map[string]any{"id": "decides-too"})
	s.is("copy", status, copied, http.StatusAccepted, "")
	r := s.start("decides", "individual", map[string]any{"age": 7.0})
	s.reach(r.ID, "b")
	s.ended(r)
}

func TestFourEyesAreTurnedOffByASecondPerson(t *testing.T) {
	s := newFourEyes(t)
	off := map[string]any{"four_eyes": false}
	for _, role := range []string{"manager", "developer", "auditor", "reviewer"} {
		status, answer := s.call(role, "PUT", "/v1/publishing-settings", off, "If-Match", `"2"`)
		s.is(role, status, answer, http.StatusForbidden, "forbidden")
	}
	status, answer := s.call("admin", "PUT", "/v1/publishing-settings", off)
	s.is("without If-Match", status, answer, http.StatusPreconditionRequired, "precondition_required")
	status, answer = s.call("admin", "PUT", "/v1/publishing-settings", off, "If-Match", `"1"`)
	s.is("stale", status, answer, http.StatusPreconditionFailed, "stale")
	status, made := s.call("admin", "PUT", "/v1/publishing-settings", off, "If-Match", `"2"`)
	s.is("turn it off", status, made, http.StatusAccepted, "")
	p := "/v1/proposals/" + made["id"].(string)
	status, answer = s.call("admin", "POST", p+"/approval", map[string]any{})
	s.is("alone", status, answer, http.StatusForbidden, "forbidden")
	status, now := s.call("auditor", "GET", "/v1/publishing-settings", nil)
	if status != http.StatusOK || now["four_eyes"] != true {
		t.Fatalf("%d %v", status, now)
	}
	status, answer = s.call("manager", "POST", p+"/approval", map[string]any{})
	s.is("by two", status, answer, http.StatusOK, "")
	status, now = s.call("auditor", "GET", "/v1/publishing-settings", nil)
	if status != http.StatusOK || now["four_eyes"] != false || now["changed_by"] != "user_admin0" || now["approved_by"] != "user_manager1" || now["version"] != 3.0 {
		t.Errorf("%d %v", status, now)
	}
	status, made = s.call("developer", "POST", "/v1/policies/own/versions", map[string]any{"source": young})
	if s.is("publish alone again", status, made, http.StatusCreated, ""); made["approved_by"] != nil || made["proposal"] != nil {
		t.Errorf("%v", made)
	}
}

func TestAnotherTenantSeesNoProposal(t *testing.T) {
	s := newFourEyes(t)
	p := s.propose("developer", "/v1/policies/own/versions", young)
	keys := identity.NewKeys(identity.KeysConfig{Store: s.Core.Parts.Keys})
	_, theirs, err := keys.Create(t.Context(), identity.Principal{Tenant: "other", Kind: identity.User, ID: "user_manager1", Roles: []string{"admin"}}, identity.CreateKey{Scopes: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	for call, body := range map[string]any{"GET " + p: nil, "POST " + p + "/withdrawal": nil} {
		method, path, _ := strings.Cut(call, " ")
		status, answer := s.with(theirs, method, path, body)
		s.is(call, status, answer, http.StatusNotFound, "not_found")
	}
	status, answer := s.with(theirs, "GET", "/v1/proposals", nil)
	if list, _ := answer["data"].([]any); status != http.StatusOK || len(list) != 0 {
		t.Errorf("%d %v", status, answer)
	}
	if status, answer = s.with(theirs, "GET", "/v1/publishing-settings", nil); status != http.StatusOK || answer["four_eyes"] != false || answer["version"] != 1.0 {
		t.Errorf("%d %v", status, answer)
	}
	publisher, err := s.Core.Publisher()
	if err != nil {
		t.Fatal(err)
	}
	person, id := identity.Principal{Tenant: "other", Kind: identity.User, ID: "user_manager1", Roles: []string{"admin"}}, strings.TrimPrefix(p, "/v1/proposals/")
	if _, err := publisher.Approve(t.Context(), person, id, ""); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("approve: %v", err)
	}
	if _, err := publisher.Reject(t.Context(), person, id, "no"); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("reject: %v", err)
	}
}

func TestACallThatIsRepeatedProposesOnce(t *testing.T) {
	s := newFourEyes(t)
	var ids []any
	for range 2 {
		status, made := s.call("developer", "POST", "/v1/policies/own/versions", map[string]any{"source": young}, "Idempotency-Key", "once")
		s.is("propose", status, made, http.StatusAccepted, "")
		ids = append(ids, made["id"])
	}
	if ids[0] != ids[1] {
		t.Errorf("%v", ids)
	}
}

func TestAMachineDoesNotTakeThePlaceOfAnotherOfTheSameVersion(t *testing.T) {
	db, err := embedded.Open(filepath.Join(t.TempDir(), "machines.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	machine := func(state string) []byte {
		return []byte(`{"StartAt": "` + state + `", "States": {"` + state + `": {"Type": "Succeed"}}}`)
	}
	names := map[string]bool{}
	for _, state := range []string{"a", "b", "a"} {
		name, err := local.NewMachines(db).Publish(t.Context(), registry.MachineVersion{Tenant: "demo", Workflow: strings.Repeat("w", 60), Version: 1, Definition: machine(state)})
		if err != nil || len(name) > 80 {
			t.Fatalf("%q %v", name, err)
		}
		names[name] = true
	}
	if len(names) != 2 {
		t.Errorf("%v", names)
	}
}
