package workflow_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ballerine/internal/workflow"
)

const careful = `
id: careful
review: {REVIEW}
initial: begin
states:
  begin:
    invoke: {src: vendor, id: first, input: {plugin: p}}
    onDone: decide
  aside:
    invoke: {src: vendor, id: aside, input: {plugin: p}}
    onDone: [{guard: "aside.ok", target: decide}, {target: rejected}]
  decide:
    tags: [manual_review]
    on: {approve: letter, reject: rejected}
    after: {P5D: aside}
  letter:
    invoke: {src: vendor, id: letter, input: {plugin: p}}
    onDone: welcome
  welcome: {type: final}
  rejected: {type: final}
`

func TestDecisionReliesOnTheWorkThatCanComeBeforeIt(t *testing.T) {
	for review, want := range map[string][]string{
		"":                 {"first", "aside"}, // the letter is written afterwards
		"checks: [letter]": {"letter"},
		"checks: []":       {},
	} {
		w, diagnostics := workflow.Parse("careful.yaml", []byte(strings.Replace(careful, "REVIEW", review, 1)), nil)
		if w == nil {
			t.Fatal(diagnostics)
		}
		if got := w.ChecksBefore([]string{"decide"}); !slices.Equal(got, want) {
			t.Errorf("review {%s}: %v, want %v", review, got, want)
		}
	}
}

func TestStateIsInFavourWhenNoEndAgainstTheCaseCanFollow(t *testing.T) {
	w, diagnostics := workflow.Parse("careful.yaml", []byte(strings.Replace(careful, "REVIEW", "", 1)), nil)
	if w == nil {
		t.Fatal(diagnostics)
	}
	for path, want := range map[string]bool{"letter": true, "welcome": true, "decide": false, "begin": false, "aside": false, "rejected": false} {
		if w.InFavour(path) != want {
			t.Errorf("%s in favour: %v", path, !want)
		}
	}
}

func TestThresholdCoversWhatItDoesNotKnow(t *testing.T) {
	w, diagnostics := workflow.Parse("careful.yaml", []byte(strings.Replace(careful, "REVIEW", "four_eyes: critical", 1)), nil)
	if w == nil {
		t.Fatal(diagnostics)
	}
	for severity, want := range map[string][2]bool{ // reason, four eyes
		"low": {false, false}, "medium": {false, false}, "high": {true, false}, "critical": {true, true}, "E": {true, true}, "": {true, true},
	} {
		if got := [2]bool{w.Review.ReasonFrom.Reached(severity), w.Review.FourEyes.Reached(severity)}; got != want {
			t.Errorf("%q: %v, want %v", severity, got, want)
		}
	}
}

func TestReviewIsCheckedWithItsPlaces(t *testing.T) {
	text := strings.Replace(careful, "REVIEW", "checks: [frist], four_eyes: always, reason: high", 1)
	w, diagnostics := workflow.Parse("careful.yaml", []byte(text), nil)
	if w != nil {
		t.Fatal("it was taken")
	}
	var got []string
	for _, d := range diagnostics {
		got = append(got, d.Path+" "+d.Code)
	}
	slices.Sort(got)
	if want := []string{"review.checks[0] unknown_work", "review.four_eyes unknown_severity", "review.reason unknown_key"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestFollowUpIsADurationFromAMinuteToAYear(t *testing.T) {
	for text, good := range map[string]bool{"P30D": true, "PT1M": true, "P1Y": true, "60000": true, "PT59S": false, "P13M": false, "soon": false, "[P1D]": false, "{}": false} {
		w, diagnostics := workflow.Parse("patient.yaml", []byte("id: patient\ninitial: open\nfollow_up: "+text+"\nstates: {open: {on: {CLOSE: closed}}, closed: {type: final}}\n"), nil)
		if good && (w == nil || w.FollowUp == nil) {
			t.Errorf("%s: %v", text, diagnostics)
		}
		if !good && (w != nil || !strings.Contains(fmt.Sprint(diagnostics), "patient.yaml:3:12: a follow-up must be an ISO 8601 duration")) {
			t.Errorf("%s: %v", text, diagnostics)
		}
	}
}

func TestAutomaticApprovalsWithoutAnAlternativeAreWarnedOf(t *testing.T) {
	const approve, review = "{guard: \"risk.outcome == 'approve'\", target: approved}", "{target: review}"
	for name, test := range map[string]struct {
		eyes, done string
		warns      bool
	}{
		"a person decides otherwise": {"critical", approve + ", " + review, false},
		"rejected or nothing":        {"critical", approve + ", {guard: \"risk.outcome == 'reject'\", target: rejected}", true},
	} {
		text := "id: w\nsubject: individual\nreview: {four_eyes: " + test.eyes + "}\ninitial: check\nstates:\n  check:\n    invoke: {src: rules, id: risk, input: {policy: p}}\n    onDone: [" + test.done +
			"]\n  review: {tags: [manual_review], on: {approve: approved, reject: rejected}}\n  approved: {type: final}\n  rejected: {type: final}\n"
		_, report := workflow.Parse("w.yaml", []byte(text), nil)
		if got := strings.Contains(fmt.Sprint(report), "a case in check that needs people is not approved"); got != test.warns {
			t.Errorf("%s: %v", name, report)
		}
	}
}
