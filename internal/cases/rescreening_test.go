package cases_test

import (
	"strings"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/watched"
)

func TestACancelledRescreeningRaisesItsHitsAgain(t *testing.T) {
	d := newDesk(t, listed)
	counts := func(id string, want bool) {
		t.Helper()
		if got, err := d.RescreeningCounts(t.Context(), client.Tenant, id); err != nil || got != want {
			t.Errorf("%s counts: %v, %v", id, got, err)
		}
	}
	if _, err := watched.ChangeRun(t.Context(), d.known, client.Tenant, "un", func(r *watched.Run) bool { r.State = watched.Done; return true }); err != nil {
		t.Fatal(err)
	}
	w := watched.Watch{Tenant: client.Tenant, Subject: "subj_1", For: "account", Type: "individual", Name: "Anna", Kept: true, Workflow: "listed"}
	r := must[cases.Record](d)(d.Rescreened(t.Context(), w, "case_again", map[string]any{"list": "un"}))
	counts(r.ID, true)
	counts("case_of_nobody", false)
	r = must[cases.Record](d)(d.Cancel(t.Context(), client, r.ID, 0, "called off"))
	counts(r.ID, false)
	found := effects(d.store.last(), string(cases.EffectWatch))
	if len(found) != 1 {
		t.Fatalf("%d effects", len(found))
	}
	for range 2 {
		if err := d.WatchSubject(t.Context(), found[0]); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := d.known.WatchesOf(t.Context(), client.Tenant, "subj_1"); err != nil || len(all) != 0 {
		t.Errorf("a case that was called off has said whether its subject is kept: %+v, %v", all, err)
	}
	if run, err := d.known.Run(t.Context(), client.Tenant, "un"); err != nil || len(run.Late) != 1 || run.Late[0] != "subj_1" || run.State != watched.Running {
		t.Errorf("%+v, %v", run, err)
	}
	other := must[cases.Record](d)(d.Rescreened(t.Context(), w, "case_decided", map[string]any{"list": "un"}))
	d.finish(d.begin(other.ID, "sanctions"), answerWith([]any{}))
	d.finish(d.begin(other.ID, "media"), map[string]any{"hits": []any{}})
	other = d.get(other.ID)
	must[cases.Record](d)(d.Decide(t.Context(), reviewer, other.ID, other.Version, cases.DecideCommand{Event: "reject", Reason: "r", Comment: "c"}))
	counts(other.ID, true)
	if err := d.WatchSubject(t.Context(), effects(d.store.last(), string(cases.EffectWatch))[0]); err != nil {
		t.Fatal(err)
	}
	if all, err := d.known.WatchesOf(t.Context(), client.Tenant, "subj_1"); err != nil || len(all) != 1 || all[0].For != "account" || all[0].Kept {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestARescreeningThatNobodyDecidesRaisesItsHitsAgain(t *testing.T) {
	d := newDesk(t, listed)
	done := func(r *watched.Run) bool { r.State = watched.Done; return true }
	if _, err := watched.ChangeRun(t.Context(), d.known, client.Tenant, "un", done); err != nil {
		t.Fatal(err)
	}
	w := watched.Watch{Tenant: client.Tenant, Subject: "subj_1", For: "listed", Type: "individual", Name: "Anna", Kept: true, Workflow: "listed", Question: watched.Question{Name: "Anna"}}
	if err := d.known.PutWatch(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	r := must[cases.Record](d)(d.Rescreened(t.Context(), w, "case_again", map[string]any{"list": "un"}))
	d.finish(d.begin(r.ID, "sanctions"), answerWith([]any{}))
	d.finish(d.begin(r.ID, "media"), map[string]any{"hits": []any{}})
	d.pass(6 * 24 * time.Hour)
	must[cases.ExecutionInput](d)(d.Expire(t.Context(), cases.Branch{Tenant: client.Tenant, Case: r.ID}))
	if r = d.get(r.ID); r.Status != cases.StatusCompleted || r.Outcome != "rejected" {
		t.Fatalf("%s %s", r.Status, r.Outcome)
	}
	found := effects(d.store.last(), string(cases.EffectWatch))
	if len(found) != 1 {
		t.Fatalf("%d effects", len(found))
	}
	if err := d.WatchSubject(t.Context(), found[0]); err != nil {
		t.Fatal(err)
	}
	if run, err := d.known.Run(t.Context(), client.Tenant, "un"); err != nil || len(run.Late) != 1 {
		t.Errorf("%+v, %v", run, err)
	}
	if all, err := d.known.WatchesOf(t.Context(), client.Tenant, "subj_1"); err != nil || len(all) != 1 || !all[0].Kept {
		t.Errorf("the subject is not kept any more though nobody has said so: %+v, %v", all, err)
	}
}

// Whoever has two products is given up for one of them, and is still kept for the other.
func TestASubjectIsKeptByEachWorkflow(t *testing.T) {
	d := newDesk(t, listed, strings.NewReplacer("id: listed", "id: loan", "title: Listed", "title: Loan").Replace(listed))
	end := func(workflow, event string) string {
		t.Helper()
		cmd := anna(workflow)
		cmd.Context = map[string]any{"full_name": "Anna Keller"}
		r := must[cases.Record](d)(d.Start(t.Context(), client, cmd))
		d.finish(d.begin(r.ID, "sanctions"), answerWith([]any{}))
		d.finish(d.begin(r.ID, "media"), map[string]any{"hits": []any{}})
		must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, d.get(r.ID).Version, cases.DecideCommand{Event: event, Reason: "r", Comment: "c"}))
		if err := d.WatchSubject(t.Context(), effects(d.store.last(), string(cases.EffectWatch))[0]); err != nil {
			t.Fatal(err)
		}
		return r.Subject.ID
	}
	subject := end("listed", "approve")
	if again := end("loan", "reject"); again != subject {
		t.Fatal("another subject")
	}
	all, err := d.known.WatchesOf(t.Context(), client.Tenant, subject)
	if err != nil || len(all) != 2 || !all[0].Kept || all[1].Kept {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestWhoHasChangedSinceIsComparedWithWholeLists(t *testing.T) {
	d := newDesk(t, strings.Replace(listed, "  check:\n", "  check:\n    tags: [collection_flow]\n", 1))
	cmd := anna("listed")
	cmd.Context = map[string]any{"full_name": "Anna Keller"}
	r := must[cases.Record](d)(d.Start(t.Context(), client, cmd))
	sanctions := answerWith([]any{})
	sanctions["lists"] = map[string]any{"un": "1"}
	d.finish(d.begin(r.ID, "sanctions"), sanctions)
	must[cases.Record](d)(d.SaveContext(t.Context(), client, r.ID, map[string]any{"full_name": "Boris Popov"}))
	d.finish(d.begin(r.ID, "media"), map[string]any{"hits": []any{}})
	r = d.get(r.ID)
	must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "approve", Reason: "r", Comment: "c"}))
	if err := d.WatchSubject(t.Context(), effects(d.store.last(), string(cases.EffectWatch))[0]); err != nil {
		t.Fatal(err)
	}
	all, err := d.known.WatchesOf(t.Context(), client.Tenant, r.Subject.ID)
	if err != nil || len(all) != 1 || all[0].Question.Name != "Boris Popov" || len(all[0].Editions) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
}

// again is a case for new hits of a kept subject that waits for a person.
func (d *desk) again() cases.Record {
	d.t.Helper()
	if _, err := watched.ChangeRun(d.t.Context(), d.known, client.Tenant, "un", func(r *watched.Run) bool { r.State = watched.Done; return true }); err != nil {
		d.t.Fatal(err)
	}
	w := watched.Watch{Tenant: client.Tenant, Subject: "subj_1", For: "account", Type: "individual", Name: "Anna", Kept: true, Workflow: "listed", Question: watched.Question{Name: "Anna", Lists: []string{"un"}}}
	if err := d.known.PutWatch(d.t.Context(), w); err != nil {
		d.t.Fatal(err)
	}
	r := must[cases.Record](d)(d.Rescreened(d.t.Context(), w, "case_again", map[string]any{"list": "un"}))
	return d.checked(r.ID)
}

func (d *desk) checked(id string) cases.Record {
	d.finish(d.begin(id, "sanctions"), answerWith([]any{}))
	d.finish(d.begin(id, "media"), map[string]any{"hits": []any{}})
	return d.get(id)
}

// A decision that does not end the case, or was taken back, is none about its hits.
func TestOnlyADecisionThatEndsARescreeningCounts(t *testing.T) {
	for name, before := range map[string]func(d *desk, r cases.Record){
		"sent back": func(d *desk, r cases.Record) {
			must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "revision", Reason: "r", Comment: "c"}))
			d.checked(r.ID)
		},
		"taken back": func(d *desk, r cases.Record) {
			r = must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "reject", Reason: "r", Comment: "c", Undo: 20 * time.Second}))
			must[cases.Record](d)(d.Undo(t.Context(), reviewer, r.ID, r.Version))
		},
	} {
		d := newDesk(t, listed)
		r := d.again()
		before(d, r)
		d.pass(6 * 24 * time.Hour)
		must[cases.ExecutionInput](d)(d.Expire(t.Context(), cases.Branch{Tenant: client.Tenant, Case: r.ID}))
		if err := d.WatchSubject(t.Context(), effects(d.store.last(), string(cases.EffectWatch))[0]); err != nil {
			t.Fatal(err)
		}
		all, err := d.known.WatchesOf(t.Context(), client.Tenant, "subj_1")
		if err != nil || len(all) != 1 || !all[0].Kept {
			t.Errorf("%s: the subject is given up: %+v, %v", name, all, err)
		}
		if run, err := d.known.Run(t.Context(), client.Tenant, "un"); err != nil || len(run.Late) != 1 {
			t.Errorf("%s: %+v, %v", name, run, err)
		}
	}
}

func TestALaterCaseThatEndsByItselfGivesNobodyUp(t *testing.T) {
	d := newDesk(t, listed)
	start := func() cases.Record {
		cmd := anna("listed")
		cmd.Context = map[string]any{"full_name": "Anna Keller"}
		return d.checked(must[cases.Record](d)(d.Start(t.Context(), client, cmd)).ID)
	}
	tell := func() watched.Watch {
		t.Helper()
		if err := d.WatchSubject(t.Context(), effects(d.store.last(), string(cases.EffectWatch))[0]); err != nil {
			t.Fatal(err)
		}
		all, err := d.known.WatchesOf(t.Context(), client.Tenant, d.store.last().Next.Subject.ID)
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		return all[0]
	}
	r := start()
	must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "approve", Reason: "r", Comment: "c"}))
	tell()
	r = start()
	d.pass(6 * 24 * time.Hour)
	must[cases.ExecutionInput](d)(d.Expire(t.Context(), cases.Branch{Tenant: client.Tenant, Case: r.ID}))
	if w := tell(); !w.Kept {
		t.Errorf("nobody has decided it: %+v", w)
	}
	r = start()
	must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "reject", Reason: "r", Comment: "c"}))
	if w := tell(); w.Kept {
		t.Errorf("a person has decided it: %+v", w)
	}
}

// The workflow that keeps a subject defines where the follow-up searches for it.
func TestACaseForNewHitsKeepsTheQuestionsLists(t *testing.T) {
	d := newDesk(t, strings.Replace(listed, "with: {name: full_name}", "with: {name: \"'Anna'\"}, lists: [eu]", 1))
	r := d.again()
	must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "approve", Reason: "r", Comment: "c"}))
	if err := d.WatchSubject(t.Context(), effects(d.store.last(), string(cases.EffectWatch))[0]); err != nil {
		t.Fatal(err)
	}
	all, err := d.known.WatchesOf(t.Context(), client.Tenant, "subj_1")
	if err != nil || len(all) != 1 || !all[0].Kept || strings.Join(all[0].Question.Lists, " ") != "un" {
		t.Errorf("%+v, %v", all, err)
	}
}

// What a client brings along at the start is judged as what comes later is.
func TestNothingIsApprovedByItselfAtItsStart(t *testing.T) {
	d := newDesk(t, `
id: atstart
title: At its start
subject: individual
context: {schema: {type: object, properties: {partner: {type: object}}}}
review: {four_eyes: critical, hits: [partner.hits], checks: []}
initial: wait
states:
  wait: {always: [{guard: "len(partner.hits) >= 0", target: approved}], on: {look: review}}
  review: {tags: [manual_review], on: {approve: approved, reject: rejected}}
  approved: {type: final, tags: [approved]}
  rejected: {type: final, tags: [rejected]}
`)
	for hits, want := range map[int]cases.Status{0: cases.StatusCompleted, 1: cases.StatusActive} {
		cmd := anna("atstart")
		cmd.Context = map[string]any{"partner": map[string]any{"hits": make([]any, hits)}}
		for i := range hits {
			cmd.Context["partner"].(map[string]any)["hits"].([]any)[i] = map[string]any{"name": "x"}
		}
		if r := must[cases.Record](d)(d.Start(t.Context(), client, cmd)); r.Status != want {
			t.Errorf("%d hits: %s", hits, r.Status)
		}
	}
}

// A client cannot have a kept person forgotten by a second case under another name.
func TestASecondCaseUnderAnotherNameKeepsBoth(t *testing.T) {
	d := newDesk(t, listed)
	for _, name := range []string{"Radka Zelinka", "Petra Nobody"} {
		cmd := anna("listed")
		cmd.Context = map[string]any{"full_name": name}
		r := d.checked(must[cases.Record](d)(d.Start(t.Context(), client, cmd)).ID)
		d.pass(time.Minute)
		must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "approve", Reason: "r", Comment: "c"}))
		if err := d.WatchSubject(t.Context(), effects(d.store.last(), string(cases.EffectWatch))[0]); err != nil {
			t.Fatal(err)
		}
	}
	all, err := d.known.WatchesOf(t.Context(), client.Tenant, d.store.last().Next.Subject.ID)
	if err != nil || len(all) != 1 || all[0].Question.Name != "Petra Nobody" || len(all[0].Former) != 1 || all[0].Former[0].Name != "Radka Zelinka" {
		t.Errorf("%+v, %v", all, err)
	}
}
