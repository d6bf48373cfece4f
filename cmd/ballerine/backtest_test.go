package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ballerine/internal/local"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/rules"
)

const amounts = "id: amounts\noutcomes: [review, approve]\ndefault: approve\nrules:\n  - {id: large, when: \"amount >= 100\", outcome: review}\n"

func TestDecisionsAreExportedAndDraftsTriedOnThem(t *testing.T) {
	morning := time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)
	draft := file(t, "draft.yaml", strings.Replace(amounts, "100", "103", 1))
	exported := map[string]string{}
	places(t, func(_ []string, stack *local.Stack) {
		policy, _ := rules.Parse("amounts.yaml", []byte(amounts))
		for amount := 95; amount < 110; amount++ {
			request := ledger.Request{Tenant: stack.Demo.Tenant, Policy: policy, Input: map[string]any{"amount": amount}, At: morning.AddDate(0, 0, amount), ID: fmt.Sprintf("dec_%03d", amount)}
			if _, err := stack.Core.Decider().Decide(context.Background(), request); err != nil {
				t.Fatal(err)
			}
		}
	}, func(name string, at []string) {
		with := func(args ...string) []string { return append(args, at...) }
		got := call(t, "", with("policy", "decisions", "amounts", "--ndjson")...)
		if got.code != 0 || strings.Count(got.out, "\n") != 15 || !strings.Contains(got.out, `"input":{"amount":101}`) {
			t.Fatalf("%s: %+v", name, got)
		}
		exported[name] = got.out
		if got := call(t, "", with("policy", "decisions", "amounts", "--outcome", "approve", "--limit", "2")...); got.code != 0 || strings.Count(got.out, "\n") != 2 || !strings.Contains(got.out, "dec_099") {
			t.Errorf("%s: %+v", name, got)
		}
		path := filepath.Join(t.TempDir(), "decisions.ndjson")
		if err := os.WriteFile(path, []byte(got.out), 0o600); err != nil {
			t.Fatal(err)
		}
		results := map[string]bool{}
		for _, args := range [][]string{with("policy", "backtest", draft, "--json"), {"policy", "backtest", draft, "--json", "--decisions", path}} {
			got := call(t, "", args...)
			var b ledger.Backtest
			if err := json.Unmarshal([]byte(got.out), &b); err != nil || b.Evaluated != 15 || b.Flipped != 3 || len(b.Flips) != 1 || strings.Join(b.Flips[0].Examples, " ") != "dec_100 dec_101 dec_102" {
				t.Errorf("%s: %+v", name, got)
			}
			results[got.out] = true
		}
		if len(results) != 1 {
			t.Errorf("%s: %v", name, results)
		}
		if got := call(t, "", with("policy", "backtest", draft, "--from", morning.AddDate(0, 0, 101).Format(time.RFC3339), "--to", morning.AddDate(0, 0, 102).Format(time.RFC3339))...); got.code != 0 || !strings.Contains(got.out, "review -> approve: 1 (100.00 % of review): dec_101") {
			t.Errorf("%s: %+v", name, got)
		}
	})
	if exported["running"] != exported["stopped"] {
		t.Errorf("%s\n%s", exported["running"], exported["stopped"])
	}
	if got := call(t, "", "policy", "backtest", draft, "--decisions", "nowhere.ndjson"); got.code != exitUsage {
		t.Errorf("%+v", got)
	}
}
