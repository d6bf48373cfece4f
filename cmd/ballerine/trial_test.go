package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"ballerine/internal/local"
	"ballerine/internal/policy/ledger"
)

func TestADraftIsTriedRunningAndStopped(t *testing.T) {
	live := file(t, "amounts.yaml", amounts)
	draft := file(t, "draft.yaml", strings.Replace(amounts, "100", "60", 1))
	var shadow, challenger string
	reports := map[string]string{}
	places(t, func(at []string, stack *local.Stack) {
		with := func(args ...string) []string { return append(args, at...) }
		if got := call(t, "", with("policy", "publish", live)...); got.code != 0 {
			t.Fatalf("%+v", got)
		}
		for kind, id := range map[string]*string{"shadow": &shadow, "challenger": &challenger} {
			args := with("policy", "trial", "start", draft, "--kind", kind, "--comment", "a lower limit", "--json")
			if kind == "challenger" {
				args = append(args, "--share", "40%")
			}
			got := call(t, "", args...)
			var started struct{ ID, Status string }
			if err := json.Unmarshal([]byte(got.out), &started); err != nil || started.Status != "running" {
				t.Fatalf("%+v %v", got, err)
			}
			*id = started.ID
		}
		decider := stack.Core.Decider()
		for n := range 50 {
			policy, err := stack.Core.Catalog.Policy(context.Background(), stack.Demo.Tenant, "amounts")
			if err != nil {
				t.Fatal(err)
			}
			request := ledger.Request{
				Tenant: stack.Demo.Tenant, Policy: policy, Input: map[string]any{"amount": 10 * (n % 15)}, At: stack.Core.Now(), ID: fmt.Sprintf("dec_%03d", n), Subject: fmt.Sprint("subj_", n),
			}
			if _, err := decider.Decide(context.Background(), request); err != nil {
				t.Fatal(err)
			}
		}
	}, func(name string, at []string) {
		with := func(args ...string) []string { return append(args, at...) }
		if got := call(t, "", with("policy", "trial", "report", "amounts", shadow)...); got.code != 0 || !strings.Contains(got.out, "approve -> review: ") || !strings.Contains(got.out, "evaluation") {
			t.Errorf("%s: %+v", name, got)
		}
		got := call(t, "", with("policy", "trial", "report", "amounts", challenger, "--json")...)
		var r ledger.TrialReport
		if err := json.Unmarshal([]byte(got.out), &r); err != nil || r.Decisions != 50 || r.Arms.Champion.Subjects+r.Arms.Challenger.Subjects != 50 || r.Arms.Challenger.Subjects == 0 {
			t.Errorf("%s: %+v %v", name, got, err)
		}
		reports[name] = got.out
		if got := call(t, "", with("policy", "trial", "report", "amounts", challenger)...); got.code != 0 || !strings.Contains(got.out, "beyond chance") || !strings.Contains(got.out, "expected 40.00 %") {
			t.Errorf("%s: %+v", name, got)
		}
		if got := call(t, "", with("policy", "trial", "list", "amounts")...); got.code != 0 || !strings.Contains(got.out, shadow) || !strings.Contains(got.out, "40%") {
			t.Errorf("%s: %+v", name, got)
		}
		if got := call(t, "", with("policy", "trial", "show", "amounts", challenger)...); got.code != 0 || !strings.Contains(got.out, "challenger for 40% of subjects beside amounts@1") || !strings.Contains(got.out, "amount >= 60") {
			t.Errorf("%s: %+v", name, got)
		}
		if got := call(t, "", with("policy", "trial", "approve", "amounts", challenger)...); got.code != exitProblems {
			t.Errorf("%s: %+v", name, got)
		}
		if name == "stopped" {
			if got := call(t, "", with("policy", "trial", "end", "amounts", challenger)...); got.code != 0 || !strings.Contains(got.out, challenger+" ended") {
				t.Errorf("%+v", got)
			}
			if got := call(t, "", with("policy", "trial", "start", draft, "--kind", "challenger", "--share", "0.1")...); got.code != 0 || !strings.Contains(got.out, "running: challenger for 10% of subjects") {
				t.Errorf("%+v", got)
			}
		}
		bad := file(t, "bad.yaml", strings.Replace(amounts, "amount >= 100", "amount >=", 1))
		if got := call(t, "", with("policy", "trial", "start", bad, "--policy", "amounts")...); got.code != exitProblems || !strings.Contains(got.errs, "bad.yaml:5:") {
			t.Errorf("%s: %+v", name, got)
		}
	})
	if reports["running"] != reports["stopped"] {
		t.Errorf("%s\n%s", reports["running"], reports["stopped"])
	}
}

func TestASplitIsExplainedWithoutASystem(t *testing.T) {
	got := call(t, "", "policy", "trial", "split", "trial_1", "subj_1", "subj_2", "--share", "50%", "--json")
	var answer struct {
		Data []struct {
			Subject string
			Point   float64
			Arm     string
		}
	}
	if err := json.Unmarshal([]byte(got.out), &answer); err != nil || got.code != 0 || len(answer.Data) != 2 {
		t.Fatalf("%+v %v", got, err)
	}
	for _, one := range answer.Data {
		if one.Point != ledger.Point("trial_1", one.Subject) || (one.Arm == "challenger") != (one.Point < 0.5) {
			t.Errorf("%+v", one)
		}
	}
	for _, args := range [][]string{{"trial_1", "subj_1"}, {"trial_1", "--share", "10%"}, {"trial_1", "subj_1", "--share", "half"}} {
		if got := call(t, "", append([]string{"policy", "trial", "split"}, args...)...); got.code != exitUsage {
			t.Errorf("%v: %+v", args, got)
		}
	}
}

func TestSharesAreReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]int{"10%": 1000, "2.5 %": 250, "0.1": 1000, " 50% ": 5000, "0.01%": 1, "29%": 2900} {
		if share, err := parseShare(text); err != nil || share != want {
			t.Errorf("%s: %d %v", text, share, err)
		}
	}
	for _, text := range []string{"", "%", "ten", "0", "-10%", "0.001%", "1e9", "NaN", "10%%", "101%"} {
		if share, err := parseShare(text); err == nil {
			t.Errorf("%s: %d", text, share)
		}
	}
}

func FuzzParseShare(f *testing.F) {
	for _, text := range []string{"10%", "0.1", "2.5 %", "Inf", "1e-4", "0x1p-3"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		share, err := parseShare(text)
		if err == nil && (share <= 0 || share > ledger.ShareUnit) {
			t.Fatal(share)
		}
		if err == nil {
			again, err := parseShare(fmt.Sprint(math.Round(float64(share))/100, "%"))
			if err != nil || again != share {
				t.Fatal(share, again, err)
			}
		}
	})
}
