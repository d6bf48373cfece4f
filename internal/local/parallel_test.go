package local_test

import (
	"testing"

	"ballerine/internal/cases"
)

// sideBySide has two regions, one of which calls two vendors at once.
const sideBySide = `
id: side-by-side
title: Side by side
initial: checks
states:
  checks:
    type: parallel
    on: {STOP: stopped}
    onDone: decide
    states:
      vendors:
        initial: ask
        states:
          ask:
            invoke:
              - parallel:
                  - {src: vendor, id: identity, input: {plugin: identity-check}}
                  - {src: screening, id: sanctions, input: {schema: Person, with: {name: "applicant.name.given + ' ' + applicant.name.family"}}}
            onDone: answered
          answered: {type: final}
      person:
        initial: wait
        states: {wait: {on: {READY: ready}}, ready: {type: final}}
  decide: {tags: [manual_review], by: client, on: {approve: approved}}
  approved: {type: final}
  stopped: {type: final}
`

// TestRegionsAndWorkAtOnceRunOnTheWholeSystem takes a case through two regions, with a vendor and watch lists that are asked at once, on the system as `dev` runs it.
func TestRegionsAndWorkAtOnceRunOnTheWholeSystem(t *testing.T) {
	s := newSystem(t, t.TempDir(), sideBySide)
	defer s.stop()
	start := func() cases.Record {
		t.Helper()
		applicant := map[string]any{"name": map[string]any{"given": "Ada", "family": "Byron"}, "date_of_birth": "1980-01-01", "country": "SE", "email": "ada@example.com"}
		return s.start("side-by-side", "individual", map[string]any{"applicant": applicant})
	}
	one := start()
	s.reach(one.ID, "checks.person.wait", "checks.vendors.answered")
	s.send(one.ID, "READY")
	s.reach(one.ID, "decide")
	s.send(one.ID, "approve")
	if w := s.reach(one.ID, "approved"); w.Status != cases.StatusCompleted {
		t.Errorf("%+v", w)
	}
	other := start()
	s.send(other.ID, "STOP") // while the vendors are being asked
	if w := s.reach(other.ID, "stopped"); w.Status != cases.StatusCompleted {
		t.Errorf("%+v", w)
	}
	s.ended(one)
	s.ended(other)
}
