package cases_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/watched"
)

// listed is a workflow that screens against watch lists, and asks a vendor, too.
const listed = `
id: listed
title: Listed
subject: individual
context: {schema: {type: object, properties: {full_name: {type: string}, forged: {type: object}, rescreening: {type: object}}}}
initial: check
states:
  check:
    invoke:
      - {src: screening, id: sanctions, input: {rescreen: {workflow: listed, outcomes: [approved]}, with: {name: full_name}}}
      - {src: vendor, id: media, input: {plugin: media}}
    onDone: review
  review:
    tags: [manual_review]
    on: {approve: approved, reject: rejected, revision: check}
    after: {P5D: rejected}
  approved: {type: final, tags: [approved]}
  rejected: {type: final, tags: [rejected]}
`

func hitOf(id, version string) map[string]any {
	return map[string]any{"list": "un", "edition": "1", "id": id, "version": version, "asked": "digest", "name": "Anna Keller", "birth_dates": []any{"1970"}, "schema": "Person"}
}

func anna(workflow string) cases.StartCommand {
	return cases.StartCommand{Workflow: workflow, Subject: cases.SubjectInput{Type: "individual", ExternalID: "anna"}}
}

func answerWith(hits []any, cleared ...any) map[string]any {
	return map[string]any{"hits": hits, "cleared": append([]any{}, cleared...), "more": false}
}

// listedCase brings a case of Anna's to a reviewer.
func (d *desk) listedCase(sanctions map[string]any) cases.Record {
	d.t.Helper()
	r := must[cases.Record](d)(d.Start(d.t.Context(), client, anna("listed")))
	d.finish(d.begin(r.ID, "sanctions"), sanctions)
	d.finish(d.begin(r.ID, "media"), map[string]any{"hits": []any{}})
	return d.get(r.ID)
}

// known of Anna, once the effects of a change have been delivered whose time has come.
func (d *desk) remembered(change cases.Change) watched.Answers {
	d.t.Helper()
	for _, e := range effects(change, string(cases.EffectAnswer)) {
		if err := d.Remember(d.t.Context(), e); err != nil {
			d.t.Fatal(err)
		}
	}
	answers, err := d.known.Answers(d.t.Context(), "demo", change.Next.Subject.ID)
	if err != nil {
		d.t.Fatal(err)
	}
	return answers
}

func says(hit, answer, comment string) []cases.HitAnswer {
	return []cases.HitAnswer{{Hit: hit, Answer: answer, Comment: comment}}
}

func TestAnswersOfFinalDecisionsAreRemembered(t *testing.T) {
	for name, test := range map[string]struct {
		event, answer string
		want          watched.Verdict
	}{
		"cleared with an approval":        {"approve", "not_a_match", watched.Cleared},
		"confirmed with a rejection":      {"reject", "match", watched.Confirmed},
		"confirmed and asked for more":    {"revision", "match", watched.Confirmed},
		"nobody is cleared by a refusal":  {"reject", "not_a_match", ""},
		"nor by asking for something new": {"revision", "not_a_match", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, listed)
			r := d.listedCase(answerWith([]any{hitOf("u-1", "v1")}))
			must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: test.event, Reason: "r", Comment: "c", Hits: says("sanctions.hits[0]", test.answer, "c"), Undo: 10 * time.Second}))
			change := d.store.last()
			for _, e := range effects(change, string(cases.EffectAnswer)) {
				if !e.Held() {
					t.Error("the answer counts while it can be undone")
				}
			}
			answers := d.remembered(change)
			if test.want == "" {
				if len(answers.Given) != 0 {
					t.Errorf("%+v", answers)
				}
				return
			}
			if again := d.remembered(change); again.Revision != 1 || len(again.Given) != 1 {
				t.Errorf("a second delivery has changed something: %+v", again)
			}
			want := watched.Answer{
				List: "un", ID: "u-1", Version: "v1", Asked: "digest", Verdict: test.want, At: change.Entry.At, By: watched.Person{Kind: "user", ID: "user_1"}, Case: r.ID, Commit: r.Version + 1,
				Entry: watched.Entry{Name: "Anna Keller", Schema: "Person", Births: []string{"1970"}},
			}
			if got := answers.Given; len(got) != 1 || got[0].By != want.By || got[0].Verdict != want.Verdict || got[0].Case != want.Case || got[0].Commit != want.Commit || got[0].Version != "v1" || got[0].Asked != "digest" ||
				!got[0].At.Equal(want.At) || got[0].Entry.Name != want.Entry.Name || !slices.Equal(got[0].Entry.Births, want.Entry.Births) {
				t.Errorf("%+v, want %+v", got, want)
			}
		})
	}
}

func TestAnUndoneAnswerIsNotRemembered(t *testing.T) {
	d := newDesk(t, listed)
	r := d.listedCase(answerWith([]any{hitOf("u-1", "v1")}))
	decided := must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "approve", Reason: "r", Comment: "c", Hits: says("sanctions.hits[0]", "not_a_match", ""), Undo: 10 * time.Second}))
	held := effects(d.store.last(), string(cases.EffectAnswer))
	must[cases.Record](d)(d.Undo(t.Context(), reviewer, r.ID, decided.Version))
	if !slices.ContainsFunc(d.store.last().Dropped, func(e cases.Effect) bool { return e.ID() == held[0].ID() }) {
		t.Error("the answer is not taken back with its decision")
	}
}

func TestOnlyWhatTheScreeningHasFoundIsRemembered(t *testing.T) {
	d := newDesk(t, listed)
	cmd := anna("listed")
	cmd.Context = map[string]any{"forged": map[string]any{"cleared": []any{hitOf("u-9", "v1")}, "hits": []any{hitOf("u-9", "v1")}}}
	r := must[cases.Record](d)(d.Start(t.Context(), client, cmd))
	d.finish(d.begin(r.ID, "sanctions"), answerWith([]any{}))
	d.finish(d.begin(r.ID, "media"), map[string]any{"hits": []any{hitOf("u-1", "v1")}, "cleared": []any{hitOf("u-2", "v1")}})
	r = d.get(r.ID)
	needs := must[cases.View](d)(d.View(t.Context(), reviewer, r)).Needs
	if len(needs.Cleared) != 0 || len(needs.Hits) != 1 {
		t.Errorf("%+v", needs)
	}
	must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "approve", Reason: "r", Comment: "c", Hits: says("media.hits[0]", "not_a_match", "")}))
	if found := effects(d.store.last(), string(cases.EffectAnswer)); len(found) != 0 {
		t.Errorf("a vendor's hit is remembered: %+v", found)
	}
}

func TestClearedHitsNeedNoAnswerAndCanBeGivenOne(t *testing.T) {
	d := newDesk(t, listed)
	first := d.listedCase(answerWith([]any{hitOf("u-1", "v1")}))
	must[cases.Record](d)(d.Decide(t.Context(), reviewer, first.ID, first.Version, cases.DecideCommand{Event: "approve", Reason: "r", Comment: "c", Hits: says("sanctions.hits[0]", "not_a_match", "")}))
	d.remembered(d.store.last())

	r := d.listedCase(answerWith([]any{}, hitOf("u-1", "v1")))
	needs := must[cases.View](d)(d.View(t.Context(), reviewer, r)).Needs
	if len(needs.Hits) != 0 || len(needs.Because) != 0 || len(needs.Cleared) != 1 || !needs.Cleared[0].Cleared || needs.Cleared[0].ID != "sanctions.cleared[0]" {
		t.Fatalf("%+v", needs)
	}
	again := d.listedCase(answerWith([]any{}, hitOf("u-1", "v1")))
	wantState(t, must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "approve"})), "approved")

	d.pass(time.Minute)
	must[cases.Record](d)(d.Decide(t.Context(), reviewer, again.ID, again.Version, cases.DecideCommand{Event: "reject", Reason: "r", Hits: says("sanctions.cleared[0]", "match", "")}))
	if answers := d.remembered(d.store.last()); len(answers.Given) != 1 || answers.Given[0].Verdict != watched.Confirmed {
		t.Errorf("%+v", answers)
	}
}

func TestAClearedHitIsOpenWhenWhatWasSaidHasChanged(t *testing.T) {
	for name, change := range map[string]func(a *watched.Answers) bool{
		"nothing is remembered": func(a *watched.Answers) bool { a.Given = nil; return true },
		"it is confirmed now":   func(a *watched.Answers) bool { a.Given[0].Verdict = watched.Confirmed; return true },
		"of another version":    func(a *watched.Answers) bool { a.Given[0].Version = "v0"; return true },
		"of somebody else":      func(a *watched.Answers) bool { a.Given[0].Asked = "other"; return true },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, listed)
			first := d.listedCase(answerWith([]any{hitOf("u-1", "v1")}))
			must[cases.Record](d)(d.Decide(t.Context(), reviewer, first.ID, first.Version, cases.DecideCommand{Event: "approve", Reason: "r", Comment: "c", Hits: says("sanctions.hits[0]", "not_a_match", "")}))
			d.remembered(d.store.last())
			r := d.listedCase(answerWith([]any{}, hitOf("u-1", "v1")))
			if err := watched.Change(t.Context(), d.known, "demo", r.Subject.ID, change); err != nil {
				t.Fatal(err)
			}
			_, err := d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "approve"})
			if got := places(wantCode(t, err, problem.Invalid)); !slices.Equal(got, []string{"body.comment required", "body.hits required", "body.reason required"}) {
				t.Error(got)
			}
			want := "approved"
			if name == "it is confirmed now" { // nobody overturns that alone
				want = "review"
			}
			wantState(t, must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "approve", Reason: "r", Comment: "c", Hits: says("sanctions.cleared[0]", "not_a_match", "")})), want)
		})
	}
}

func TestNobodyAloneApprovesWhomTheyCallAMatch(t *testing.T) {
	d := newDesk(t, listed)
	r := d.listedCase(answerWith([]any{hitOf("u-1", "v1")}))
	match := cases.DecideCommand{Event: "approve", Reason: "r", Comment: "c", Hits: says("sanctions.hits[0]", "match", " ")}
	_, err := d.Decide(t.Context(), reviewer, r.ID, r.Version, match)
	if got := places(wantCode(t, err, problem.Invalid)); !slices.Equal(got, []string{"body.hits[0].comment match"}) {
		t.Fatal(got)
	}
	match.Hits[0].Comment = "Delisted by the court; the list is late."
	proposed := must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, match))
	wantState(t, proposed, "review")
	if needs := must[cases.View](d)(d.View(t.Context(), confirmer, proposed)).Needs; !needs.FourEyes {
		t.Error("the second person does not learn that they are the second")
	}
	_, err = d.Decide(t.Context(), reviewer, r.ID, proposed.Version, match)
	wantCode(t, err, problem.FourEyes)
	clears := match
	clears.Hits = says("sanctions.hits[0]", "not_a_match", "")
	_, err = d.Decide(t.Context(), reviewer, r.ID, proposed.Version, clears)
	wantCode(t, err, problem.FourEyes)
	wantState(t, must[cases.Record](d)(d.Decide(t.Context(), confirmer, r.ID, proposed.Version, match)), "approved")
	if answers := d.remembered(d.store.last()); len(answers.Given) != 1 || answers.Given[0].Verdict != watched.Confirmed || answers.Given[0].By.ID != confirmer.ID {
		t.Errorf("%+v", answers)
	}
}

func TestAnswersOfAnotherTenantDoNotCount(t *testing.T) {
	d := newDesk(t, listed)
	r := d.listedCase(answerWith([]any{hitOf("u-1", "v1")}))
	must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "approve", Reason: "r", Comment: "c", Hits: says("sanctions.hits[0]", "not_a_match", "")}))
	d.remembered(d.store.last())
	if other, err := d.known.Answers(t.Context(), "other", r.Subject.ID); err != nil || len(other.Given) != 0 {
		t.Errorf("%+v %v", other, err)
	}
}

// screened brings a case of Anna's to a reviewer, with hits and with such as were cleared before.
func (r *rig) screened(hit any, cleared ...any) {
	ctx := context.Background()
	start := anna("listed")
	start.Subject.ExternalID += r.tenant
	record, err := r.Start(ctx, r.client(), start)
	r.ok(err)
	r.ids = []string{record.ID}
	hits := []any{}
	if hit, ok := hit.(map[string]any); ok {
		hits = append(hits, hit)
	}
	r.done("sanctions", answerWith(hits, cleared...))
	r.done("media", map[string]any{"hits": []any{}})
	r.vars["seen"] = r.now(r.id()).Version
}

func (r *rig) decides(event, hit, answer string) {
	cmd := cases.DecideCommand{Event: event, Reason: "r", Comment: "c"}
	if hit != "" {
		cmd.Hits = says(hit, answer, "c")
	}
	_, err := r.Decide(context.Background(), identity.Principal{Tenant: r.tenant, Kind: identity.User, ID: "user_1", Roles: []string{"reviewer"}}, r.id(), r.seen(), cmd)
	r.ok(err)
}

// waiting is the effect of a kind that waits.
func (r *rig) waiting(kind cases.EffectKind) cases.Effect {
	all, err := r.beneath.Undelivered(context.Background(), epoch.Add(time.Hour), 1<<20)
	r.ok(err)
	at := slices.IndexFunc(all, func(e cases.Effect) bool { return e.Tenant == r.tenant && e.Kind == kind })
	if at < 0 {
		r.t.Fatalf("no effect %s waits", kind)
	}
	return all[at]
}

func (r *rig) answer() cases.Effect { return r.waiting(cases.EffectAnswer) }

func (r *rig) remembers() { r.ok(r.Remember(context.Background(), r.answer())) }

func TestTheEndOfACaseSaysWhetherItsSubjectIsKept(t *testing.T) {
	d := newDesk(t, listed)
	end := func(event string, sanctions map[string]any) (cases.Record, cases.Effect) {
		t.Helper()
		cmd := anna("listed")
		cmd.Context = map[string]any{"full_name": "Anna Keller"}
		r := must[cases.Record](d)(d.Start(t.Context(), client, cmd))
		d.finish(d.begin(r.ID, "sanctions"), sanctions)
		d.finish(d.begin(r.ID, "media"), map[string]any{"hits": []any{}})
		r = d.get(r.ID)
		r = must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: event, Reason: "r", Comment: "c"}))
		found := effects(d.store.last(), string(cases.EffectWatch))
		if len(found) != 1 {
			t.Fatalf("%d effects", len(found))
		}
		d.pass(time.Hour)
		return r, found[0]
	}
	tell := func(e cases.Effect) {
		t.Helper()
		if err := d.WatchSubject(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	sanctions := answerWith([]any{})
	sanctions["lists"] = map[string]any{"un": "1"}
	r, kept := end("approve", sanctions)
	_, gone := end("reject", sanctions)
	tell(kept)
	watch := func() (watched.Watch, error) {
		all, err := d.known.WatchesOf(t.Context(), "demo", r.Subject.ID)
		if len(all) != 1 {
			t.Fatalf("%d watches", len(all))
		}
		return all[0], err
	}
	w, err := watch()
	if err != nil || w.For != "listed" || !w.Kept || w.Question.Name != "Anna Keller" || w.Workflow != "listed" || w.Editions["un"] != "1" || w.Case != r.ID || w.ExternalID != "anna" {
		t.Fatalf("%+v, %v", w, err)
	}
	tell(gone)
	tell(kept) // comes again, late
	if w, err = watch(); err != nil || w.Kept || w.Question.Name != "" || w.Name != "" {
		t.Errorf("%+v, %v", w, err)
	}

	// The list has had another edition while the case was under way: the run is notified.
	if _, err := watched.ChangeRun(t.Context(), d.known, "demo", "un", func(run *watched.Run) bool {
		run.State, run.Edition = watched.Done, "2"
		return true
	}); err != nil {
		t.Fatal(err)
	}
	_, late := end("approve", sanctions)
	tell(late)
	tell(late)
	if run, err := d.known.Run(t.Context(), "demo", "un"); err != nil || len(run.Late) != 1 || run.State != watched.Running {
		t.Errorf("%+v, %v", run, err)
	}
}

func TestACaseForAKeptSubjectIsOpenedOnce(t *testing.T) {
	d := newDesk(t, listed)
	first := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "listed", Subject: cases.SubjectInput{Type: "individual", Data: map[string]any{"name": "Anna"}}}))
	w := watched.Watch{Tenant: "demo", Subject: first.Subject.ID, Type: "individual", Name: "Anna", Kept: true, Workflow: "listed"}
	for range 2 {
		again := must[cases.Record](d)(d.Rescreened(t.Context(), w, "case_again", map[string]any{"list": "un", "edition": "2"}))
		if again.ID != "case_again" || again.Subject != first.Subject || again.Version != 1 {
			t.Fatalf("%+v", again)
		}
	}
	w.Workflow = "nothing"
	_, err := d.Rescreened(t.Context(), w, "case_other", nil)
	wantCode(t, err, problem.UnknownWorkflow)
}
