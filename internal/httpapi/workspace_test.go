package httpapi_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"testing"
)

const importsPath = "/v1/workspace/imports"

// exported is a workspace of another tenant, with one of each kind.
func (h *house) exported() object {
	h.t.Helper()
	for _, d := range documents {
		h.made(http.StatusCreated, "other ada", "POST", d.path+"/versions", object{"source": d.source, "comment": "from there"})
	}
	return h.made(http.StatusOK, "other ada", "GET", "/v1/workspace", nil)
}

func TestAWorkspaceIsTakenToAnotherTenant(t *testing.T) {
	h := newHouse(t)
	if empty := h.made(http.StatusOK, "otto", "GET", "/v1/workspace", nil); fmt.Sprint(empty["definitions"]) != "[]" || empty["format"] != 1.0 {
		t.Errorf("what ships is exported: %v", empty)
	}
	workspace := h.exported()
	exported, _ := workspace["definitions"].([]any)
	if len(exported) != 3 {
		t.Fatalf("%v", workspace)
	}
	for _, d := range exported {
		if at(d, "machine") != nil || at(d, "proposal") != nil || at(d, "tenant") != nil && at(d, "tenant") != "" {
			t.Errorf("what belongs to the environment is exported: %v", d)
		}
	}
	tried := h.made(http.StatusOK, "dana", "POST", importsPath, object{"workspace": workspace, "dry_run": true})
	if found, _ := tried["data"].([]any); len(found) != 3 || at(found, 0, "created") != true || at(found, 0, "dry_run") != true {
		t.Errorf("dry run: %v", tried)
	}
	if still := h.made(http.StatusOK, "otto", "GET", "/v1/workspace", nil); fmt.Sprint(still["definitions"]) != "[]" {
		t.Errorf("a dry run has imported: %v", still)
	}
	done := h.made(http.StatusOK, "dana", "POST", importsPath, object{"workspace": workspace})
	found, _ := done["data"].([]any)
	for _, one := range found {
		if at(one, "created") != true || at(one, "published_by") != "dana" || at(one, "comment") != "from there" {
			t.Errorf("imported: %v", one)
		}
	}
	if here := h.made(http.StatusOK, "otto", "GET", "/v1/workspace", nil); len(found) != 3 || here["digest"] != workspace["digest"] {
		t.Errorf("%d imported, digest %v, want %v", len(found), here["digest"], workspace["digest"])
	}
	again := h.made(http.StatusOK, "ada", "POST", importsPath, object{"workspace": workspace})
	if found, _ := again["data"].([]any); len(found) != 3 || at(found, 0, "created") != false || at(found, 2, "published_by") != "dana" {
		t.Errorf("imported again: %v", again)
	}
}

func TestWithFourEyesAWorkspaceIsOneProposal(t *testing.T) {
	h := newHouse(t)
	workspace := h.exported()
	h.fourEyes()
	w := h.call("ada", "POST", importsPath, text(object{"workspace": workspace}))
	proposal := h.answer(w, http.StatusAccepted)
	path := proposalsPath + "/" + fmt.Sprint(proposal["id"])
	if found, _ := proposal["documents"].([]any); len(found) != 3 || w.Header().Get("Location") != path {
		t.Errorf("%v %v", w.Header(), proposal)
	}
	if still := h.made(http.StatusOK, "otto", "GET", "/v1/workspace", nil); fmt.Sprint(still["definitions"]) != "[]" {
		t.Errorf("imported by one person: %v", still)
	}
	h.refused(map[string]refusal{"approved by oneself": {who: "ada", method: "POST", path: path + "/approval", status: 403, code: "forbidden"}})
	h.made(http.StatusOK, "adam", "POST", path+"/approval", nil)
	if here := h.made(http.StatusOK, "otto", "GET", "/v1/workspace", nil); here["digest"] != workspace["digest"] || at(here, "definitions", 0, "approved_by") != "adam" {
		t.Errorf("approved: %v", here)
	}
	if same := h.made(http.StatusOK, "ada", "POST", importsPath, object{"workspace": workspace}); at(same, "data", 0, "created") != false {
		t.Errorf("nothing is left to propose: %v", same)
	}
}

// sealed is a workspace of definitions with the digest that they have, as somebody makes it who does not export it.
func sealed(definitions ...object) object {
	sum := sha256.New()
	for _, d := range definitions {
		source := fmt.Sprint(d["source"])
		d["version"], d["digest"] = 1, "of no matter"
		fmt.Fprintf(sum, "%s\x00%s\x00%d\x00%s", d["kind"], d["id"], len(source), source)
	}
	return object{"format": 1, "definitions": definitions, "digest": fmt.Sprintf("sha256:%x", sum.Sum(nil))}
}

func TestAWorkspaceThatCannotBeImportedSaysWhereAndLeavesNothing(t *testing.T) {
	h := newHouse(t)
	workspace := h.exported()
	with := func(name string, value any) object {
		changed := object{}
		for key, kept := range workspace {
			changed[key] = kept
		}
		changed[name] = value
		return object{"workspace": changed}
	}
	rows := map[string]refusal{
		"exported by a reviewer": {who: "rita", method: "GET", path: "/v1/workspace", status: 403, code: "forbidden"},
		"exported by nobody":     {who: "nobody", method: "GET", path: "/v1/workspace", status: 401, code: "unauthenticated"},
		"imported by nobody":     {who: "nobody", method: "POST", path: importsPath, body: object{"workspace": workspace}, status: 401, code: "unauthenticated"},
		"another format":         {who: "ada", method: "POST", path: importsPath, body: with("format", 2), status: 422, code: "invalid", places: []string{"body.workspace.format"}},
		"changed":                {who: "ada", method: "POST", path: importsPath, body: with("definitions", []any{}), status: 422, code: "invalid", places: []string{"body.workspace.digest"}},
		"no workspace":           {who: "ada", method: "POST", path: importsPath, body: object{}, status: 422, code: "invalid", places: []string{"body.workspace"}},
		"not a list":             {who: "ada", method: "POST", path: importsPath, body: with("definitions", "x"), status: 422, code: "invalid", places: []string{"body.workspace.definitions"}},
	}
	bad := object{"kind": "policy", "id": "plain", "source": "id: plain\noutcomes: [a]\ndefault: b\n"}
	rows["in it twice, and of no kind"] = refusal{
		who: "ada", method: "POST", path: importsPath, body: object{"workspace": sealed(bad, bad, object{"kind": "plan", "id": "x", "source": "x"})},
		status: 422, code: "invalid", places: []string{"body.workspace.definitions[1].id", "body.workspace.definitions[2].kind"},
	}
	rows["in it a bad one beside a good one"] = refusal{
		who: "ada", method: "POST", path: importsPath, body: object{"workspace": sealed(bad, object{"kind": "plugin", "id": "oracle", "source": documents["plugin"].source})},
		status: 422, code: "invalid", places: []string{"policy plain: source:1:1", "policy plain: source:3:10"},
	}
	for _, who := range []string{"rita", "mara", "otto", "client", "key definitions:read"} {
		rows["imported by "+who] = refusal{who: who, method: "POST", path: importsPath, body: object{"workspace": workspace}, status: 403, code: "forbidden"}
	}
	h.refused(rows)
	if still := h.made(http.StatusOK, "otto", "GET", "/v1/workspace", nil); fmt.Sprint(still["definitions"]) != "[]" {
		t.Errorf("after all that: %v", still)
	}
}

func TestAProblemOfAWorkspaceNamesItsDefinitionAndLine(t *testing.T) {
	h := newHouse(t)
	bad := object{"kind": "policy", "id": "plain", "source": "id: plain\noutcomes: [a]\ndefault: b\n"}
	worse := object{"kind": "plugin", "id": "oracle", "source": "id: oracle\nrequest: []\n"}
	refused := h.answer(h.call("ada", "POST", importsPath, text(object{"workspace": sealed(bad, worse)})), http.StatusUnprocessableEntity)
	found, _ := at(refused, "details", "diagnostics").([]any)
	lines := map[any][]any{}
	for _, one := range found {
		lines[at(one, "file")] = append(lines[at(one, "file")], at(one, "line"))
	}
	if len(lines) != 2 || !slices.Contains(lines["policy plain"], any(3.0)) || !slices.Contains(lines["plugin oracle"], any(2.0)) {
		t.Errorf("%v", refused)
	}
}
