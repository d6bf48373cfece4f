package httpapi

import (
	"flag"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/identity"
)

var update = flag.Bool("update", false, "write the generated documents")

func TestEveryOperationHasAPermission(t *testing.T) {
	s, _, err := build(Config{Operations: AllOperations(), Secret: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	for pattern, op := range s.operations {
		if identity.Needs(op.OperationID) == "" {
			t.Errorf("%s %s is in no permission table", pattern, op.OperationID)
		}
	}
	if len(s.operations) < 39 {
		t.Errorf("%d operations", len(s.operations))
	}
}

// TestEveryOperationShowsHowCredentialsAreRefused fails for an operation that does not document 401 and 403.
func TestEveryOperationShowsHowCredentialsAreRefused(t *testing.T) {
	_, api, err := build(Config{Operations: AllOperations(), Secret: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range api.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil || identity.Public(op.OperationID) {
				continue
			}
			for _, status := range []string{"401", "403"} {
				r := op.Responses[status]
				if r == nil || r.Headers["WWW-Authenticate"] == nil || r.Content["application/problem+json"] == nil {
					t.Errorf("%s %s does not say when it answers %s", op.Method, path, status)
				}
			}
		}
	}
}
