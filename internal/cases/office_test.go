package cases_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

const office = `
id: office
title: Cases for an office
subject: individual
context:
  schema:
    type: object
    properties:
      applicant:
        type: object
        properties: {email: {type: string}, company: {type: string}}
      note: {type: string}
documents:
  - {kind: passport, required: true, content_types: [image/png], max_size: 1000}
reasons:
  reject: [forged, underage]
  document: [blurred]
initial: collect
states:
  collect:
    on: {GO: review, OVER: approved}
  review:
    tags: [manual_review]
    meta: {sla: P2D}
    on:
      approve: {target: approved, guard: documents.any_rejected == false}
      reject: {target: rejected, actions: {type: assign, values: {note: "'rejected'"}}}
      revision: collect
    after: {P5D: escalated}
  escalated:
    tags: [manual_review]
    on: {approve: approved}
  approved: {type: final}
  rejected: {type: final}
`

var second = identity.Principal{Tenant: "demo", Kind: identity.User, ID: "user_2"}

// newOffice is a desk whose cases can be searched.
func newOffice(t testing.TB) *desk {
	t.Helper()
	d := newDesk(t, office)
	config := d.Service.Config
	config.SearchKey = []byte("a key for tests of thirty-two by")
	d.Service = cases.New(config)
	return d
}

func (d *desk) open(external, name string) cases.Record {
	d.t.Helper()
	return must[cases.Record](d)(d.Start(d.t.Context(), client, cases.StartCommand{
		Workflow: "office", ExternalID: external, Subject: cases.SubjectInput{Type: "individual", ExternalID: external, Data: map[string]any{"name": name}},
		Context: map[string]any{"applicant": map[string]any{"email": external + "@example.com", "company": "Nordic Fishing AB"}},
	}))
}

func (d *desk) waiting(external, name string) cases.Record {
	d.t.Helper()
	return d.send(d.open(external, name).ID, "GO")
}

func (d *desk) counts() map[string]int {
	d.t.Helper()
	return must[cases.QueueCounts](d)(d.Queue(d.t.Context(), reviewer)).Counts
}

func decide(event string) cases.DecideCommand {
	return cases.DecideCommand{Event: event, Reason: map[string]string{"reject": "forged"}[event], Undo: 8 * time.Second}
}

func TestAnUndoneDecisionLeavesTheCaseAsItWasAndNothingGoesOut(t *testing.T) {
	d := newOffice(t)
	before := d.waiting("a", "Ada")
	decided := must[cases.Record](d)(d.Decide(t.Context(), reviewer, before.ID, before.Version, decide("reject")))
	held := d.store.last().Effects
	if decided.Status != cases.StatusCompleted || decided.Undo == nil || len(held) == 0 {
		t.Fatalf("status %s, undo %+v, effects %v", decided.Status, decided.Undo, held)
	}
	for _, e := range held {
		if want := d.time().Add(9 * time.Second); e.NotBefore.Before(want) {
			t.Errorf("%s leaves at %s, before %s", e.Kind, e.NotBefore, want)
		}
	}
	d.pass(7 * time.Second)
	undone := must[cases.Record](d)(d.Undo(t.Context(), reviewer, before.ID, decided.Version))
	change := d.store.last()
	if len(change.Dropped) != len(held) || len(change.Effects) != 0 {
		t.Errorf("dropped %d of %d, new effects %v", len(change.Dropped), len(held), change.Effects)
	}
	wantState(t, undone, "review")
	if undone.Status != cases.StatusActive || undone.Outcome != "" || undone.Undo != nil || undone.Context["note"] != nil ||
		!undone.SLA.DueAt.Equal(before.SLA.DueAt) || !undone.StateSince.Equal(before.StateSince) {
		t.Errorf("after the undo: %+v", undone)
	}
	history := d.history(before.ID)
	if last := history[len(history)-1]; last.Cause != cases.CauseUndone || last.Event != "reject" || history[len(history)-2].Cause != cases.CauseDecision {
		t.Errorf("history ends with %s %s", last.Cause, last.Event)
	}
	days := must[[]cases.Day](d)(d.Days(t.Context(), reviewer, 1))
	if days[0].Counts["decided"] != 0 || days[0].Counts["completed/rejected"] != 0 {
		t.Errorf("the day counts the decision: %v", days[0].Counts)
	}
	d.verified(before.ID)
	again := must[cases.Record](d)(d.Decide(t.Context(), reviewer, before.ID, undone.Version, decide("approve")))
	if again.Outcome != "approved" {
		t.Errorf("outcome %s", again.Outcome)
	}
}

func TestUndoNeedsThePersonTheTimeAndNoLaterChange(t *testing.T) {
	for name, c := range map[string]struct {
		between func(d *desk, r cases.Record)
		who     identity.Principal
		code    problem.Code
	}{
		"in time": {func(*desk, cases.Record) {}, reviewer, ""},
		"after a note": {func(d *desk, r cases.Record) {
			must[cases.Note](d)(d.AddNote(t.Context(), second, r.ID, cases.NoteCommand{ID: "n", Text: "x"}))
		}, reviewer, problem.Stale},
		"after the window":               {func(d *desk, _ cases.Record) { d.pass(8 * time.Second) }, reviewer, problem.UndoOver},
		"by somebody else":               {func(*desk, cases.Record) {}, second, problem.Forbidden},
		"after an event has moved it on": {func(d *desk, r cases.Record) { d.send(r.ID, "GO") }, reviewer, problem.Stale},
	} {
		t.Run(name, func(t *testing.T) {
			d := newOffice(t)
			r := d.waiting("a", "Ada")
			decided := must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, decide("revision")))
			c.between(d, decided)
			_, err := d.Undo(t.Context(), c.who, r.ID, decided.Version)
			wantCode(t, err, c.code)
		})
	}
	t.Run("a note does not take the undo away", func(t *testing.T) {
		d := newOffice(t)
		r := d.waiting("a", "Ada")
		decided := must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, decide("reject")))
		if _, err := d.AddNote(t.Context(), second, r.ID, cases.NoteCommand{ID: "n", Text: "x"}); err != nil && problem.CodeOf(err) != problem.CaseClosed {
			t.Fatal(err)
		}
		now := d.get(r.ID)
		if now.Version != decided.Version && now.Undo == nil {
			t.Error("the undo is gone")
		}
	})
	t.Run("what moved the case on takes the undo away", func(t *testing.T) {
		d := newOffice(t)
		r := d.waiting("a", "Ada")
		must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, decide("revision")))
		moved := d.send(r.ID, "GO")
		_, err := d.Undo(t.Context(), reviewer, r.ID, moved.Version)
		wantCode(t, err, problem.UndoOver)
	})
}

// TestAnExecutionIsReplacedAfterAnUndo lets the execution come to its next wait while the
// decision can still be undone: its own wait had ended just then.
func TestAnExecutionIsReplacedAfterAnUndo(t *testing.T) {
	d := newOffice(t)
	r := d.waiting("a", "Ada")
	d.park(r.ID, "token-1")
	decided := must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, decide("revision")))
	d.park(r.ID, "token-2")
	undone := must[cases.Record](d)(d.Undo(t.Context(), reviewer, r.ID, decided.Version))
	woken := effects(d.store.last(), "wake")
	if len(woken) != 1 || woken[0].Token != "token-2" || woken[0].Label != "review" || woken[0].Visit != r.Snapshot.Active[0].Visit || !woken[0].NotBefore.IsZero() {
		t.Fatalf("effects %+v", d.store.last().Effects)
	}
	if len(undone.Parked) != 0 || len(d.get(r.ID).Parked) != 0 {
		t.Errorf("a token that nobody waits for was kept: %v", undone.Parked)
	}
	d.park(r.ID, "token-3")
	must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, undone.Version, cases.DecideCommand{Event: "approve"}))
	if woken := effects(d.store.last(), "wake"); len(woken) != 1 || woken[0].Token != "token-3" {
		t.Errorf("the next decision wakes %+v", woken)
	}
}

func TestAWaitingExecutionWaitsOnAfterAnUndo(t *testing.T) {
	d := newOffice(t)
	r := d.waiting("a", "Ada")
	d.park(r.ID, "token-1")
	decided := must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, decide("reject")))
	if len(decided.Parked) != 0 {
		t.Fatalf("parked %v", decided.Parked)
	}
	undone := must[cases.Record](d)(d.Undo(t.Context(), reviewer, r.ID, decided.Version))
	if undone.Parked[""].Token != "token-1" || d.get(r.ID).Parked[""].Token != "token-1" || len(d.store.last().Effects) != 0 {
		t.Errorf("parked %v, effects %v", undone.Parked, d.store.last().Effects)
	}
}

func TestAskingForMoreIsOneMessageAndTheCaseComesBackWithoutIt(t *testing.T) {
	d := newOffice(t)
	r := d.open("a", "Ada")
	d.upload(r.ID, "doc_1", "passport", "")
	r = d.send(r.ID, "GO")
	_, err := d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "revision", Documents: []cases.DocumentDecisionCommand{{ID: "doc_9", Decision: "revision", Reason: "blurred"}}})
	wantCode(t, err, problem.NotFound)
	asked := must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{
		Event: "revision", Message: "Please take it again.", Documents: []cases.DocumentDecisionCommand{{ID: "doc_1", Decision: "revision", Reason: "blurred"}},
	}))
	if asked.Message == nil || asked.Message.Text != "Please take it again." || len(asked.Message.Documents) != 1 || asked.Message.Documents[0].Reason != "blurred" || asked.Documents[0].Status != cases.DocumentRevision {
		t.Fatalf("message %+v, documents %+v", asked.Message, asked.Documents)
	}
	d.upload(r.ID, "doc_2", "passport", "")
	back := d.send(r.ID, "GO")
	wantState(t, back, "review")
	d.verified(r.ID)
}

func TestTheClockOfAStateStartsAndEndsWithIt(t *testing.T) {
	d := newOffice(t)
	r := d.open("a", "Ada")
	if r.SLA != nil {
		t.Errorf("a clock before there is anything to decide: %+v", r.SLA)
	}
	d.pass(time.Hour)
	r = d.send(r.ID, "GO")
	if r.SLA == nil || !r.SLA.DueAt.Equal(d.time().Add(48*time.Hour)) {
		t.Fatalf("clock %+v", r.SLA)
	}
	overdue := func() int { return must[cases.QueueCounts](d)(d.Queue(t.Context(), reviewer)).Overdue }
	if overdue() != 0 {
		t.Error("overdue at once")
	}
	d.pass(49 * time.Hour)
	if overdue() != 1 {
		t.Error("not overdue after its time")
	}
	page := must[cases.Page](d)(d.List(t.Context(), reviewer, cases.Query{Overdue: d.time(), Status: cases.StatusActive, Tags: []string{cases.TagReview}, Order: cases.SoonestFirst, Limit: 10}))
	if len(page.Records) != 1 {
		t.Errorf("%d overdue cases in the list", len(page.Records))
	}
	asked := must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "revision"}))
	if asked.SLA != nil || overdue() != 0 {
		t.Errorf("the clock runs on: %+v", asked.SLA)
	}
	if again := d.send(r.ID, "GO"); !again.SLA.DueAt.Equal(d.time().Add(48 * time.Hour)) {
		t.Errorf("the second visit's clock: %+v", again.SLA)
	}
}

func TestSearchFindsWordsThatTheIndexDoesNotHold(t *testing.T) {
	d := newOffice(t)
	r := d.waiting("cust-4711", "Agnieszka Żółkowska-Weiß")
	other := d.waiting("cust-9", "Bruno Halme")
	find := func(p identity.Principal, text string) (ids []string) {
		for _, found := range must[cases.Page](d)(d.List(t.Context(), p, cases.Query{Text: text, Limit: 10})).Records {
			ids = append(ids, found.ID)
		}
		return ids
	}
	for _, text := range []string{"Agnieszka", "agnieszka zolkowska", "ŻÓŁK", "weiss", "cust-4711", "cust-4711@example.com", r.ID, strings.ToUpper(r.ID)} {
		if got := find(reviewer, text); !slices.Equal(got, []string{r.ID}) {
			t.Errorf("%q finds %v", text, got)
		}
	}
	for _, text := range []string{"Agnieszka Halme", "gnieszka", "", "   ", "nobody"} {
		if text = strings.TrimSpace(text); text != "" && len(find(reviewer, text)) != 0 {
			t.Errorf("%q finds something", text)
		}
	}
	if got := find(reviewer, "nordic"); len(got) != 2 || !slices.Contains(got, other.ID) {
		t.Errorf("the company finds %v", got)
	}
	if got := find(identity.Principal{Tenant: "other", Kind: identity.User, ID: "user_1"}, "Agnieszka"); len(got) != 0 {
		t.Errorf("another tenant finds %v", got)
	}
	icelandic := d.waiting("cust-5", "Þórunn Guðmundsdóttir")
	for _, text := range []string{"Þórunn", "thorunn", "THORUNN gudmund", "þor"} {
		if got := find(reviewer, text); !slices.Equal(got, []string{icelandic.ID}) {
			t.Errorf("%q finds %v", text, got)
		}
	}
	long := d.waiting("cust-12345678901234", "Maximiliana Theodora Philippina von Wolkenfels-Hohenrechtberg zu Sonnenbruck-Trautental genannt Immergrün")
	for _, word := range strings.FieldsFunc(long.Subject.Name, func(r rune) bool { return r == ' ' || r == '-' }) {
		if got := find(reviewer, word); !slices.Equal(got, []string{long.ID}) {
			t.Errorf("of many words, %q finds %v", word, got)
		}
	}
	if got := find(reviewer, "max trau"); !slices.Equal(got, []string{long.ID}) {
		t.Errorf("beginnings of two words find %v", got)
	}
	terms := strings.ToLower(strings.Join(d.get(r.ID).Terms, " "))
	if len(d.get(r.ID).Terms) == 0 || len(d.get(r.ID).Terms) > 48 {
		t.Errorf("%d terms", len(d.get(r.ID).Terms))
	}
	for _, word := range []string{"agnieszka", "zolkowska", "nordic", "4711", "example"} {
		if strings.Contains(terms, word) {
			t.Errorf("the index holds %q", word)
		}
	}
}

func TestHistoryComesFromBothEndsByCauseInPages(t *testing.T) {
	d := newOffice(t)
	r := d.waiting("a", "Ada")
	for range 7 {
		must[cases.Note](d)(d.AddNote(t.Context(), reviewer, r.ID, cases.NoteCommand{Text: "looked"}))
	}
	must[cases.Record](d)(d.SaveContext(t.Context(), reviewer, r.ID, map[string]any{"applicant": map[string]any{"email": "new@example.com"}}))
	pages := func(query cases.HistoryQuery) (versions []int) {
		for {
			entries, next, err := d.HistoryPage(t.Context(), reviewer, r.ID, query)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				versions = append(versions, e.Version)
			}
			if query.Bound = next; next == 0 {
				return versions
			}
		}
	}
	all := make([]int, d.get(r.ID).Version)
	for i := range all {
		all[i] = i + 1
	}
	if got := pages(cases.HistoryQuery{Limit: 3}); !slices.Equal(got, all) {
		t.Errorf("oldest first: %v", got)
	}
	slices.Reverse(all)
	if got := pages(cases.HistoryQuery{Limit: 3, NewestFirst: true}); !slices.Equal(got, all) {
		t.Errorf("newest first: %v", got)
	}
	if got := pages(cases.HistoryQuery{Limit: 2, NewestFirst: true, Causes: []cases.Cause{cases.CauseStarted, cases.CauseContext}}); !slices.Equal(got, []int{10, 1}) {
		t.Errorf("by cause: %v", got)
	}
	entries, _, err := d.HistoryPage(t.Context(), reviewer, r.ID, cases.HistoryQuery{NewestFirst: true, Limit: 1})
	text, _ := json.Marshal(entries[0].Details["changes"])
	if err != nil || string(text) != `[{"path":"applicant.email","before":"a@example.com","after":"new@example.com"}]` && !strings.Contains(string(text), `"before":"a@example.com"`) {
		t.Errorf("before and after: %s %v", text, err)
	}
}

func TestALookAtADocumentDoesNotMakeAPageStale(t *testing.T) {
	d := newOffice(t)
	r := d.open("a", "Ada")
	d.upload(r.ID, "doc_1", "passport", "")
	r = d.send(r.ID, "GO")
	if _, err := d.DocumentLink(t.Context(), second, r.ID, "doc_1"); err != nil {
		t.Fatal(err)
	}
	if now := d.get(r.ID); now.Version == r.Version {
		t.Fatal("the look is not in the history")
	}
	must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, decide("approve")))
	other := d.waiting("b", "Bea")
	must[cases.Note](d)(d.AddNote(t.Context(), second, other.ID, cases.NoteCommand{Text: "something new"}))
	_, err := d.Decide(t.Context(), reviewer, other.ID, other.Version, decide("reject"))
	stale := wantCode(t, err, problem.Stale)
	if since, _ := stale.Details["since"].([]map[string]any); len(since) != 1 || since[0]["cause"] != cases.CauseNote {
		t.Errorf("since: %v", stale.Details["since"])
	}
}

// TestCountersAreThoseOfTheRecordsWhateverHappens drives cases at random and counts them again.
func TestCountersAreThoseOfTheRecordsWhateverHappens(t *testing.T) {
	d := newOffice(t)
	var ids []string // of all draws: the counters are, too
	rapid.Check(t, func(rt *rapid.T) {
		who := rapid.SampledFrom([]identity.Principal{reviewer, second})
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			if len(ids) == 0 || rapid.IntRange(0, 5).Draw(rt, "start") == 0 {
				ids = append(ids, d.open(fmt.Sprint("case ", len(ids)), "Ada").ID)
				continue
			}
			id := rapid.SampledFrom(ids).Draw(rt, "case")
			r := d.get(id)
			by := who.Draw(rt, "who")
			switch rapid.IntRange(0, 6).Draw(rt, "what") {
			case 0, 1:
				_, _ = d.Send(t.Context(), client, id, cases.SendCommand{Type: rapid.SampledFrom([]string{"GO", "OVER"}).Draw(rt, "event")}) // refused where it does not fit
			case 2:
				_, _ = d.Assign(t.Context(), by, id, rapid.SampledFrom([]string{"", "user_1", "user_2"}).Draw(rt, "user"), 0)
			case 3, 4:
				_, _ = d.Decide(t.Context(), by, id, r.Version, decide(rapid.SampledFrom([]string{"approve", "reject", "revision"}).Draw(rt, "decision")))
			case 5:
				_, _ = d.Undo(t.Context(), by, id, r.Version)
			case 6:
				d.pass(time.Duration(rapid.IntRange(1, 20).Draw(rt, "seconds")) * time.Second)
			}
		}
		want := map[string]int{}
		for _, id := range ids {
			for _, list := range d.get(id).Lists() {
				if cases.Counted(list) {
					want[list]++
				}
			}
		}
		if got := d.counts(); !maps.Equal(got, want) {
			rt.Fatalf("counters %v, want %v", got, want)
		}
	})
}
