package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func compressed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTheContentOfAListIsTakenInEveryForm(t *testing.T) {
	b := newBack(t)
	b.answer(b.call("mara", "PUT", "/v1/lists/blocked", `{"type":"block","holds":"text","matching":"exact"}`), http.StatusCreated)
	for i, form := range []struct{ kind, body string }{
		{"text/csv; charset=utf-8", "value;note\nEve;seen\nMallory;\n"},
		{"application/gzip", compressed(t, "value\nEve\nTrent\n")},
		{"application/json", `{"entries":[{"value":"Eve"},{"value":"Oscar","expires_at":"2999-01-01"}]}`},
	} {
		put := b.ok("mara", "PUT", "/v1/lists/blocked/entries", form.body, "Content-Type", form.kind, "If-Match", "*")
		if put["entries"] != 2.0 || put["edition"] != float64(i+1) {
			t.Errorf("%s: %v", form.kind, put)
		}
	}
	page := b.ok("mara", "GET", "/v1/lists/blocked/entries?limit=1", "")
	cursor, _ := page["next_cursor"].(string)
	if data := page["data"].([]any); len(data) != 1 || cursor == "" {
		t.Fatalf("%v", page)
	}
	if rest := b.ok("mara", "GET", "/v1/lists/blocked/entries?limit=1&cursor="+cursor, ""); rest["next_cursor"] != nil || len(rest["data"].([]any)) != 1 {
		t.Errorf("%v", rest)
	}
	first := b.call("mara", "GET", "/v1/lists/blocked/entries?limit=1", "", "Accept", "text/csv")
	if first.Code != http.StatusOK || first.Body.String() != "value,expires_at,note\nEve,,\n" || !strings.Contains(first.Header().Get("Link"), "cursor=") {
		t.Errorf("%d %v %s", first.Code, first.Header(), first.Body)
	}
}

func TestAListThatIsNotTakenShowsWhereAndWhy(t *testing.T) {
	b := newBack(t)
	b.answer(b.call("mara", "PUT", "/v1/lists/blocked", `{"type":"block","holds":"number","matching":"exact"}`), http.StatusCreated)
	const entries = "/v1/lists/blocked/entries"
	for name, row := range map[string]struct {
		who, method, path, body string
		header                  []string
		status                  int
		code                    string
	}{
		"a form that is not known":     {"mara", "PUT", entries, "x", []string{"Content-Type", "text/plain"}, http.StatusUnsupportedMediaType, "unsupported_media_type"},
		"no edition that was seen":     {"mara", "PUT", entries, "value\n1\n", []string{"Content-Type", "text/csv", "If-Match", "seven"}, http.StatusUnprocessableEntity, "invalid"},
		"another edition":              {"mara", "PUT", entries, "value\n1\n", []string{"Content-Type", "text/csv", "If-Match", `"7"`}, http.StatusPreconditionFailed, "stale"},
		"a value of another kind":      {"mara", "PUT", entries, "value\nEve\n", []string{"Content-Type", "text/csv", "If-Match", "*"}, http.StatusUnprocessableEntity, "invalid"},
		"what is not gzip":             {"mara", "PUT", entries, "value\n1\n", []string{"Content-Type", "application/gzip", "If-Match", "*"}, http.StatusUnprocessableEntity, "invalid"},
		"JSON that is none":            {"mara", "PUT", entries, "{", []string{"If-Match", "*"}, http.StatusBadRequest, "malformed_json"},
		"no such list":                 {"mara", "GET", "/v1/lists/none", "", nil, http.StatusNotFound, "not_found"},
		"a change of no list":          {"mara", "POST", "/v1/lists/none/changes", `{"add":[{"value":"1"}]}`, nil, http.StatusNotFound, "not_found"},
		"an edition that is not there": {"mara", "DELETE", "/v1/lists/blocked/editions/9", "", nil, http.StatusNotFound, "not_found"},
		"another list's cursor":        {"mara", "GET", "/v1/lists/blocked/editions?cursor=x", "", nil, http.StatusUnprocessableEntity, "invalid"},
		"somebody who may not read":    {"rita", "GET", entries, "", nil, http.StatusForbidden, "forbidden"},
		"somebody who may not write":   {"otto", "PUT", entries, "value\n1\n", []string{"Content-Type", "text/csv"}, http.StatusForbidden, "forbidden"},
	} {
		got := b.answer(b.call(row.who, row.method, row.path, row.body, row.header...), row.status)
		if got["code"] != row.code || strings.Contains(fmt.Sprint(got), "Eve") {
			t.Errorf("%s: %v", name, got)
		}
	}
}
