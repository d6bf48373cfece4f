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
	const want = `transition: the chart on D: (nothing) -> d. Cases in this state accept it after the migration.
transition: a on BACK: a -> (nothing). Cases in this state no longer accept it.
transition: a on GO: b if age > 17; z -> c if age > 20; z. Cases in this state take the new transition.
transition: a on STAY: (nothing) -> forbidden. Cases in this state accept it after the migration.
transition: a on after P14D: z -> (nothing). Cases in this state no longer accept it.
transition: a on after P7D: (nothing) -> z. Cases in this state accept it after the migration.
transition: a on done: b -> c. Cases in this state take the new transition.
timer: a on timer 1: P14D -> P7D. Running timers keep their due time; the new version determines where they lead.
work: a on first: document -> rules kyc-risk {"policy":"kyc-risk"}. Cases that have not done it yet do it the new way.
work: a on second: document -> (nothing). Cases that are running it would wait forever: map the state to itself, which starts its work again.
work: a on third: (nothing) -> document. Cases in this state do not run it until the state is entered again.
tags: a: open -> open, fresh. Cases in this state get the new tags when they are migrated.
state kind: c: compound -> atomic. Cases in this state would be in a state of another kind: map it, if necessary to itself to enter it again.
state added: d: (nothing) -> atomic. No running case is there.
state removed: b: atomic -> (nothing). Cases in this state cannot continue: map it to another state.
state removed: c.x: atomic -> (nothing). Cases in this state cannot continue: map it to another state.
context: the chart. Existing data stays; the next write must conform to the new schema.
document: licence: (nothing) -> optional. Existing documents stay; missing documents are determined again.
document: passport: required -> optional. Existing documents stay; missing documents are determined again.`
	if got := strings.Join(lines, "\n"); got != want || blocks != 4 {
		t.Errorf("%d block:\n%s", blocks, got)
	}
	if same := Diff(parse(t, opened), parse(t, opened)); len(same) != 0 {
		t.Errorf("the same workflow differs: %v", same)
	}
}
