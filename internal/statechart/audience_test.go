package statechart_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/problem"
	"ballerine/internal/source"
	"ballerine/internal/statechart"
)

func parseAudience(t testing.TB, text string) (*statechart.Chart, problem.Diagnostics) {
	t.Helper()
	doc := source.Parse("chart.yaml", []byte(text))
	chart := statechart.Parse(doc, statechart.Options{Offered: []string{"SEND"}})
	return chart, doc.Diagnostics
}

// TestWhoMaySendAnEvent is the rule, case by case: a chart, how it is reached, and for whom an event is then.
func TestWhoMaySendAnEvent(t *testing.T) {
	for name, c := range map[string]struct {
		chart string
		sent  []string // by the system, before
		event string
		by    statechart.Audience
	}{
		"nobody has said":                                                        {`{initial: a, states: {a: {on: {GO: b}}, b: {}}}`, nil, "GO", statechart.Client},
		"an event that the pages name":                                           {`{initial: a, states: {a: {on: {SEND: b}}, b: {}}}`, nil, "SEND", statechart.Outside},
		"an event that the pages name, by a wildcard":                            {`{initial: a, states: {a: {on: {"*": b}}, b: {}}}`, nil, "SEND", statechart.Outside},
		"a state that collects":                                                  {`{initial: a, states: {a: {tags: [collection_flow], on: {GO: b}}, b: {}}}`, nil, "GO", statechart.Outside},
		"a state in which people decide":                                         {`{initial: a, states: {a: {tags: [manual_review], on: {GO: b}}, b: {}}}`, nil, "GO", statechart.Reviewer},
		"that the pages name it changes no decision":                             {`{initial: a, states: {a: {tags: [manual_review], on: {SEND: b}}, b: {}}}`, nil, "SEND", statechart.Reviewer},
		"a wildcard is a decision, too":                                          {`{initial: a, states: {a: {tags: [manual_review], on: {"*": b}}, b: {}}}`, nil, "anything", statechart.Reviewer},
		"without a target, too":                                                  {`{initial: a, states: {a: {tags: [manual_review], on: {GO: {actions: {type: assign, values: {x: "1"}}}}}}}`, nil, "GO", statechart.Reviewer},
		"inside a state in which people decide":                                  {`{initial: p, states: {p: {tags: [manual_review], initial: a, states: {a: {on: {GO: b}}, b: {}}}}}`, nil, "GO", statechart.Reviewer},
		"the nearest tag counts":                                                 {`{initial: p, states: {p: {tags: [manual_review], initial: a, states: {a: {tags: [collection_flow], on: {GO: b}}, b: {}}}, q: {}}}`, nil, "GO", statechart.Outside},
		"out of what is collected within a review":                               {`{initial: p, states: {p: {tags: [manual_review], initial: a, states: {a: {tags: [collection_flow], on: {GO: q}}}}, q: {}}}`, nil, "GO", statechart.Outside},
		"on the parent of a review":                                              {`{initial: p, states: {p: {on: {GO: q}, initial: a, states: {a: {tags: [manual_review]}}}, q: {}}}`, nil, "GO", statechart.Reviewer},
		"on the parent of a review that is not active":                           {`{initial: p, states: {p: {on: {GO: q}, initial: b, states: {a: {tags: [manual_review]}, b: {on: {X: a}}}}, q: {}}}`, nil, "GO", statechart.Client},
		"on the chart while people decide":                                       {`{initial: a, on: {SEND: q}, states: {a: {tags: [manual_review]}, q: {}}}`, nil, "SEND", statechart.Reviewer},
		"on the chart without a target while people decide":                      {`{initial: a, on: {SEND: {actions: {type: assign, values: {x: "1"}}}}, states: {a: {tags: [manual_review]}}}`, nil, "SEND", statechart.Reviewer},
		"a word on the parent does not open a review":                            {`{initial: p, states: {p: {by: [client], on: {GO: q}, initial: a, states: {a: {tags: [manual_review], on: {NO: q}}}}, q: {}}}`, nil, "GO", statechart.Reviewer},
		"a word on the transition does":                                          {`{initial: p, states: {p: {on: {GO: {target: q, by: applicant}}, initial: a, states: {a: {tags: [manual_review]}}}, q: {}}}`, nil, "GO", statechart.Applicant},
		"a word on the state is for those inside":                                {`{initial: p, states: {p: {by: [client, applicant], initial: a, states: {a: {on: {GO: b}}, b: {}}}}}`, nil, "GO", statechart.Outside},
		"a word on the transition counts first":                                  {`{initial: a, states: {a: {by: client, tags: [manual_review], on: {GO: {target: b, by: approver}}}, b: {}}}`, nil, "GO", statechart.Approver},
		"a word on the state counts before its tag":                              {`{initial: a, states: {a: {by: client, tags: [manual_review], on: {GO: b}}, b: {}}}`, nil, "GO", statechart.Client},
		"a word on a review is for what is inside it":                            {`{initial: a, on: {GO: q}, states: {a: {tags: [manual_review], by: [applicant, reviewer], on: {NO: q}}, q: {}}}`, nil, "GO", statechart.Reviewer},
		"a region beside a review moves":                                         {`{type: parallel, states: {r: {initial: a, states: {a: {tags: [manual_review], on: {OK: b}}, b: {}}}, s: {initial: c, states: {c: {tags: [collection_flow], on: {GO: d}}, d: {}}}}}`, nil, "GO", statechart.Outside},
		"a region leaves a review beside it":                                     {`{initial: p, states: {p: {type: parallel, states: {r: {initial: a, states: {a: {tags: [manual_review]}}}, s: {initial: c, states: {c: {tags: [collection_flow], on: {GO: q}}}}}}, q: {}}}`, nil, "GO", statechart.Reviewer},
		"an event that a review and a collection take at once is nobody's alone": {`{type: parallel, states: {r: {initial: a, states: {a: {tags: [manual_review], on: {GO: b}}, b: {}}}, s: {initial: c, states: {c: {tags: [collection_flow], on: {GO: d}}, d: {}}}}}`, nil, "GO", 0},
		"the transition that would be taken counts":                              {`{initial: a, states: {a: {on: {GO: [{guard: "exists(x)", target: b, by: reviewer}, {target: b, by: applicant}]}}, b: {}}}`, nil, "GO", statechart.Applicant},
		"after a review":                                                         {`{initial: a, states: {a: {tags: [manual_review], on: {GO: b}}, b: {on: {GO: a}}}}`, []string{"GO"}, "GO", statechart.Client},
	} {
		t.Run(name, func(t *testing.T) {
			chart, diagnostics := parseAudience(t, c.chart)
			if chart == nil {
				t.Fatal(diagnostics)
			}
			now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			at, err := chart.Start(map[string]any{}, now)
			for _, event := range c.sent {
				if err == nil {
					at, err = chart.Step(at.Snapshot, at.Context, statechart.Event{Type: event}, now)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range []statechart.Audience{statechart.Applicant, statechart.Client, statechart.Reviewer, statechart.Approver, statechart.Nobody} {
				_, err := chart.Step(at.Snapshot, at.Context, statechart.Event{Type: c.event, By: one}, now)
				if may := c.by&one != 0; may != (err == nil) || err != nil && problem.CodeOf(err) != problem.EventNotAllowed {
					t.Errorf("%v: %v, want it to be for %v", one, err, c.by)
				}
				next := chart.Next(at.Snapshot, statechart.Input{Context: at.Context, Event: statechart.Event{By: one}, Now: now})
				listed := slices.ContainsFunc(next, func(n statechart.Next) bool { return n.Event == c.event })
				if !strings.Contains(c.chart, `"*"`) && listed != (c.by&one != 0) {
					t.Errorf("%v: next is %v, want it for %v", one, next, c.by)
				}
			}
			if _, err := chart.Step(at.Snapshot, at.Context, statechart.Event{Type: c.event}, now); err != nil {
				t.Errorf("the system itself: %v", err)
			}
		})
	}
}

// TestAnEventThatDoesNothingIsRefused: the sender learns why, as in next; an applicant does not.
func TestAnEventThatDoesNothingIsRefused(t *testing.T) {
	chart, _ := parseAudience(t, `{initial: a, states: {a: {tags: [collection_flow], on: {GO: {target: b, guard: "secret == 1", otherwise: Not yet.}, ALSO: {actions: {type: assign, values: {x: "1"}}}}}, b: {}}}`)
	now := time.Now()
	at, _ := chart.Start(map[string]any{}, now)
	for by, reason := range map[statechart.Audience]string{statechart.Client: "Not yet.", statechart.Applicant: "this is not possible yet"} {
		_, err := chart.Step(at.Snapshot, at.Context, statechart.Event{Type: "GO", By: by}, now)
		if p := problem.As(err); p.Code != problem.EventNotAllowed || len(p.Fields) != 1 || p.Fields[0].Message != reason {
			t.Errorf("%v: %v", by, err)
		}
		if _, err := chart.Step(at.Snapshot, at.Context, statechart.Event{Type: "ALSO", By: by}, now); err != nil {
			t.Errorf("%v, without a target: %v", by, err)
		}
	}
}

func TestByIsRead(t *testing.T) {
	for text, want := range map[string]string{
		`{initial: a, states: {a: {on: {GO: {target: b, by: [nobody]}}}, b: {type: final}}}`:         "unknown_audience",
		`{initial: a, states: {a: {by: [], on: {GO: b}}, b: {type: final}}}`:                         "required",
		`{initial: a, by: [client, client], states: {a: {on: {GO: b}}, b: {type: final}}}`:           "duplicate",
		`{initial: a, states: {a: {after: {P1D: {target: b, by: client}}}, b: {type: final}}}`:       "never",
		`{initial: a, states: {a: {on: {GO: b}, always: {guard: x, target: b, by: client}}, b: {}}}`: "never",
	} {
		_, diagnostics := parseAudience(t, text)
		if !slices.ContainsFunc(diagnostics, func(d problem.Diagnostic) bool { return d.Code == want && strings.Contains(d.Path, "by") }) {
			t.Errorf("%s: %v, want %s", text, diagnostics, want)
		}
	}
}

// TestForWhomACaseWaits: only they write data.
func TestForWhomACaseWaits(t *testing.T) {
	for text, want := range map[string]statechart.Audience{
		`{initial: a, states: {a: {tags: [collection_flow], on: {GO: b}}, b: {}}}`:                                       statechart.Outside,
		`{initial: a, states: {a: {tags: [collection_flow], by: client, on: {GO: b}}, b: {}}}`:                           statechart.Client,
		`{initial: a, states: {a: {on: {GO: b}}, b: {}}}`:                                                                statechart.Client,
		`{initial: a, states: {a: {on: {SEND: b}}, b: {}}}`:                                                              statechart.Outside,
		`{initial: a, states: {a: {after: {P1D: b}}, b: {}}}`:                                                            0,
		`{initial: a, on: {SEND: b}, states: {a: {after: {P1D: b}}, b: {}}}`:                                             0,
		`{initial: a, states: {a: {on: {GO: b}, invoke: {src: document, id: x}}, b: {}}}`:                                0,
		`{initial: a, by: [applicant], states: {a: {on: {GO: b}, invoke: {src: document, id: x}}, b: {}}}`:               0,
		`{initial: a, states: {a: {tags: [manual_review], on: {GO: b}}, b: {}}}`:                                         statechart.People,
		`{initial: a, on: {SEND: b}, states: {a: {tags: [manual_review]}, b: {}}}`:                                       statechart.People,
		`{type: parallel, states: {r: {tags: [manual_review], on: {OK: r}}, s: {tags: [collection_flow], on: {GO: s}}}}`: statechart.People | statechart.Outside,
	} {
		chart, diagnostics := parseAudience(t, text)
		if chart == nil {
			t.Fatal(diagnostics)
		}
		at, err := chart.Start(map[string]any{}, time.Now())
		if got := chart.Turn(at.Snapshot); err != nil || got != want {
			t.Errorf("%s: %v, want %v (%v)", text, got, want, err)
		}
	}
}

func BenchmarkAudience(b *testing.B) {
	const text = `{initial: p, states: {p: {initial: a, states: {a: {tags: [collection_flow], on: {GO: {actions: {type: log, message: x}}}}, c: {tags: [manual_review], on: {OK: a}}}}}}`
	chart, diagnostics := parseAudience(b, text)
	if chart == nil {
		b.Fatal(diagnostics)
	}
	now := time.Now()
	at, _ := chart.Start(map[string]any{}, now)
	for name, by := range map[string]statechart.Audience{"the system": 0, "an applicant": statechart.Applicant} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := chart.Step(at.Snapshot, at.Context, statechart.Event{Type: "GO", By: by}, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestATagThatIsNearlyOneThatDefinesWhoActsIsReported(t *testing.T) {
	for tag, hint := range map[string]string{"manual_reviw": "did you mean manual_review?", "colection_flow": "did you mean collection_flow?", "manual_review": "", "collection_flow": "", "approved": "", "vip": ""} {
		_, diagnostics := parseAudience(t, `{initial: a, states: {a: {tags: [`+tag+`], on: {GO: b}}, b: {type: final}}}`)
		at := slices.IndexFunc(diagnostics, func(d problem.Diagnostic) bool { return d.Code == "misspelt_tag" })
		if (at >= 0) != (hint != "") || at >= 0 && diagnostics[at].Hint != hint {
			t.Errorf("%s: %v", tag, diagnostics)
		}
	}
}
