package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ballerine/internal/httpapi"
	"ballerine/internal/policy/backtest"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
)

// endpoint is a system with more decisions than one answer covers.
type endpoint struct {
	t         *testing.T
	old       bool // it knows no runs
	polls     int  // for the run
	ends      backtest.Status
	cancelled chan struct{}
	watched   func()
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := func(status int, value any) {
		w.WriteHeader(status)
		if err := json.NewEncoder(w).Encode(value); err != nil {
			e.t.Error(err)
		}
	}
	var sent map[string]any
	if r.Method == http.MethodPost {
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			e.t.Error(err)
		}
	}
	const runs = "/v1/policies/amounts/backtest-runs"
	run := httpapi.BacktestRun{ID: "backtest_1", Policy: "amounts", Status: backtest.Running, Parts: 7}
	switch path := r.Method + " " + r.URL.Path; {
	case path == "POST /v1/policies/amounts/backtests":
		page := httpapi.BacktestPage{Backtest: ledger.Backtest{Decisions: 20000, Evaluated: 20000, Digest: "sha256:x"}, Complete: sent["cursor"] != nil}
		if cursor := "next"; !page.Complete {
			page.NextCursor = &cursor
		}
		answer(http.StatusOK, page)
	case e.old:
		answer(http.StatusNotFound, map[string]any{"code": "not_found", "detail": "There is no such path."})
	case path == "POST "+runs:
		if sent["outcome"] != "review" || sent["examples"] != 4.0 || !strings.Contains(sent["source"].(string), "id: amounts") {
			e.t.Errorf("%v", sent)
		}
		answer(http.StatusAccepted, run)
	case path == "GET "+runs+"/backtest_1":
		if e.watched != nil {
			e.watched()
		}
		if e.polls++; e.polls > 2 {
			run.Status = e.ends
			run.Report = &ledger.Backtest{Decisions: 50000}
			if e.ends == backtest.Failed {
				run.Report, run.Failure = nil, &httpapi.RunFailure{Part: 3, Code: "unavailable"}
			}
		}
		answer(http.StatusOK, run)
	case path == "POST "+runs+"/backtest_1/cancellation":
		close(e.cancelled)
		run.Status = backtest.Cancelled
		answer(http.StatusOK, run)
	default:
		e.t.Errorf("asked for %s", path)
	}
}

func (e *endpoint) backtest(ctx context.Context) (ledger.Backtest, error) {
	server := httptest.NewServer(e)
	defer server.Close()
	draft, found := rules.Parse("amounts.yaml", []byte(amounts))
	if draft == nil {
		e.t.Fatal(found)
	}
	return remote{server.URL, "key"}.backtest(ctx, "amounts", draft, ledger.Filter{Outcome: "review"}, ledger.BacktestOptions{Examples: 4}, newBar(nil, "decisions"))
}

func TestMoreThanOnePageIsRunByTheSystem(t *testing.T) {
	e := &endpoint{t: t, ends: backtest.Done}
	if b, err := e.backtest(t.Context()); err != nil || b.Decisions != 50000 || e.polls != 3 {
		t.Errorf("%+v %v, asked %d times", b, err, e.polls)
	}
	e = &endpoint{t: t, ends: backtest.Failed}
	if _, err := e.backtest(t.Context()); problem.CodeOf(err) != problem.Unavailable || !strings.Contains(err.Error(), "part 3 of 7") {
		t.Error(err)
	}
	e = &endpoint{t: t, ends: backtest.Cancelled} // by somebody else
	if _, err := e.backtest(t.Context()); err == nil || !strings.Contains(err.Error(), "cancelled") {
		t.Error(err)
	}
}

func TestASystemWithoutRunsIsAskedPageByPage(t *testing.T) {
	e := &endpoint{t: t, old: true}
	if b, err := e.backtest(t.Context()); err != nil || b.Decisions != 40000 {
		t.Errorf("%+v %v", b, err)
	}
}

func TestWhoStopsWaitingCancelsTheRun(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	e := &endpoint{t: t, ends: backtest.Running, cancelled: make(chan struct{}), watched: stop}
	_, err := e.backtest(ctx)
	select {
	case <-e.cancelled:
	default:
		t.Error("the run goes on")
	}
	if problem.CodeOf(err) != problem.Timeout {
		t.Error(err)
	}
}

func TestCasesNameTheFileOfDecisionsToo(t *testing.T) {
	draft := file(t, "draft.yaml", strings.Replace(amounts, "100", "103", 1))
	lines := filepath.Join(t.TempDir(), "decisions.ndjson")
	if err := os.WriteFile(lines, []byte(`{"id":"dec_1","outcome":"review","at":"`+time.Unix(0, 0).UTC().Format(time.RFC3339)+`","input":{"amount":101}}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := call(t, "", "policy", "backtest", draft, "--cases", lines); got.code != 0 || !strings.Contains(got.out, "review -> approve: 1") || !strings.HasSuffix(got.errs, "(warning)\n") || strings.Count(got.errs, "\n") != 1 {
		t.Errorf("%+v", got)
	}
	if got := call(t, "", "policy", "backtest", draft, "--cases", lines, "--decisions", lines); got.code != exitUsage {
		t.Errorf("%+v", got)
	}
}
