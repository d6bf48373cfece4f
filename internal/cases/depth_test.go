package cases_test

import (
	"encoding/json"
	"strings"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// nesting is a workflow whose events put what is there within something new.
const nesting = `
id: nesting
subject: individual
context: {schema: {type: object, properties: {v: {}, u: {type: object}}}}
initial: open
by: [applicant, client, reviewer]
states:
  open:
    tags: [collection_flow, manual_review]
    by: [applicant, client, reviewer]
    on:
      PUT: {actions: {type: assign, values: {v: event.payload.v}}}
      WRAP: {actions: [{type: assign, values: {u.a.b.c.d.e.f.g.h.i: v}}, {type: assign, values: {v: u}}]}
      TELL: {actions: {type: emit, event: deep, payload: {a: event.payload}}}
      end: closed
  closed: {type: final}
`

func nested(levels int) (value any) {
	for range levels {
		value = []any{value}
	}
	return value
}

func TestNothingIsKeptThatIsTooDeepToBeReadAgain(t *testing.T) {
	start := func(value any) (*desk, string) {
		d := newDesk(t, nesting)
		r, err := d.Start(t.Context(), client, cases.StartCommand{Workflow: "nesting", Subject: cases.SubjectInput{Type: "individual"}, Context: map[string]any{"v": value}})
		if err != nil {
			return d, ""
		}
		return d, r.ID
	}
	if _, id := start(nested(300)); id != "" {
		t.Error("a case is started with a context of 300 levels")
	}
	for name, write := range map[string]func(d *desk, id string) error{
		"an assignment that nests": func(d *desk, id string) error {
			_, err := d.Send(t.Context(), client, id, cases.SendCommand{Type: "WRAP"})
			return err
		},
		"an event's payload": func(d *desk, id string) error {
			_, err := d.Send(t.Context(), client, id, cases.SendCommand{Type: "PUT", Payload: map[string]any{"v": nested(300)}})
			return err
		},
		"a patch": func(d *desk, id string) error {
			_, err := d.SaveContext(t.Context(), client, id, map[string]any{"v": nested(300)})
			return err
		},
		"an event for subscribers": func(d *desk, id string) error {
			_, err := d.Send(t.Context(), client, id, cases.SendCommand{Type: "TELL", Payload: nested(250)})
			return err
		},
	} {
		d, id := start(nested(60))
		var err error
		for range 40 {
			if err = write(d, id); err != nil {
				break
			}
		}
		if p := problem.As(err); err == nil || p.Code != problem.TooLarge || len(p.Fields) == 0 || p.Fields[0].Code != "too_deep" {
			t.Errorf("%s: %v", name, err)
		}
		for _, change := range d.store.changes {
			text, err := json.Marshal([]any{change.Next, change.Entry, change.Effects, change.Publications})
			if err != nil {
				t.Fatal(err)
			}
			deepest, level := 0, 0
			for _, c := range string(text) {
				level += strings.Count("[{", string(c)) - strings.Count("]}", string(c))
				deepest = max(deepest, level)
			}
			if deepest > 400 {
				t.Errorf("%s: %d levels are written", name, deepest)
			}
		}
		if r := d.get(id); r.Version > 30 {
			t.Errorf("%s: it goes on up to version %d", name, r.Version)
		}
		d.send(id, "end")
		d.verified(id)
	}
}
