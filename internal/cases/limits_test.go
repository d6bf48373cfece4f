package cases_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// many children: more than one transaction could call off one by one.
const many = 100

// verbose children leave results of a size that the test gives.
const verboseParent = `
id: company
subject: business
context: {schema: {type: object, properties: {owners: {type: array}}, additionalProperties: false}}
initial: owners
states:
  owners:
    invoke:
      - src: children
        id: people
        input:
          workflow: owner
          each: owners
          subject: {type: "'individual'"}
          result: {report: report}
    on: {LEAVE: left}
    onDone: approved
  left: {on: {REST: approved}}
  approved: {type: final}
`

const verboseOwner = `
id: owner
subject: individual
context: {schema: {type: object, properties: {report: {type: string}}, additionalProperties: false}}
initial: open
states:
  open: {on: {done: {target: over, actions: {type: assign, values: {report: event.payload.report}}}}}
  over: {type: final}
`

// crowd is a parent with many running children.
func crowd(t *testing.T, number int) *family {
	t.Helper()
	d := newDesk(t, verboseParent, verboseOwner)
	owners := make([]any, number)
	for i := range owners {
		owners[i] = map[string]any{}
	}
	r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "company", Subject: cases.SubjectInput{Type: "business"}, Context: map[string]any{"owners": owners}}))
	f := &family{d, r.ID}
	f.begin()
	return f
}

func (f *family) kids() map[string]any {
	groups, _ := f.get(f.parent).Context["children"].(map[string]any)
	group, _ := groups["people"].(map[string]any)
	kids, _ := group["cases"].(map[string]any)
	return kids
}

func TestAParentOfManyRunningChildrenCanBeCancelledAndLeft(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(f *family) error{
		"cancelled": func(f *family) error { _, err := f.Cancel(f.t.Context(), client, f.parent, 0, "x"); return err },
		"left": func(f *family) error {
			_, err := f.Send(f.t.Context(), client, f.parent, cases.SendCommand{Type: "LEAVE"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := crowd(t, many)
			if err := end(f); err != nil {
				t.Fatal(err)
			}
			change := f.store.last()
			cancels := effects(change, string(cases.EffectCancel))
			if len(cancels) != 1 || len(cancels[0].Cancels()) != many || len(change.Effects) > 10 {
				t.Fatalf("%d effects, %d of them call children off", len(change.Effects), len(cancels))
			}
			if err := f.CancelChildren(context.Background(), "demo", cancels[0].Cancels()...); err != nil {
				t.Fatal(err)
			}
			for id := range f.kids() {
				if r := f.get(id); r.Status != cases.StatusCancelled {
					t.Errorf("a child is %s", r.Status)
				}
			}
			f.verified(f.parent)
		})
	}
}

func TestLargeChildResultsAreKeptBesideTheRecord(t *testing.T) {
	f := crowd(t, many)
	report := strings.Repeat("r", 3<<10) // 300 KB in all
	n := 0
	for id := range f.kids() {
		text := report
		if n++; n == 1 {
			text = strings.Repeat("R", 50<<10)
		}
		must[cases.Record](f.desk)(f.Send(t.Context(), client, id, cases.SendCommand{Type: "done", Payload: map[string]any{"report": text}}))
	}
	var reports []cases.Effect
	for _, e := range must[[]cases.Effect](f.desk)(f.store.Undelivered(t.Context(), f.time().Add(1e9), 10000)) {
		if e.Kind == cases.EffectReport {
			reports = append(reports, e)
		}
	}
	if err := f.Reported(t.Context(), reports...); err != nil {
		t.Fatal(err)
	}
	r := f.get(f.parent)
	if r.Status != cases.StatusCompleted {
		t.Fatalf("the parent is %s", r.Status)
	}
	seen := 0
	for _, kid := range f.kids() {
		result, _ := kid.(map[string]any)["result"].(map[string]any)
		if text, _ := result["report"].(string); len(text) >= len(report) {
			seen++
		}
	}
	if seen != many {
		t.Errorf("%d results are seen", seen)
	}
	stored := must[cases.Record](f.desk)(f.store.Get(t.Context(), "demo", f.parent))
	if text := fmt.Sprint(stored.Context); len(text) > 100<<10 || strings.Contains(text, report) {
		t.Errorf("the record itself has %d KB of context", len(text)>>10)
	}
	f.verified(f.parent)
}

func TestAResultThatIsTooLargeIsOmittedAndMarkedAsOmitted(t *testing.T) {
	d := newDesk(t, strings.Replace(verboseParent, "report: report", "report: report, more: more", 1), strings.Replace(strings.Replace(verboseOwner, "report: {type: string}", "report: {type: string}, more: {type: string}", 1), "report: event.payload.report", "report: event.payload.report, more: event.payload.report", 1))
	r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "company", Subject: cases.SubjectInput{Type: "business"}, Context: map[string]any{"owners": []any{map[string]any{}}}}))
	f := &family{d, r.ID}
	f.begin()
	for id := range f.kids() {
		must[cases.Record](d)(f.Send(t.Context(), client, id, cases.SendCommand{Type: "done", Payload: map[string]any{"report": strings.Repeat("r", 40<<10)}}))
	}
	f.deliver()
	if r := f.get(f.parent); r.Status != cases.StatusCompleted {
		t.Fatalf("the parent is %s", r.Status)
	}
	for _, kid := range f.kids() {
		kid, _ := kid.(map[string]any)
		aside, _ := kid["aside"].(map[string]any)
		if kid["result"] != nil || aside["omitted"] != true || aside["bytes"].(float64) < 80<<10 {
			t.Errorf("%v", aside)
		}
	}
	f.verified(f.parent)
}

func TestEventsOfOneCommitHaveTheirOwnIDs(t *testing.T) {
	e := cases.Effect{Case: "case_1", Version: 2, Number: 3, Kind: cases.EffectPublish, Type: "a", Data: map[string]any{"n": 1.0}}
	if one := e.Published(); len(one) != 1 || one[0].ID != "case_1/2/3" || one[0].Type != "a" {
		t.Errorf("%+v", one)
	}
	e.Events = []cases.Published{{Type: "a"}, {Type: "b"}}
	if two := e.Published(); len(two) != 2 || two[0].ID == two[1].ID || two[1].Type != "b" || e.Events[0].ID != "" {
		t.Errorf("%+v", two)
	}
	var emits []string
	for n := range 150 {
		emits = append(emits, fmt.Sprintf("{type: emit, event: e%d}", n))
	}
	d := newDesk(t, "id: loud\ntitle: Loud\nsubject: individual\ninitial: a\nstates:\n  a: {on: {GO: {target: b, actions: ["+strings.Join(emits, ", ")+"]}}}\n  b: {type: final}\n")
	r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "loud", Subject: cases.SubjectInput{Type: "individual"}}))
	if _, err := d.Send(t.Context(), client, r.ID, cases.SendCommand{Type: "GO"}); err != nil {
		t.Fatal(problem.CodeOf(err), err)
	}
	events := 0
	for _, e := range d.store.last().Effects {
		if e.Kind == cases.EffectPublish {
			events += len(e.Published())
		}
	}
	if effects := len(d.store.last().Effects); effects > 12 || events != 152 {
		t.Errorf("%d effects with %d events", effects, events)
	}
}
