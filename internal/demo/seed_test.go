package demo_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"ballerine/internal/cases"
	"ballerine/internal/demo"
	"ballerine/internal/identity"
	"ballerine/internal/local"
	"ballerine/statemachines"
)

// TestTheDemoHasEveryKindOfCase sets the demo up as `dev --seed` does and checks the result.
func TestTheDemoHasEveryKindOfCase(t *testing.T) {
	options := local.Options{Data: t.TempDir(), Address: "127.0.0.1:0", Definitions: statemachines.Files, Logger: slog.New(slog.DiscardHandler)}
	made, err := demo.Seed(t.Context(), options, nil)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := demo.Seed(t.Context(), options, nil); err != nil || again != (demo.Made{}) {
		t.Fatal("a second time:", again, err)
	}
	options.Cast = demo.Cast()
	stack, err := local.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := stack.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	if err := demo.Attend(t.Context(), stack); err != nil {
		t.Fatal(err)
	}
	someone := identity.Principal{Tenant: stack.Demo.Tenant, Kind: identity.User, ID: "user_admin0"}
	var all []cases.Record
	for query := (cases.Query{Limit: 200}); ; {
		page, err := stack.Core.Cases.List(t.Context(), someone, query)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Records...)
		if query.After = page.Next; query.After == "" {
			break
		}
	}
	if len(all) < 60 || len(all) != made.Cases || made.Cases != made.ToDecide+made.UnderWay+made.Ended || made.ToDecide < 10 || made.UnderWay < 5 {
		t.Errorf("%d cases, said %+v", len(all), made)
	}
	now, seen := time.Now(), map[string]int{}
	subjects := map[string]int{}
	for _, r := range all {
		subjects[r.Subject.ID]++
		seen["status "+string(r.Status)]++
		seen["outcome "+r.Outcome]++
		for _, a := range r.Snapshot.Active {
			seen["state "+a.State]++
		}
		if r.Risk != nil {
			seen["risk "+r.Risk.Severity]++
		}
		if r.SLA != nil && r.SLA.DueAt.Before(now) {
			seen["breached"]++
		}
		if r.SLA != nil && r.SLA.DueAt.After(now) {
			seen["running"]++
		}
		if r.Snooze.Asleep(now) {
			seen["asleep"]++
		}
		if r.Escalation != nil {
			seen["handed up"]++
		}
		for _, incident := range r.Incidents {
			seen["incident of "+incident.Work+": "+incident.Error]++
		}
		if view, err := stack.Core.Cases.View(t.Context(), someone, r); err != nil {
			t.Error(r.ExternalID, err)
		} else if view.Needs != nil && len(view.Needs.Hits) > 0 {
			seen["an open hit"]++
		}
		if r.Parent != nil {
			seen["child of "+r.Parent.Case]++
			seen["child"]++
		}
		if claim, err := stack.Core.Reviews.Claim(t.Context(), r.Tenant, r.ID, now.Add(time.Hour)); err == nil && claim != nil {
			seen["claimed by "+claim.Name]++
		}
		if strings.ContainsFunc(r.Subject.Name, func(c rune) bool { return unicode.Is(unicode.Arabic, c) }) {
			seen["a name from right to left"]++
		}
		if len(r.Documents) >= 30 {
			seen["30 documents"]++
		}
		found, _ := r.Context["sanctions"].(map[string]any)
		if hits, _ := found["hits"].([]any); len(hits) > 0 {
			seen[fmt.Sprintf("hits in a case that is %s", cmp.Or(r.Outcome, "open"))]++
		}
		if failure, _ := found["error"].(string); failure != "" {
			seen["not screened: "+failure]++
		}
		for _, d := range r.Documents {
			seen["document "+d.ContentType]++
			seen["document "+string(d.Status)]++
		}
		report, err := stack.Core.Cases.Verify(t.Context(), someone, r.ID)
		if err != nil || !report.Valid {
			t.Errorf("%s: the history is not whole: %v %+v", r.ExternalID, err, report)
		}
		history, err := stack.Core.Cases.History(t.Context(), someone, r.ID, 0, 200)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range history {
			seen["cause "+string(e.Cause)]++
			if note, ok := e.Details["note"].(map[string]any); ok && note["mentions"] != nil {
				seen["a mention"]++
			}
			if e.Cause == cases.CauseDecision {
				seen["decision by "+e.Actor.ID]++
			}
		}
	}
	for _, want := range []string{
		"status active", "status completed", "status cancelled", "outcome approved", "outcome rejected", "outcome expired",
		"state collect", "state screen", "state review", "state escalated", "risk low", "risk medium", "risk high", "risk critical", "breached", "running",
		"document image/jpeg", "document application/pdf", "document approved", "document rejected", "document revision", "document awaiting_upload",
		"hits in a case that is open", "hits in a case that is approved", "hits in a case that is rejected", "not screened: unavailable",
		"cause decision", "cause document_viewed", "cause note", "cause assigned", "cause snoozed", "cause escalated", "a mention", "asleep", "handed up", "cause timer", "cause incident",
		"incident of id_check: unavailable", "incident of identity: vendor_unavailable", "incident of sanctions: invalid", "an open hit", "child", "claimed by Robin Reviewer", "a name from right to left", "30 documents",
	} {
		if seen[want] == 0 {
			t.Errorf("no case has %s; there are %s", want, strings.Join(slices.Sorted(maps.Keys(seen)), ", "))
		}
	}
	if !slices.ContainsFunc(slices.Collect(maps.Values(subjects)), func(number int) bool { return number > 1 }) {
		t.Error("no subject has two cases")
	}
	deciders := 0
	for what := range seen {
		if strings.HasPrefix(what, "decision by ") {
			deciders++
		}
	}
	if deciders < 3 {
		t.Errorf("%d people have decided", deciders)
	}
	if first := stack.CaseToDecide(t.Context()); first == "" {
		t.Error("nothing to begin with")
	}
}
