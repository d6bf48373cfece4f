package cases_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// kycScreened is a case of the shipped workflow that has been screened and waits for a person.
func kycScreened(t testing.TB) (*desk, cases.Record) {
	t.Helper()
	text, err := os.ReadFile("../../statemachines/kyc.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t, string(text))
	r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{
		Workflow: "kyc", Subject: cases.SubjectInput{Type: "individual"}, Context: map[string]any{"applicant": person("Ada", "Lovelace")},
	}))
	d.passport(r.ID, "doc_1")
	d.send(r.ID, "SUBMIT")
	d.screen(r.ID)
	return d, d.inState(r.ID, "review")
}

func person(given, family string) map[string]any {
	return map[string]any{"name": map[string]any{"given": given, "family": family}, "country": "GB"}
}

func (d *desk) passport(id, document string) cases.Record {
	d.t.Helper()
	doc, _, err := d.AnnounceDocument(d.t.Context(), clerk, id, cases.AnnounceCommand{
		ID: document, Kind: "passport", ContentType: "image/png", Size: 10, SHA256: sum("a"),
	})
	if err != nil {
		d.t.Fatal(err)
	}
	d.files.put(doc.Key, cases.ObjectInfo{Size: 10, SHA256: sum("a")})
	return must[cases.Record](d)(d.DocumentArrived(d.t.Context(), "demo", id, document))
}

func (d *desk) work(id, work string) cases.Job {
	d.t.Helper()
	job, todo, follow, err := d.BeginWork(d.t.Context(), cases.Branch{Tenant: "demo", Case: id}, "screen", work)
	if err != nil || !todo {
		d.t.Fatalf("%s is not to be done: at %s, %v", work, follow.Label, err)
	}
	return job
}

var kycAnswers = map[string]any{
	"id_check": map[string]any{"findings": []any{}}, "identity": map[string]any{"status": "verified"}, "sanctions": noHits(),
	"risk": map[string]any{"policy": "kyc-risk", "outcome": "review", "score": 40.0, "severity": "medium"},
}

func (d *desk) screen(id string) {
	d.t.Helper()
	for _, work := range []string{"id_check", "identity", "sanctions", "risk"} {
		d.finish(d.work(id, work), kycAnswers[work])
	}
}

func (d *desk) inState(id, state string) cases.Record {
	d.t.Helper()
	r := d.get(id)
	wantState(d.t, r, state)
	return r
}

func (d *desk) correct(id string, applicant map[string]any) cases.Record {
	d.t.Helper()
	return must[cases.Record](d)(d.SaveContext(d.t.Context(), clerk, id, map[string]any{"applicant": applicant}))
}

func (d *desk) decide(r cases.Record, event string) cases.Record {
	d.t.Helper()
	return must[cases.Record](d)(d.Decide(d.t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: event}))
}

func wantStale(t testing.TB, r cases.Record, want ...string) {
	t.Helper()
	if !slices.Equal(r.Stale, want) {
		t.Fatalf("stale: %v, want %v", r.Stale, want)
	}
}

var allOfKYC = []string{"id_check", "identity", "risk", "sanctions"}

func TestACorrectionAfterTheScreeningMakesItStale(t *testing.T) {
	d, r := kycScreened(t)
	wantStale(t, r)
	r = d.correct(r.ID, person("Ada", "Byron"))
	wantStale(t, r, allOfKYC...)
	view := must[cases.View](d)(d.View(t.Context(), reviewer, r))
	for _, check := range view.Checks {
		if check.Status != cases.CheckStale {
			t.Errorf("%s is %s", check.Work, check.Status)
		}
	}
	if !slices.Equal(view.Needs.Because, []cases.NeedsWhy{cases.WhyUnanswered}) || len(view.Checks) != 4 {
		t.Errorf("needs %+v of %+v", view.Needs, view.Checks)
	}
	for _, event := range []string{"approve", "approve_unanswered"} {
		_, err := d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: event, Reason: "checked", Comment: "Looks well."})
		wantCode(t, err, problem.EventNotAllowed)
	}
	d.verified(r.ID)

	r = d.correct(r.ID, person("Ada", "Lovelace")) // it is what was checked
	wantStale(t, r)
	d.verified(r.ID)
	if r = d.decide(r, "approve"); r.Outcome != "approved" {
		t.Errorf("outcome %q", r.Outcome)
	}
}

func TestScreeningAgainTakesTheMarksAway(t *testing.T) {
	d, r := kycScreened(t)
	r = d.correct(r.ID, person("Ada", "Byron"))
	r = d.decide(r, "screen_again")
	wantStale(t, r, allOfKYC...)
	d.finish(d.work(r.ID, "id_check"), kycAnswers["id_check"])
	d.finish(d.work(r.ID, "identity"), kycAnswers["identity"])
	wantStale(t, d.get(r.ID), "risk", "sanctions")
	d.finish(d.work(r.ID, "sanctions"), kycAnswers["sanctions"])
	wantStale(t, d.get(r.ID), "risk")
	d.finish(d.work(r.ID, "risk"), kycAnswers["risk"])
	r = d.inState(r.ID, "review")
	wantStale(t, r)
	if r = d.decide(r, "approve"); r.Outcome != "approved" {
		t.Errorf("outcome %q", r.Outcome)
	}
	d.verified(r.ID)
}

func TestDataThatChangesWhileACheckIsMadeIsNotWhatWasChecked(t *testing.T) {
	d, r := kycScreened(t)
	r = d.decide(r, "screen_again")
	d.finish(d.work(r.ID, "id_check"), kycAnswers["id_check"])
	job := d.work(r.ID, "identity")
	d.correct(r.ID, person("Ada", "Byron"))
	d.finish(job, kycAnswers["identity"])
	if stale := d.get(r.ID).Stale; !slices.Contains(stale, "identity") {
		t.Errorf("stale: %v", stale)
	}
}

func TestWhatAVendorWasAskedCountsNotWhatIsThereWhenItAnswers(t *testing.T) {
	d, r := kycScreened(t)
	r = d.decide(r, "screen_again")
	d.finish(d.work(r.ID, "id_check"), kycAnswers["id_check"])
	job := d.work(r.ID, "identity")
	must[cases.ExecutionInput](d)(d.FinishWork(t.Context(), job, cases.Outcome{
		Awaiting: true, Until: d.time().Add(9e12), Accepted: map[string]any{"session": "s"}, Run: d.runOf(job),
	}))
	d.correct(r.ID, person("Ada", "Byron"))
	answered := must[cases.Record](d)(d.Answer(t.Context(), vendorOf(r.ID), r.ID, cases.Reply{
		State: "screen", Visit: job.Visit, Work: "identity", Payload: kycAnswers["identity"], ID: "e",
	}))
	if !slices.Contains(answered.Stale, "identity") {
		t.Errorf("stale: %v", answered.Stale)
	}
	d.verified(r.ID)
}

func TestACheckThatFailsHasNothingThatCouldBeStale(t *testing.T) {
	d, r := kycScreened(t)
	r = d.correct(r.ID, person("Ada", "Byron"))
	r = d.decide(r, "screen_again")
	d.finish(d.work(r.ID, "id_check"), kycAnswers["id_check"])
	job := d.work(r.ID, "identity")
	must[cases.ExecutionInput](d)(d.FailWork(t.Context(), job.Branch, "screen", "identity", job.Visit, cases.Failure{Error: "vendor_unavailable", Attempts: 1}))
	d.finish(d.work(r.ID, "sanctions"), kycAnswers["sanctions"])
	d.finish(d.work(r.ID, "risk"), kycAnswers["risk"])
	wantStale(t, d.inState(r.ID, "review"))
}

func TestAVendorThatNeverAnswersHasNothingThatCouldBeStale(t *testing.T) {
	d, r := kycScreened(t)
	r = d.correct(r.ID, person("Ada", "Byron"))
	r = d.decide(r, "screen_again")
	d.finish(d.work(r.ID, "id_check"), kycAnswers["id_check"])
	job := d.work(r.ID, "identity")
	must[cases.ExecutionInput](d)(d.FinishWork(t.Context(), job, cases.Outcome{Awaiting: true, Until: d.time().Add(time.Hour), Run: d.runOf(job)}))
	d.pass(2 * time.Hour)
	d.finish(d.work(r.ID, "sanctions"), kycAnswers["sanctions"])
	d.finish(d.work(r.ID, "risk"), kycAnswers["risk"])
	wantStale(t, d.inState(r.ID, "review"))
}

func TestADocumentThatArrivesAfterTheCheckMakesItStale(t *testing.T) {
	d, r := kycScreened(t)
	wantStale(t, d.passport(r.ID, "doc_2"), "id_check", "identity", "risk") // vendors receive documents, too; watch lists do not
}

func TestWhatIsNoDataMarksNothing(t *testing.T) {
	d, r := kycScreened(t)
	must[cases.Note](d)(d.AddNote(t.Context(), reviewer, r.ID, cases.NoteCommand{Text: "Looked at it."}))
	r = d.get(r.ID)
	must[cases.Record](d)(d.Assign(t.Context(), reviewer, r.ID, "user_1", r.Version))
	must[cases.Link](d)(d.DocumentLink(t.Context(), reviewer, r.ID, "doc_1"))
	r = d.get(r.ID)
	r = must[cases.Record](d)(d.DecideDocument(t.Context(), reviewer, r.ID, "doc_1", r.Version, cases.DocumentDecisionCommand{Decision: "approved"}))
	wantStale(t, r)
}

func TestUndoLeavesTheMarksRight(t *testing.T) {
	d, r := kycScreened(t)
	r = d.correct(r.ID, person("Ada", "Byron"))
	before := r.Stale
	r = must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "screen_again", Undo: 10e9}))
	r = must[cases.Record](d)(d.Undo(t.Context(), reviewer, r.ID, r.Version))
	wantStale(t, d.inState(r.ID, "review"), before...)
	_, err := d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "approve"})
	wantCode(t, err, problem.EventNotAllowed)
}

// narrow has work that states what it reads, a policy over a result, and a decision that writes data.
const narrow = `
id: narrow
title: Narrow
subject: individual
initial: check
states:
  check:
    by: [client]
    invoke:
      - {src: vendor, id: a, input: {plugin: p, with: {x: base.x}}}
      - {src: vendor, id: b, input: {plugin: p, with: {y: base.y, l: "base.list[0].z"}}}
      - {src: rules, id: over, input: {policy: q, with: {found: a.found}}}
      - {src: rules, id: all, input: {policy: q}}
    onDone: review
  review:
    tags: [manual_review]
    on:
      again: check
      reject: refused
      write: {actions: {type: assign, values: {base.x: "'decided'"}}}
      pass: {target: done, guard: "!stale.over"}
    always: {target: marked, guard: "stale.b && base.w == 'go'"}
  marked: {tags: [manual_review], on: {pass: done, reject: refused}}
  done: {type: final}
  refused: {type: final}
`

func TestMarksAreWhatANaiveComparisonFinds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := newDesk(t, narrow)
		base := map[string]any{"x": "0", "y": "0", "w": "0", "list": []any{map[string]any{"z": "0"}}}
		r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "narrow", Subject: cases.SubjectInput{Type: "individual"}, Context: map[string]any{"base": base}}))
		given := map[string]string{} // by work: what it was given, as text
		now := func(work string) string {
			c := d.get(r.ID).Context
			b, _ := c["base"].(map[string]any)
			switch work {
			case "a":
				return fmt.Sprint(b["x"])
			case "b":
				return fmt.Sprint(b["y"], b["list"])
			case "over":
				found, _ := c["a"].(map[string]any)
				return fmt.Sprint(found["found"])
			}
			return fmt.Sprint(b, c["a"], c["b"], c["over"])
		}
		check := func() {
			rt.Helper()
			want := map[string]bool{}
			for work, then := range given {
				want[work] = then != now(work)
			}
			want["over"] = want["over"] || given["over"] != "" && want["a"]
			want["all"] = want["all"] || given["all"] != "" && (want["a"] || want["b"] || want["over"])
			got := d.get(r.ID).Stale
			for _, work := range []string{"a", "b", "over", "all"} {
				if slices.Contains(got, work) != want[work] {
					rt.Fatalf("stale %v, want %v (given %v)", got, want, given)
				}
			}
			if !slices.IsSorted(got) {
				rt.Fatalf("not sorted: %v", got)
			}
		}
		value := rapid.SampledFrom([]string{"0", "1"})
		for range rapid.IntRange(4, 14).Draw(rt, "steps") {
			busy := ""
			for _, work := range []string{"a", "b", "over", "all"} {
				if _, todo, _, err := d.BeginWork(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID}, "check", work); err == nil && todo {
					busy = work
				}
			}
			switch step := rapid.IntRange(0, 3).Draw(rt, "step"); {
			case step == 0:
				name := rapid.SampledFrom([]string{"x", "y", "w"}).Draw(rt, "field")
				must[cases.Record](d)(d.SaveContext(t.Context(), reviewer, r.ID, map[string]any{"base": map[string]any{name: value.Draw(rt, "value")}}))
			case step == 1:
				must[cases.Record](d)(d.SaveContext(t.Context(), reviewer, r.ID, map[string]any{"base": map[string]any{"list": []any{map[string]any{"z": value.Draw(rt, "value")}}}}))
			case busy != "":
				job := d.begin(r.ID, busy)
				given[busy] = now(busy)
				d.finish(job, map[string]any{"found": value.Draw(rt, "found")})
			default:
				event := rapid.SampledFrom([]string{"again", "write"}).Draw(rt, "event")
				seen := d.get(r.ID)
				seen = must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, seen.Version, cases.DecideCommand{Event: event, Undo: 10e9}))
				if rapid.Bool().Draw(rt, "undo") {
					must[cases.Record](d)(d.Undo(t.Context(), reviewer, r.ID, seen.Version))
				}
			}
			check()
		}
		d.verified(r.ID)
	})
}

func TestGuardsSeeMarksInTheChangeThatMakesThem(t *testing.T) {
	d := newDesk(t, narrow)
	r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{
		Workflow: "narrow", Subject: cases.SubjectInput{Type: "individual"}, Context: map[string]any{"base": map[string]any{"x": "0", "y": "0", "w": "go"}},
	}))
	for _, work := range []string{"a", "b", "over", "all"} {
		d.finish(d.begin(r.ID, work), map[string]any{"found": work})
	}
	wantState(t, d.get(r.ID), "review")
	r = must[cases.Record](d)(d.SaveContext(t.Context(), reviewer, r.ID, map[string]any{"base": map[string]any{"y": "1"}}))
	wantState(t, r, "marked")
	wantStale(t, r, "all", "b")
}

func TestNobodyWritesMarks(t *testing.T) {
	d := newDesk(t, narrow)
	_, err := d.Start(t.Context(), client, cases.StartCommand{Workflow: "narrow", Subject: cases.SubjectInput{Type: "individual"}, Context: map[string]any{"stale": map[string]any{"any": false}}})
	if found := places(wantCode(t, err, problem.Invalid)); !slices.Equal(found, []string{"body.context.stale reserved"}) {
		t.Error(found)
	}
}

// TestWhatAWorkReportsThatItReadIsAllThatMarksIt: a plugin or a policy that names what it is made from is not marked by other data.
func TestWhatAWorkReportsThatItReadIsAllThatMarksIt(t *testing.T) {
	d, r := kycScreened(t)
	r = d.decide(r, "screen_again")
	name := &cases.Used{Context: [][]string{{"applicant", "name"}}}
	for _, one := range []struct {
		work string
		used *cases.Used
	}{{"id_check", nil}, {"identity", name}, {"sanctions", name}, {"risk", &cases.Used{Context: [][]string{{"sanctions", "hits"}}}}} {
		job := d.work(r.ID, one.work)
		must[cases.ExecutionInput](d)(d.FinishWork(t.Context(), job, cases.Outcome{Payload: kycAnswers[one.work], Used: one.used, Run: d.runOf(job)}))
	}
	wantStale(t, d.inState(r.ID, "review"))
	other := person("Ada", "Lovelace")
	other["country"] = "FR"
	wantStale(t, d.correct(r.ID, other), "id_check") // which has reported no reads: everything
	wantStale(t, d.correct(r.ID, person("Ada", "Byron")), allOfKYC...)
	d.verified(r.ID)
}

func TestMoreThanIsKeptCountsAsEverything(t *testing.T) {
	d, r := kycScreened(t)
	r = d.decide(r, "screen_again")
	used := &cases.Used{}
	for n := range 41 {
		used.Context = append(used.Context, []string{"applicant", fmt.Sprint("field", n)})
	}
	for _, work := range []string{"id_check", "identity", "sanctions", "risk"} {
		job := d.work(r.ID, work)
		must[cases.ExecutionInput](d)(d.FinishWork(t.Context(), job, cases.Outcome{Payload: kycAnswers[work], Used: used, Run: d.runOf(job)}))
	}
	wantStale(t, d.correct(r.ID, person("Ada", "Byron")), allOfKYC...)
}
