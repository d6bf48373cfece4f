package httpapi

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"ballerine/internal/idempotency"
	"ballerine/internal/problem"
)

func TestHealthReportsWhileNothingCanBeKept(t *testing.T) {
	var trouble error
	h, err := New(Config{
		Operations: []Operations{ClientOperations()}, Secret: make([]byte, 32), Idempotency: &answers{kept: map[string]idempotency.Reservation{}},
		Writable: func(context.Context) error { return trouble },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		trouble error
		status  int
		message string
	}{{nil, http.StatusOK, `"ok"`}, {problem.New(problem.Unavailable, "The disk is full."), http.StatusServiceUnavailable, "The disk is full."}, {nil, http.StatusOK, `"ok"`}} {
		trouble = c.trouble
		if w := call(h, "GET", "/v1/health", ""); w.Code != c.status || !strings.Contains(w.Body.String(), c.message) {
			t.Errorf("%d %s, want %d with %s", w.Code, w.Body, c.status, c.message)
		}
	}
}
