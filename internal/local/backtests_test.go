package local_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ballerine/internal/local"
	"ballerine/internal/policy/backtest"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
	"ballerine/internal/task"
)

// decide keeps decisions of the policy amounts, over some months.
func (s *system) decide(number int) {
	s.t.Helper()
	policy, found := rules.Parse("amounts.yaml", []byte(amounts))
	if policy == nil {
		s.t.Fatal(found)
	}
	at := time.Date(2026, 1, 31, 20, 0, 0, 0, time.UTC)
	l := ledger.Ledger{Store: s.Core.Ledger}
	for n := range number {
		at = at.Add(time.Duration(n%7) * time.Hour)
		if _, err := l.Decide(s.t.Context(), ledger.Request{Tenant: s.client.Tenant, Policy: policy, Input: map[string]any{"amount": n % 300}, At: at, ID: fmt.Sprintf("dec_%06d", n)}); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *system) backtest(draft string) string {
	s.t.Helper()
	status, run := s.call("developer", "POST", "/v1/policies/amounts/backtest-runs", map[string]any{"source": draft, "examples": 3, "comment": "higher"})
	if status != http.StatusAccepted || run["status"] != "running" || run["comment"] != "higher" || !strings.HasPrefix(fmt.Sprint(run["id"]), "backtest_") {
		s.t.Fatalf("%d %v", status, run)
	}
	return "/v1/policies/amounts/backtest-runs/" + fmt.Sprint(run["id"])
}

// await asks until the run has ended.
func (s *system) await(at string) (run map[string]any) {
	s.t.Helper()
	s.until("the backtest ends", func() bool {
		var status int
		if status, run = s.call("developer", "GET", at, nil); status != http.StatusOK {
			s.t.Fatalf("%d %v", status, run)
		}
		return run["status"] != "running"
	})
	return run
}

// simple is the output of a backtest that is waited for.
func (s *system) simple(draft string) map[string]any {
	s.t.Helper()
	status, report := s.call("developer", "POST", "/v1/policies/amounts/backtests", map[string]any{"source": draft, "examples": 3})
	if status != http.StatusOK || report["complete"] != true {
		s.t.Fatalf("%d %v", status, report)
	}
	for _, name := range []string{"complete", "next_cursor", "$schema"} {
		delete(report, name)
	}
	return report
}

var higher = strings.Replace(amounts, "100", "200", 1)

func TestABacktestIsRunInPartsAndShowsWhatOnePassReports(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	s.decide(1000)
	at := s.backtest(higher)
	run := s.await(at)
	report, _ := run["report"].(map[string]any)
	if run["status"] != "done" || run["decisions"] != 1000.0 || run["progress"] != 1.0 || run["parts"] != run["parts_done"] || run["parts"].(float64) < 10 || run["failure"] != nil {
		t.Errorf("%v", run)
	}
	if want := s.simple(higher); !reflect.DeepEqual(report, want) || report["flipped"] == 0.0 {
		t.Errorf("%v, want %v", report, want)
	}
	status, list := s.call("manager", "GET", "/v1/policies/amounts/backtest-runs", nil)
	if data, _ := list["data"].([]any); status != http.StatusOK || len(data) != 1 || data[0].(map[string]any)["id"] != run["id"] || data[0].(map[string]any)["report"] != nil {
		t.Errorf("%d %v", status, list)
	}
	if status, answer := s.call("developer", "POST", at+"/cancellation", map[string]any{}); status != http.StatusConflict || answer["code"] != "not_ready" {
		t.Errorf("%d %v", status, answer)
	}
	for _, role := range []string{"reviewer", "auditor"} {
		if status, _ := s.call(role, "GET", at, nil); status != http.StatusForbidden {
			t.Errorf("%s: %d", role, status)
		}
	}
	if status, _ := s.call("developer", "GET", "/v1/policies/other/backtest-runs/"+fmt.Sprint(run["id"]), nil); status != http.StatusNotFound {
		t.Error(status)
	}
}

func TestARunIsItsTenantsOwn(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	policy, _ := rules.Parse("amounts.yaml", []byte(higher))
	foreign := backtest.Service{Store: s.Core.Backtests, Runner: s.Core.Runner, Now: time.Now, NewID: s.Core.NewID}
	run, err := foreign.Start(t.Context(), backtest.Start{Tenant: "other", Policy: "amounts", Draft: policy})
	if err != nil {
		t.Fatal(err)
	}
	at := "/v1/policies/amounts/backtest-runs/" + run.ID
	for method, path := range map[string]string{"GET": at, "POST": at + "/cancellation"} {
		if status, answer := s.call("admin", method, path, map[string]any{}); status != http.StatusNotFound {
			t.Errorf("%s: %d %v", method, status, answer)
		}
	}
	if _, list := s.call("admin", "GET", "/v1/policies/amounts/backtest-runs", nil); len(list["data"].([]any)) != 0 {
		t.Errorf("%v", list)
	}
}

func TestADraftWithProblemsIsRefusedBeforeItRuns(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	wrong := strings.Replace(amounts, "amount >= 100", "amout >= 100 && amount > 'x'", 1)
	status, answer := s.call("developer", "POST", "/v1/policies/amounts/backtest-runs", map[string]any{"source": wrong})
	details, _ := answer["details"].(map[string]any)
	if found, _ := details["diagnostics"].([]any); status != http.StatusUnprocessableEntity || len(found) != 2 {
		t.Errorf("%d %v", status, answer)
	}
	failing := amounts + "cases:\n  - {name: small, input: {amount: 5}, expect: {outcome: review}}\n"
	if status, answer = s.call("developer", "POST", "/v1/policies/amounts/backtest-runs", map[string]any{"source": failing}); status != http.StatusUnprocessableEntity {
		t.Errorf("a case does not come out: %d %v", status, answer)
	}
	if _, list := s.call("developer", "GET", "/v1/policies/amounts/backtest-runs", nil); len(list["data"].([]any)) != 0 {
		t.Errorf("%v", list)
	}
}

// held lets some parts of a backtest be worked and holds the next ones until the system stops.
func held(let int32, reached chan<- struct{}) func(name string, handler task.Handler) task.Handler {
	var parts atomic.Int32
	return func(name string, handler task.Handler) task.Handler {
		if name != "backtest" {
			return handler
		}
		return func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
			if strings.Contains(string(payload), `"action":"part"`) && parts.Add(1) > let {
				select {
				case reached <- struct{}{}:
				default:
				}
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return handler(ctx, payload)
		}
	}
}

func TestABacktestThatWasUnderWayGoesOnAfterTheStart(t *testing.T) {
	data, reached := t.TempDir(), make(chan struct{}, 1)
	options := local.Options{Data: data, Definitions: definitions(t)}
	s := run(t, local.Wrapped(options, held(3, reached)))
	s.decide(500)
	want := s.simple(higher)
	at := s.backtest(higher)
	<-reached
	s.until("three parts are done", func() bool {
		_, now := s.call("developer", "GET", at, nil)
		if now["status"] != "running" || now["report"] != nil {
			t.Fatalf("%v", now)
		}
		return now["parts_done"] == 3.0 && now["decisions"] != 0.0
	})
	s.stop()
	s = run(t, options)
	defer s.stop()
	if ended := s.await(at); ended["status"] != "done" || !reflect.DeepEqual(ended["report"], any(want)) {
		t.Errorf("%v, want %v", ended, want)
	}
}

func TestABacktestThatIsCancelledEnds(t *testing.T) {
	data, reached := t.TempDir(), make(chan struct{}, 1)
	options := local.Options{Data: data, Definitions: definitions(t)}
	s := run(t, local.Wrapped(options, held(2, reached)))
	s.decide(300)
	at := s.backtest(higher)
	<-reached
	status, run1 := s.call("developer", "POST", at+"/cancellation", map[string]any{})
	if status != http.StatusOK || run1["status"] != "cancelled" || run1["ended_at"] == nil {
		t.Errorf("%d %v", status, run1)
	}
	s.stop()
	s = run(t, options)
	defer s.stop()
	if _, now := s.call("developer", "GET", at, nil); now["status"] != "cancelled" || now["parts_done"].(float64) > 2 {
		t.Errorf("%v", now)
	}
}

func TestABacktestFailsWithThePartThatCannotBeWorked(t *testing.T) {
	options := local.Options{Data: t.TempDir(), Definitions: definitions(t)}
	s := run(t, local.Wrapped(options, func(name string, handler task.Handler) task.Handler {
		if name != "backtest" {
			return handler
		}
		return func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
			if strings.Contains(string(payload), `"action":"part","part":2`) {
				return nil, problem.New(problem.TooLarge, "It is too large.")
			}
			return handler(ctx, payload)
		}
	}))
	defer s.stop()
	s.decide(300)
	ended := s.await(s.backtest(higher))
	failure, _ := ended["failure"].(map[string]any)
	if ended["status"] != "failed" || failure["part"] != 2.0 || failure["code"] != "too_large" || ended["report"] != nil {
		t.Errorf("%v", ended)
	}
}
