// Package apitest checks responses of a server against the OpenAPI document, in tests.
package apitest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/apidoc"
	"ballerine/internal/problem"
)

var document = sync.OnceValues(apidoc.Document) // only read

// Watch wraps a server so that an error whose code the operation does not name fails the test, and so does a status of a
// success that it does not.
func Watch(t *testing.T, next http.Handler) http.Handler {
	t.Helper()
	document, err := document()
	if err != nil {
		t.Fatal(err)
	}
	routes := http.NewServeMux()
	for path, item := range document.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Put, item.Post, item.Patch, item.Delete} {
			if op != nil {
				routes.Handle(op.Method+" "+path, watched{op})
			}
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		found, _ := routes.Handler(r)
		kept := httptest.NewRecorder()
		next.ServeHTTP(kept, r)
		if one, ok := found.(watched); ok {
			one.check(t, kept)
		}
		for name, values := range kept.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(kept.Code)
		_, _ = w.Write(kept.Body.Bytes()) // into a recorder
	})
}

type watched struct{ op *huma.Operation }

func (watched) ServeHTTP(http.ResponseWriter, *http.Request) {}

func (o watched) check(t *testing.T, answer *httptest.ResponseRecorder) {
	t.Helper()
	if answer.Code < http.StatusBadRequest {
		if o.op.Responses[strconv.Itoa(answer.Code)] == nil {
			t.Errorf("%s returns %d, which the document does not list", o.op.OperationID, answer.Code)
		}
		return
	}
	var p struct{ Code problem.Code }
	if err := json.Unmarshal(answer.Body.Bytes(), &p); err != nil || p.Code == "" {
		t.Errorf("%s returns %d without a problem: %v", o.op.OperationID, answer.Code, err)
		return
	}
	if !slices.Contains(apidoc.Errors(o.op), p.Code) {
		t.Errorf("%s returns the code %s, which the document does not list: add it to internal/apidoc/errors.go", o.op.OperationID, p.Code)
	}
}
