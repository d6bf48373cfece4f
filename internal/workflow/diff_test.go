package workflow

import (
	"strings"
	"testing"
)

const opened = `
id: small
documents: [{kind: passport, required: true}]
context: {schema: {type: object, properties: {age: {type: integer}}}}
initial: a
states:
  a: {tags: [open], on: {GO: [{target: b, guard: "age > 17"}, {target: z}], BACK: a}, after: {P14D: z}, invoke: [{src: document, id: first}, {src: document, id: second}], onDone: b}
  b: {on: {GO: z}}
  c: {initial: x, on: {OUT: z}, states: {x: {}}}
  z: {type: final}
on: {C: c}
`

const reopened = `
id: small
documents: [{kind: passport}, {kind: licence}]
context: {schema: {type: object, properties: {age: {type: number}}}}
initial: a
states:
  a: {tags: [open, fresh], on: {GO: [{target: c, guard: "age > 20"}, {target: z}], STAY: {}}, after: {P7D: z}, invoke: [{src: rules, id: first, input: {policy: kyc-risk}}, {src: document, id: third}], onDone: c}
  c: {on: {OUT: z}}
  d: {on: {GO: z}}
  z: {type: final}
on: {C: c, D: d}
`

func TestADiffShowsWhatChangesForRunningCases(t *testing.T) {
	var lines []string
	blocks := 0
	for _, c := range Diff(parse(t, opened), parse(t, reopened)) {
		lines = append(lines, c.String())
		if c.Blocks {
			blocks++
		}
	}
	const want = `transition: the chart on D: (nothing) -> d. Cases that are there know it from then on.
transition: a on BACK: a -> (nothing). Cases that are there do not know it any more.
transition: a on GO: b if age > 17; z -> c if age > 20; z. Cases that are there go the new way.
transition: a on STAY: (nothing) -> forbidden. Cases that are there know it from then on.
transition: a on after P14D: z -> (nothing). Cases that are there do not know it any more.
transition: a on after P7D: (nothing) -> z. Cases that are there know it from then on.
transition: a on done: b -> c. Cases that are there go the new way.
timer: a on timer 1: P14D -> P7D. Deadlines that are running stay as they were set; they lead where the new version says.
work: a on first: document -> rules kyc-risk {"policy":"kyc-risk"}. Cases that have not done it yet do it the new way.
work: a on second: document -> (nothing). Cases that are doing it would wait for ever: map the state to itself, which begins its work anew.
work: a on third: (nothing) -> document. Cases that are there have not been asked to do it: it is done when the state is entered again.
tags: a: open -> open, fresh. Cases that are there get the new tags when they are moved.
state kind: c: compound -> atomic. Cases that are there are in a state of another kind: map it, to itself to enter it anew.
state added: d: (nothing) -> atomic. No running case is there.
state removed: b: atomic -> (nothing). Cases that are there cannot go on: map it to another state.
state removed: c.x: atomic -> (nothing). Cases that are there cannot go on: map it to another state.
context: the chart. Data that is there stays; the next write must keep to the new schema.
document: licence: (nothing) -> optional. Documents that are there stay; what is missing is judged anew.
document: passport: required -> optional. Documents that are there stay; what is missing is judged anew.`
	if got := strings.Join(lines, "\n"); got != want || blocks != 4 {
		t.Errorf("%d block:\n%s", blocks, got)
	}
	if same := Diff(parse(t, opened), parse(t, opened)); len(same) != 0 {
		t.Errorf("the same workflow differs: %v", same)
	}
}
