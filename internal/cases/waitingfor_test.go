package cases_test

import (
	"slices"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

const relay = `
id: relay
title: From hand to hand
subject: individual
initial: collect
states:
  collect: {tags: [collection_flow], on: {SUBMIT: check}, after: {P14D: ended}}
  check:
    invoke: {src: vendor, id: lookup, input: {plugin: lookup}}
    onDone: review
  review: {tags: [manual_review], on: {hand: intern, reject: ended}, after: {P5D: ended}}
  intern: {on: {FILED: ended}, after: {P9D: ended}}
  ended: {type: final, tags: [rejected]}
`

func TestTimeAloneIsWaitedForWhereNobodyCanDoAnything(t *testing.T) {
	d := newDesk(t, "id: cooling\ntitle: Cooling off\ninitial: cool\nstates:\n  cool: {after: {P3D: ended}}\n  ended: {type: final}\n")
	r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "cooling", Subject: cases.SubjectInput{Type: "individual"}}))
	if w := r.Waiting; w == nil || w.For != "timer" || !w.Until.Equal(epoch.Add(3*day)) {
		t.Errorf("waits %+v", w)
	}
}

func TestCasesAreListedByWhomTheyWaitForAndSince(t *testing.T) {
	d := newDesk(t, relay)
	start := func() cases.Record {
		d.pass(time.Hour)
		return must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "relay", Subject: cases.SubjectInput{Type: "individual"}}))
	}
	first, second, third := start(), start(), start()
	for _, r := range []cases.Record{second, first} { // the first case waits for its vendor after the second does
		d.pass(time.Hour)
		d.send(r.ID, "SUBMIT")
		d.pass(time.Hour)
		d.awaits(d.begin(r.ID, "lookup"), nil)
	}
	if since := d.get(first.ID).Waiting.Since; !since.Equal(d.time()) {
		t.Errorf("waits for its vendor since %s, which was asked at %s", since, d.time())
	}
	for _, c := range []struct {
		query cases.Query
		want  []string
	}{
		{cases.Query{WaitingFor: "vendor", Order: cases.LongestFirst}, []string{second.ID, first.ID}},
		{cases.Query{WaitingFor: "vendor", WaitingWork: "lookup"}, []string{second.ID, first.ID}},
		{cases.Query{WaitingFor: "vendor", WaitingWork: "other"}, nil},
		{cases.Query{WaitingFor: "applicant", Order: cases.LongestFirst}, []string{third.ID}},
		{cases.Query{Order: cases.LongestFirst}, []string{third.ID, second.ID, first.ID}},
		{cases.Query{WaitingBefore: d.time().Add(-time.Hour), Order: cases.LongestFirst}, []string{third.ID, second.ID}},
	} {
		c.query.Limit = 10
		page, err := d.List(t.Context(), reviewer, c.query)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range page.Records {
			got = append(got, r.ID)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v, want %v", c.query, got, c.want)
		}
	}
	queue, err := d.Queue(t.Context(), reviewer)
	if err != nil || queue.Counts["waiting/vendor"] != 2 || queue.Counts["waiting/applicant"] != 1 {
		t.Errorf("counts %v, %v", queue.Counts, err)
	}
	// What has ended waits for nobody.
	must[cases.Record](d)(d.Cancel(t.Context(), client, first.ID, 0, "no longer wanted"))
	if page, err := d.List(t.Context(), reviewer, cases.Query{WaitingFor: "vendor", Limit: 10}); err != nil || len(page.Records) != 1 {
		t.Errorf("%d still wait, %v", len(page.Records), err)
	}
	d.verified(first.ID)
}

func TestPartiesThatCasesDoNotWaitForAreRefused(t *testing.T) {
	for _, text := range []string{"nobody", "vendor/", "/lookup", ""} {
		_, _, err := cases.ParseWaitsFor(text)
		wantCode(t, err, problem.Invalid)
	}
	for _, party := range cases.WaitsFor {
		if got, work, err := cases.ParseWaitsFor(party + "/lookup"); err != nil || got != party || work != "lookup" {
			t.Errorf("%s: %s, %s, %v", party, got, work, err)
		}
	}
}

func TestCaseShowsForWhomItWaits(t *testing.T) {
	d := newDesk(t, relay)
	r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "relay", Subject: cases.SubjectInput{Type: "individual"}}))
	waits := func(whom, work string, until time.Duration) {
		t.Helper()
		got := must[cases.View](d)(d.View(t.Context(), reviewer, d.get(r.ID))).Waiting
		if got == nil || got.For != whom || got.Work != work || got.Since.IsZero() || (until > 0 && !got.Until.Equal(d.time().Add(until))) {
			t.Errorf("waits %+v, want for %s, work %q, for %s", got, whom, work, until)
		}
	}
	waits("applicant", "", 14*day)
	d.send(r.ID, "SUBMIT")
	waits("system", "lookup", 0)
	job := d.begin(r.ID, "lookup")
	d.awaits(job, nil)
	waits("vendor", "lookup", day)
	d.pass(day)
	must[cases.ExecutionInput](d)(d.Expire(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID})) // nobody has called back
	waits("operator", "lookup", 0)
	d.answers(job, map[string]any{"found": true}) // a late answer resolves the incident
	waits("reviewer", "", 5*day)
	must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, d.get(r.ID).Version, cases.DecideCommand{Event: "hand", Reason: "checked", Comment: "Filed."}))
	waits("client", "", 9*day)
	d.send(r.ID, "FILED")
	if got := must[cases.View](d)(d.View(t.Context(), reviewer, d.get(r.ID))).Waiting; got != nil {
		t.Errorf("an ended case waits %+v", got)
	}
}
