package task_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// away are papers that cannot be written.
type away struct{ cases.Objects }

func (away) Keep(context.Context, string, string, []byte) error { return errors.New("away") }

// TestAnAttemptRefersToWhatWasSaid: also one that has failed, and never at the cost of the vendor's answer.
func TestAnAttemptRefersToWhatWasSaid(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		away   bool
	}{"an answer": {200, false}, "a refusal": {403, false}, "an answer that cannot be kept": {200, true}} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, `{"said":"yes","more":"what nobody maps"}`)
			}))
			defer server.Close()
			r := newRoom(t, openFile(t), server.URL, "t1")
			if c.away {
				r.core.Cases.Objects = away{r.files}
			}
			r.at("ASK")
			handler, err := r.core.Vendor()
			if err != nil {
				t.Fatal(err)
			}
			_, err = handler(t.Context(), work("ask", "answer")(r))
			if (err == nil) != (c.status == http.StatusOK) {
				t.Fatal(err)
			}
			runs, err := r.beneath.TaskRuns(t.Context(), r.tenant, r.id)
			if err != nil || len(runs) != 1 || runs[0].Call.Status != c.status || runs[0].Call.Exchange.Kept == c.away {
				t.Fatalf("%v %+v", err, runs)
			}
			content := string(r.files.there[cases.ExchangeKey(r.tenant, r.id, runs[0].ID)])
			if strings.Contains(content, "what nobody maps") == c.away || strings.Contains(content, server.URL+"/ask") == c.away {
				t.Errorf("%s", content)
			}
			found, err := r.core.Cases.Exchange(t.Context(), r.principal(), r.id, runs[0].ID)
			if c.away && problem.CodeOf(err) != problem.NotFound || !c.away && (err != nil || found.Plugin != "oracle" || found.Calls[0].Answer.Status != c.status) {
				t.Errorf("%v %+v", err, found)
			}
		})
	}
}
