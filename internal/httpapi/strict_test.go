package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
)

// places are those that an answer finds fault with, with their codes.
func places(answer map[string]any) string {
	var found []string
	list, _ := answer["errors"].([]any)
	for _, one := range list {
		field, _ := one.(map[string]any)
		text, _ := field["message"].(string)
		found = append(found, field["location"].(string)+" "+field["code"].(string)+" "+text)
	}
	return strings.Join(found, "; ")
}

// started is a new case's id.
func (b *back) started() string {
	b.t.Helper()
	id, _ := b.answer(b.call("client", "POST", "/v1/cases", `{"workflow":"desk","subject":{"type":"individual"}}`), http.StatusCreated)["id"].(string)
	return id
}

func TestInputBesideTheSchemaIsRefusedWithItsPlace(t *testing.T) {
	b := newBack(t)
	id := b.started()
	for name, c := range map[string]struct {
		method, path, body, want string
	}{
		"missing field":          {"POST", "/v1/cases", `{"subject":{"type":"individual"}}`, "body.workflow required"},
		"misspelt parameter":     {"GET", "/v1/cases?workflw=desk", "", "did you mean workflow?"},
		"unknown parameter":      {"GET", "/v1/cases/" + id + "?zzz=1", "", "query unknown there is no such parameter"},
		"parameter of a write":   {"POST", "/v1/cases?dry_run=1", `{"workflow":"desk","subject":{"type":"individual"}}`, "query unknown"},
		"NUL in an id":           {"GET", "/v1/cases/case%00x", "", "path text"},
		"broken UTF-8 in an id":  {"GET", "/v1/cases/case%ff", "", "path text"},
		"broken UTF-8 in a name": {"GET", "/v1/cases?workflow=%ff", "", "query.workflow text"},
		"the first of all times": {"GET", "/v1/cases?created_after=0001-01-01T00:00:00Z", "", "query.created_after range"},
		"in another zone":        {"GET", "/v1/cases?due_before=0001-01-01T01:00:00%2B01:00", "", "query.due_before range"},
		"null for a string":      {"POST", "/v1/cases", `{"workflow":"desk","external_id":null,"subject":{"type":"individual"}}`, "body.external_id null"},
		"null for an object":     {"POST", "/v1/cases", `{"workflow":"desk","subject":{"type":"individual"},"context":null}`, "body.context null"},
	} {
		if got := places(b.answer(b.call("client", c.method, c.path, c.body), http.StatusUnprocessableEntity)); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	b.answer(b.call("mara", "PUT", "/v1/cases/"+id+"/assignee", `{"user":null}`), http.StatusOK) // null means nobody here
}

func TestPatchTakesAMergePatchByItsName(t *testing.T) {
	b := newBack(t)
	id := b.started()
	patch := `{"applicant":{"country":"DE"}}`
	b.answer(b.call("client", "PATCH", "/v1/cases/"+id+"/context", patch, "Content-Type", "application/merge-patch+json"), http.StatusOK)
	b.answer(b.call("client", "POST", "/v1/cases/"+id+"/events", `{"type":"GO"}`, "Content-Type", "application/merge-patch+json"), http.StatusUnsupportedMediaType)
}

func TestListsFilterByExternalIDTimeAndAnyBand(t *testing.T) {
	b := newBack(t)
	b.answer(b.call("client", "POST", "/v1/cases", `{"workflow":"desk","external_id":"c 1","subject":{"type":"individual"}}`), http.StatusCreated)
	b.answer(b.call("client", "POST", "/v1/cases", `{"workflow":"desk","external_id":"c 2","subject":{"type":"individual"}}`), http.StatusCreated)
	for query, want := range map[string]int{
		"external_id=c+1": 1, "external_id=c": 0, "external_id=C+1": 0, "created_after=2026-03-04T05:06:07Z": 2, "created_after=2026-03-04T05:06:08Z": 0,
		"created_before=2026-03-04T05:06:07Z": 0, "created_before=2026-03-05T00:00:00Z&sort=created_at": 2, "updated_after=2026-03-04T05:06:07Z": 2,
		"updated_after=2027-01-01T00:00:00Z": 0, "risk=review-twice": 0, "risk=none": 2, "external_id=c+2&status=active&sort=due_at": 1,
	} {
		list, _ := b.answer(b.call("client", "GET", "/v1/cases?"+query, ""), http.StatusOK)["data"].([]any)
		if len(list) != want {
			t.Errorf("%s: %d cases, want %d", query, len(list), want)
		}
	}
}

func TestBodiesThatAreNotPlainUTF8AreRefusedBeforeTheyAreRead(t *testing.T) {
	b := newBack(t)
	for name, c := range map[string]struct {
		headers map[string]string
		want    string // "": it is taken
	}{
		"gzip":              {map[string]string{"Content-Encoding": "gzip"}, "header.Content-Encoding unsupported send the body uncompressed"},
		"several codings":   {map[string]string{"Content-Encoding": "br, gzip"}, "header.Content-Encoding unsupported send the body uncompressed"},
		"latin1":            {map[string]string{"Content-Type": "application/json; charset=latin1"}, "header.Content-Type unsupported send UTF-8"},
		"both":              {map[string]string{"Content-Encoding": "gzip", "Content-Type": "application/json; charset=utf-16"}, "header.Content-Encoding unsupported send the body uncompressed; header.Content-Type unsupported send UTF-8"},
		"no coding":         {map[string]string{"Content-Encoding": "identity"}, ""},
		"UTF-8":             {map[string]string{"Content-Type": `application/json; charset="UTF-8"`}, ""},
		"a subset of UTF-8": {map[string]string{"Content-Type": "application/json; charset=us-ascii"}, ""},
	} {
		headers := []string{"Content-Type", "application/json"}
		for name, value := range c.headers {
			headers = append(headers, name, value)
		}
		got := b.call("client", "POST", "/v1/cases", `{"workflow":"desk","subject":{"type":"individual"}}`, headers...)
		if c.want == "" {
			b.answer(got, http.StatusCreated)
		} else if found := places(b.answer(got, http.StatusUnsupportedMediaType)); found != c.want {
			t.Errorf("%s: %s, want %s", name, found, c.want)
		}
	}
}

func TestNamesOfMembersHaveNoHiddenCharacters(t *testing.T) {
	b := newBack(t)
	id := b.started()
	for name, c := range map[string]struct{ method, path, body, want string }{
		"of a case":             {"POST", "/v1/cases", `{"workflow":"desk","subject":{"type":"individual"},"context":{"a":{"na` + "\u200b" + `me":1}}}`, "body.context.a hidden_character"},
		"escaped":               {"POST", "/v1/cases", `{"workflow":"desk","subject":{"type":"individual"},"context":{"na\u200bme":1}}`, "body.context hidden_character"},
		"of a patch":            {"PATCH", "/v1/cases/" + id + "/context", `{"na` + "\u2060" + `me":1}`, "body hidden_character"},
		"of an event's payload": {"POST", "/v1/cases/" + id + "/events", `{"type":"x","payload":{"list":[{"` + "\u202e" + `":1}]}}`, "body.payload.list[0] hidden_character"},
	} {
		if found := places(b.answer(b.call("client", c.method, c.path, c.body), http.StatusUnprocessableEntity)); !strings.HasPrefix(found, c.want) || strings.Contains(found, "; ") {
			t.Errorf("%s: %s, want %s", name, found, c.want)
		}
	}
	b.answer(b.call("client", "PATCH", "/v1/cases/"+id+"/context", `{"Größe":1,"नाम":2}`), http.StatusOK)
}

func TestProblemsOfAPatchHaveThePlacesOfItsBody(t *testing.T) {
	b := newBack(t)
	id := b.started()
	for name, c := range map[string]struct{ body, want string }{
		"a hidden character":       {`{"note":"a` + "\u200b" + `b"}`, "body.note hidden_character"},
		"in a field named context": {`{"context":{"x":"a` + "\u200b" + `b"}}`, "body.context.x hidden_character"},
		"a reserved field":         {`{"documents":{}}`, "body.documents reserved"},
	} {
		if found := places(b.answer(b.call("client", "PATCH", "/v1/cases/"+id+"/context", c.body), http.StatusUnprocessableEntity)); !strings.HasPrefix(found, c.want) {
			t.Errorf("%s: %s, want %s", name, found, c.want)
		}
	}
}
