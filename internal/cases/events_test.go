package cases_test

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// received reads events, page after page.
func (d *desk) received(query cases.EventQuery) (events []cases.NotifiedEvent) {
	d.t.Helper()
	for range 1000 {
		page := must[cases.EventPage](d)(d.Events(d.t.Context(), client, query))
		events = append(events, page.Events...)
		if query.Cursor = page.Next; page.Next == "" {
			return events
		}
	}
	d.t.Fatal("the pages do not end")
	return nil
}

func kindsOf(events []cases.NotifiedEvent) string {
	var kinds []string
	for _, e := range events {
		kinds = append(kinds, strings.TrimPrefix(e.Type, "case."))
	}
	return strings.Join(kinds, " ")
}

func idsOf(events []cases.NotifiedEvent) (ids []string) {
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	return ids
}

// published are the ids and types of the events that effects of commits tell, in the order of the commits.
func (d *desk) published() (ids []string) {
	for _, change := range d.store.changes {
		for _, e := range change.Effects {
			if e.Kind == cases.EffectPublish {
				for _, event := range e.Published() {
					ids = append(ids, event.ID)
				}
			}
		}
	}
	return ids
}

func TestEventsAreThoseThatWebhooksCarryInTheirOrder(t *testing.T) {
	d := newDesk(t)
	for range 3 {
		r := d.start()
		d.pass(time.Second)
		d.send(r.ID, "GO")
		d.pass(time.Second)
	}
	d.pass(time.Minute)
	for _, limit := range []int{1, 2, 100} {
		all := d.received(cases.EventQuery{Limit: limit})
		if got := idsOf(all); !slices.Equal(got, d.published()) || len(got) != 6 {
			t.Errorf("by %d: %v, published were %v", limit, got, d.published())
		}
		first := all[0]
		effect := effects(d.store.changes[0], "case.created")[0]
		if first.Type != effect.Type || !first.Time.Equal(effect.At) || first.Case != effect.Case || fmt.Sprint(first.Data) != fmt.Sprint(effect.Data) {
			t.Errorf("%+v is not %+v", first, effect)
		}
	}
	if page := must[cases.EventPage](d)(d.Events(t.Context(), foreigner, cases.EventQuery{Limit: 10})); len(page.Events) != 0 {
		t.Errorf("another tenant reads %v", page.Events)
	}
	if page := must[cases.EventPage](d)(d.Events(t.Context(), applicantOf("case_0001"), cases.EventQuery{Limit: 10})); len(page.Events) != 0 {
		t.Errorf("an applicant reads %v", page.Events)
	}
}

func TestEventsAreFilteredByTypeCaseAndTime(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	d.pass(time.Hour)
	other := d.start()
	d.pass(time.Second)
	d.send(r.ID, "GO")
	d.pass(time.Hour)
	d.send(r.ID, "back")
	d.pass(time.Minute)
	changes := func(kind string) bool { return kind == "case.state_changed" }
	for name, row := range map[string]struct {
		query cases.EventQuery
		want  string
	}{
		"all":                 {cases.EventQuery{}, "created created state_changed state_changed"},
		"a type":              {cases.EventQuery{Wants: changes}, "state_changed state_changed"},
		"a case":              {cases.EventQuery{Case: r.ID}, "created state_changed state_changed"},
		"a case and type":     {cases.EventQuery{Case: r.ID, Wants: changes}, "state_changed state_changed"},
		"from a time":         {cases.EventQuery{Since: epoch.Add(time.Hour)}, "created state_changed state_changed"},
		"before a time":       {cases.EventQuery{Before: epoch.Add(time.Hour)}, "created"},
		"a case from a time":  {cases.EventQuery{Case: r.ID, Since: epoch.Add(2 * time.Hour)}, "state_changed"},
		"a case before":       {cases.EventQuery{Case: r.ID, Before: epoch.Add(2 * time.Hour)}, "created state_changed"},
		"after one":           {cases.EventQuery{After: other.ID + "/1/0"}, ""},
		"after one of a case": {cases.EventQuery{Case: r.ID, After: r.ID + "/1/1"}, "state_changed state_changed"},
		"of no case":          {cases.EventQuery{Case: "case_none"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, limit := range []int{1, 50} {
				row.query.Limit, row.query.Cursor = limit, ""
				got := d.received(row.query)
				if name == "after one" { // effects are numbered with all others of their commit
					all := idsOf(d.received(cases.EventQuery{Limit: 50}))
					for i, id := range all {
						row.query.After = id
						if rest := idsOf(d.received(row.query)); !slices.Equal(rest, all[i+1:]) {
							t.Errorf("after %s come %v, want %v", id, rest, all[i+1:])
						}
					}
					continue
				}
				if kindsOf(got) != row.want {
					t.Errorf("by %d: %s, want %s", limit, kindsOf(got), row.want)
				}
			}
		})
	}
}

func TestAnEventThatCannotBeGoneOnFromIsRefused(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	d.pass(time.Minute)
	id := d.received(cases.EventQuery{Limit: 1})[0].ID
	for name, row := range map[string]struct {
		query cases.EventQuery
		want  string
	}{
		"no id":        {cases.EventQuery{After: "evt_1"}, "query.after format"},
		"a number":     {cases.EventQuery{After: r.ID + "/x/0"}, "query.after format"},
		"unknown case": {cases.EventQuery{After: "case_none/1/0"}, "query.after unknown"},
		"unknown":      {cases.EventQuery{After: r.ID + "/9/0"}, "query.after unknown"},
		"other case":   {cases.EventQuery{After: id, Case: "case_2"}, "query.after case"},
	} {
		_, err := d.Events(t.Context(), client, row.query)
		if found := wantCode(t, err, problem.Invalid); !slices.Equal(places(found), []string{row.want}) {
			t.Errorf("%s: %v", name, places(found))
		}
	}
	_, err := d.Events(t.Context(), foreigner, cases.EventQuery{After: id})
	wantCode(t, err, problem.Invalid)
	d.pass(cases.PublicationLife)
	_, err = d.Events(t.Context(), client, cases.EventQuery{After: id})
	if found := wantCode(t, err, problem.Invalid); !slices.Equal(places(found), []string{"query.after expired"}) {
		t.Errorf("%v", places(found))
	}
	if got := d.received(cases.EventQuery{Limit: 9}); len(got) != 0 {
		t.Errorf("after their time there are still %v", got)
	}
	if got := d.received(cases.EventQuery{Limit: 9, Case: r.ID}); len(got) != 0 {
		t.Errorf("after their time the case still has %v", got)
	}
}

func TestADecisionIsAmongTheEventsOnceItCannotBeUndone(t *testing.T) {
	for _, undo := range []bool{false, true} {
		d := newDesk(t)
		r := d.inReview()
		d.pass(time.Minute)
		before := kindsOf(d.received(cases.EventQuery{Limit: 9}))
		decided := must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "reject", Undo: 10 * time.Second}))
		d.pass(5 * time.Second)
		late := d.start() // comes later, and is final earlier
		d.pass(3 * time.Second)
		all, ofCase := cases.EventQuery{Limit: 9}, cases.EventQuery{Limit: 9, Case: r.ID}
		if got := kindsOf(d.received(all)); got != before+" created" {
			t.Fatalf("while it can be undone: %s", got)
		}
		if undo {
			must[cases.Record](d)(d.Undo(t.Context(), reviewer, r.ID, decided.Version))
		}
		d.pass(time.Minute)
		want := ""
		if !undo {
			want = " decision state_changed completed"
		}
		if got := kindsOf(d.received(all)); got != before+" created"+want {
			t.Errorf("undone %v: %s", undo, got)
		}
		if got := kindsOf(d.received(ofCase)); got != before+want {
			t.Errorf("undone %v: of the case %s", undo, got)
		}
		all.After = late.ID + "/1/1"
		if got := kindsOf(d.received(all)); got != strings.TrimPrefix(want, " ") {
			t.Errorf("undone %v: after the newest that was read: %s", undo, got)
		}
	}
}

// slowly passes time when it is first read.
type slowly struct {
	pass func()
	once bool
}

func (s *slowly) Read(into []byte) (int, error) {
	if !s.once {
		s.once = true
		s.pass()
	}
	return rand.Read(into)
}

func TestAChangeThatTookTooLongIsRepeated(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	d.pass(time.Minute)
	d.Random = &slowly{pass: func() { d.pass(cases.DraftTime + time.Millisecond) }}
	began := d.time()
	d.send(r.ID, "GO")
	if at := d.store.last().Entry.At; !at.After(began.Add(cases.DraftTime)) {
		t.Errorf("it was drafted at %s, and written more than %s later", at, cases.DraftTime)
	}
	d.pass(time.Minute)
	if got := kindsOf(d.received(cases.EventQuery{Limit: 9})); got != "created state_changed" {
		t.Errorf("events %s", got)
	}
}

func TestManyEventsOfOneCommitAreDividedAndReadWhole(t *testing.T) {
	var actions []string
	for n := range 20 {
		actions = append(actions, fmt.Sprintf(`{type: emit, event: "part.n%d", payload: {blob: event.payload.blob}}`, n))
	}
	d := newDesk(t, `
id: loud
initial: idle
by: [client]
states:
  idle: {on: {GO: {target: idle, actions: [`+strings.Join(actions, ", ")+`]}}}
`)
	r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "loud", Subject: cases.SubjectInput{Type: "individual"}}))
	d.pass(time.Minute)
	must[cases.Record](d)(d.Send(t.Context(), client, r.ID, cases.SendCommand{Type: "GO", Payload: map[string]any{"blob": strings.Repeat("x", 20_000)}}))
	if parts := d.store.last().Publications; len(parts) < 2 {
		t.Fatalf("%d parts", len(parts))
	}
	d.pass(time.Minute)
	want := d.published()
	for _, query := range []cases.EventQuery{{Limit: 3}, {Limit: 50}, {Limit: 3, Case: r.ID}, {Limit: 50, Case: r.ID}} {
		if got := idsOf(d.received(query)); !slices.Equal(got, want) || len(got) < 21 {
			t.Errorf("%+v: %d events of %d: %v", query, len(got), len(want), got)
		}
	}
}
