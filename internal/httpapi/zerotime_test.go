package httpapi

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/problem"
)

// TestNoTimeOfAnOperationIsTakenForNone goes through every time that any operation takes.
func TestNoTimeOfAnOperationIsTakenForNone(t *testing.T) {
	s, _, err := build(Config{Operations: AllOperations(), Secret: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	queries, members := 0, 0
	for id, in := range s.inputs {
		for _, name := range in.times {
			queries++
			r := httptest.NewRequest(http.MethodGet, "/x?"+name+"=0001-01-01T00:00:00Z", nil)
			if err := in.address(r); problem.CodeOf(err) != problem.Invalid || problem.As(err).Fields[0].Location != "query."+name {
				t.Errorf("%s takes %s for none: %v", id, name, err)
			}
		}
		if in.body == nil {
			continue
		}
		schema := in.body
		if schema.Ref != "" {
			schema = in.schemas.SchemaFromRef(schema.Ref)
		}
		for name, member := range schema.Properties {
			if member.Type != huma.TypeString || member.Format != "date-time" {
				continue
			}
			members++
			for _, text := range []string{"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000z", "0000-12-31T23:00:00-01:00", "0001-01-01t01:00:00+01:00", `\u0030001-01-01T00:00:00Z`} {
				if err := in.absent(fmt.Appendf(nil, `{%q:"%s"}`, name, text)); problem.CodeOf(err) != problem.Invalid || !strings.HasSuffix(problem.As(err).Fields[0].Location, name) {
					t.Errorf("%s takes %s in %s for none: %v", id, text, name, err)
				}
			}
			if err := in.absent(fmt.Appendf(nil, `{%q:"0001-01-01T00:00:01Z"}`, name)); err != nil {
				t.Errorf("%s: %v", id, err)
			}
		}
	}
	if queries < 8 || members < 2 {
		t.Errorf("only %d parameters and %d members are times", queries, members)
	}
}
