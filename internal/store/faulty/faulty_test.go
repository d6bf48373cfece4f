package faulty_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ballerine/internal/app"
	"ballerine/internal/backoffice"
	"ballerine/internal/cases"
	"ballerine/internal/idempotency"
	"ballerine/internal/identity"
	"ballerine/internal/policy/backtest"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/lists"
	"ballerine/internal/policy/trial"
	"ballerine/internal/problem"
	"ballerine/internal/ratelimit"
	"ballerine/internal/registry"
	"ballerine/internal/store/faulty"
	"ballerine/internal/webhook"
)

// counting counts what reaches the store beneath.
type counting struct {
	cases.Store
	commits int
}

func (s *counting) Commit(context.Context, cases.Change) error {
	s.commits++
	return nil
}

func TestEveryMethodOfTheStoresCanGoWrong(t *testing.T) {
	var source []byte
	files, err := filepath.Glob("*.go")
	for _, file := range files {
		text, readErr := os.ReadFile(file)
		source, err = append(source, text...), errors.Join(err, readErr)
	}
	if err != nil {
		t.Fatal(err)
	}
	for wrapper, store := range map[string]reflect.Type{
		"Cases": reflect.TypeFor[cases.Store](), "Keys": reflect.TypeFor[identity.Store](), "Webhooks": reflect.TypeFor[webhook.Store](), "Reviews": reflect.TypeFor[backoffice.Store](),
		"Calls": reflect.TypeFor[idempotency.Store](), "Registry": reflect.TypeFor[registry.Store](), "Ledger": reflect.TypeFor[ledger.Store](), "Lists": reflect.TypeFor[lists.Store](),
		"Trials": reflect.TypeFor[trial.Store](), "Backtests": reflect.TypeFor[backtest.Store](), "Rates": reflect.TypeFor[ratelimit.Store](),
	} {
		for i := range store.NumMethod() {
			name := store.Method(i).Name
			if !bytes.Contains(source, []byte("func (s "+wrapper+") "+name+"(")) {
				t.Errorf("faulty.%s passes %s through: no test ever sees it fail; wrap it here", wrapper, name)
			}
			if wrapper != "Cases" && !bytes.Contains(source, []byte(`, "`+wrapper+"."+name+`", `)) {
				t.Errorf("faulty.%s.%s goes by another name", wrapper, name)
			}
		}
	}
}

// TestEveryStoreOfAnInstallationCanGoWrong finds a store that was added to the app and has no wrapper here.
func TestEveryStoreOfAnInstallationCanGoWrong(t *testing.T) {
	wrappers := []any{
		faulty.Cases{}, faulty.Keys{}, faulty.Webhooks{}, faulty.Reviews{}, faulty.Calls{}, faulty.Registry{}, faulty.Ledger{}, faulty.Lists{}, faulty.Trials{}, faulty.Backtests{}, faulty.Rates{}, faulty.Watched{},
	}
	parts := reflect.TypeFor[app.Parts]()
	found := 0
	for i := range parts.NumField() {
		field := parts.Field(i)
		if field.Type.Kind() != reflect.Interface || field.Type.Name() != "Store" {
			continue
		}
		found++
		if !slices.ContainsFunc(wrappers, func(w any) bool { return reflect.TypeOf(w).Implements(field.Type) }) {
			t.Errorf("nothing here wraps app.Parts.%s", field.Name)
		}
	}
	if found != len(wrappers) {
		t.Errorf("%d stores, %d wrappers", found, len(wrappers))
	}
}

func TestWhichCallsWrite(t *testing.T) {
	for call, writes := range map[string]bool{
		"Get": false, "Commit": true, "Keys.PutKey": true, "Keys.KeyByPrefix": false, "Lists.PutList": true, "Lists.Forget": true, "Webhooks.CreateDelivery": true, "Webhooks.Delivery": false,
		"Calls.Reserve": true, "Calls.Release": true, "Registry.DecideProposal": true, "Registry.Proposals": false, "Delivered": true, "Settle": true, "DeadLetters": false, "PutTaskRun": true,
		"Reviews.DeleteView": true, "Reviews.Views": false, "Ledger.PutDecision": true, "Trials.PutTrial": true, "Backtests.PutPart": true, "Backtests.Parts": false, "Rates.Take": true,
	} {
		if faulty.Writes(call) != writes {
			t.Errorf("%s: %t", call, !writes)
		}
	}
}

func TestOneCallGoesWrongInTheWayThatIsPlanned(t *testing.T) {
	for fault, want := range map[faulty.Fault]struct {
		commits int
		code    problem.Code
		after   int // commits after a second call
	}{
		faulty.Before: {0, problem.Unavailable, 1}, faulty.After: {1, problem.Unavailable, 2}, faulty.Killed: {0, problem.Timeout, 0},
		faulty.Late: {1, problem.Timeout, 1}, faulty.Twice: {2, "", 3}, faulty.Refused: {0, problem.Conflict, 1}, faulty.None: {1, "", 2},
	} {
		beneath := &counting{}
		ctx, cancel := context.WithCancel(t.Context())
		s := faulty.Cases{Store: beneath, Plan: &faulty.Plan{}}
		s.Plan.Arm(fault, 1, cancel)
		err := s.Commit(ctx, cases.Change{})
		if got := problem.CodeOf(err); got != want.code || beneath.commits != want.commits {
			t.Errorf("%q: %v after %d commits, want %q after %d", fault, err, beneath.commits, want.code, want.commits)
		}
		_ = s.Commit(ctx, cases.Change{}) // only the first goes wrong
		if beneath.commits != want.after {
			t.Errorf("%q: %d commits in the end, want %d", fault, beneath.commits, want.after)
		}
		if calls := strings.Join(s.Plan.Calls(), " "); calls[:6] != "Commit" {
			t.Errorf("%q: calls %s", fault, calls)
		}
		cancel()
	}
}
