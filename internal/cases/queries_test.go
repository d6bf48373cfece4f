package cases_test

import (
	"reflect"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/statechart"
)

func TestQueriesMatchOnEveryFilterAtOnce(t *testing.T) {
	record := cases.Record{
		Workflow: cases.WorkflowRef{ID: "small", Version: 3}, Status: cases.StatusActive, Tags: []string{"manual"}, Assignee: "user_1",
		Subject: cases.SubjectRef{ID: "subj_1"}, Risk: &cases.Risk{Severity: "high"}, DueAt: epoch,
		Snapshot: statechart.Snapshot{Active: []statechart.Activation{{State: "review"}}},
	}
	all := cases.Query{
		Workflow: "small", State: "review", Tags: []string{"manual"}, Status: cases.StatusActive, Assignee: "user_1", Subject: "subj_1", Severities: []string{"critical", "high"},
		DueBefore: epoch.Add(time.Second),
	}
	if !all.Matches(record) || !(cases.Query{}).Matches(record) {
		t.Error("the record is not found")
	}
	for name, alter := range map[string]func(*cases.Query){
		"workflow": func(q *cases.Query) { q.Workflow = "other" },
		"state":    func(q *cases.Query) { q.State = "collect" },
		"tag":      func(q *cases.Query) { q.Tags = []string{"manual", "done"} },
		"status":   func(q *cases.Query) { q.Status = cases.StatusCompleted },
		"assignee": func(q *cases.Query) { q.Assignee = "user_2" },
		"nobody":   func(q *cases.Query) { q.Assignee = "none" },
		"subject":  func(q *cases.Query) { q.Subject = "subj_2" },
		"severity": func(q *cases.Query) { q.Severities = []string{"low", "none"} },
		"due":      func(q *cases.Query) { q.DueBefore = epoch },
	} {
		q := all
		alter(&q)
		if q.Matches(record) {
			t.Errorf("the filter by %s lets it pass", name)
		}
	}
	if q := (cases.Query{Severities: []string{"low"}}); q.Matches(cases.Record{}) {
		t.Error("a case without a risk has a severity")
	}
	if q := (cases.Query{DueBefore: epoch}); q.Matches(cases.Record{}) {
		t.Error("a case without a deadline is due")
	}
}

func TestListsArePagedNewestFirst(t *testing.T) {
	d := newDesk(t)
	want := []string{}
	for range 5 {
		want = append([]string{d.start().ID}, want...)
		d.pass(time.Second)
	}
	got := []string{}
	query := cases.Query{Limit: 2}
	for {
		page := must[cases.Page](d)(d.List(t.Context(), client, query))
		if len(page.Records) > 2 {
			t.Fatalf("a page of %d", len(page.Records))
		}
		for _, r := range page.Records {
			got = append(got, r.ID)
		}
		if page.Next == "" {
			break
		}
		query.After = page.Next
	}
	if len(got) != 5 || got[0] != want[0] || got[4] != want[4] {
		t.Errorf("listed %v, want %v", got, want)
	}
	if page := must[cases.Page](d)(d.List(t.Context(), client, cases.Query{})); len(page.Records) != 1 {
		t.Errorf("without a limit a page has %d, want the least", len(page.Records))
	}
}

func TestWaitsAreCountedFromTheirDelivery(t *testing.T) {
	until := epoch.Add(90 * time.Second)
	effect := cases.Effect{Tenant: "demo", Case: "case_1", Position: statechart.Position{Label: "review", Visit: 3, Until: until}}
	for _, c := range []struct {
		name string
		now  time.Time
		want int
	}{
		{"at once", epoch, 90},
		{"a part of a second counts whole", epoch.Add(time.Millisecond), 90},
		{"a minute late", epoch.Add(time.Minute), 30},
		{"after the deadline", until.Add(time.Hour), 1},
		{"long before", until.AddDate(-2, 0, 0), cases.MaxWait},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := effect.Input(c.now); !reflect.DeepEqual(got, cases.ExecutionInput{Tenant: "demo", Case: "case_1", Label: "review", Visit: 3, Seconds: c.want}) {
				t.Errorf("input %+v, want %d seconds", got, c.want)
			}
		})
	}
	effect.Until = time.Time{}
	if got := effect.Input(epoch); got.Seconds != cases.MaxWait {
		t.Errorf("a wait without a deadline takes %d seconds", got.Seconds)
	}
}

const reviewWorkflow = `
id: asking
title: Work with an input of its own
subject: individual
initial: check
by: [applicant, client, reviewer]
states:
  check:
    invoke:
      - {src: vendor, id: lookup, input: {plugin: lookup, with: {who: applicant.name, years: applicant.age, pages: documents.count}}}
      - {src: vendor, id: other, input: {plugin: lookup}}
    onDone: over
  over: {type: final}
`

func TestWorkIsGivenWhatItAsksForOrEverything(t *testing.T) {
	d := newDesk(t, reviewWorkflow)
	context := map[string]any{"applicant": map[string]any{"name": "Ada"}}
	r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "asking", Subject: cases.SubjectInput{Type: "individual"}, Context: context}))
	job := d.begin(r.ID, "lookup")
	input := must[map[string]any](d)(job.Input(d.time()))
	if _, there := input["years"]; there || len(input) != 2 || input["who"] != "Ada" || input["pages"] != 0.0 {
		t.Errorf("input %v: what is missing stays missing", input)
	}
	d.finish(job, true)
	all := must[map[string]any](d)(d.begin(r.ID, "other").Input(d.time()))
	if len(all) != 2 || all["lookup"] != true {
		t.Errorf("input %v, want the whole context", all)
	}
}

func TestServiceOfDefaultsRunsACase(t *testing.T) {
	d := newDesk(t)
	plain := cases.New(cases.Config{Store: d.store, Catalog: d.Catalog, Objects: d.files})
	r := must[cases.Record](d)(plain.Start(t.Context(), client, startOf(nil)))
	if len(r.ID) != len("case_")+26 || time.Since(r.CreatedAt) > time.Hour {
		t.Errorf("case %s of %s", r.ID, r.CreatedAt)
	}
	d.store.beforeCommit = func() { // the next write comes second, and pauses
		d.store.beforeCommit = nil
		must[cases.Note](d)(d.AddNote(t.Context(), reviewer, r.ID, cases.NoteCommand{Text: "first"}))
	}
	moved := must[cases.Record](d)(plain.Send(t.Context(), client, r.ID, cases.SendCommand{Type: "GO"}))
	if moved.Version != 3 {
		t.Errorf("version %d, want 3", moved.Version)
	}
}
