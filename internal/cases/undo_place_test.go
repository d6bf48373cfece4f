package cases_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// namesakes is an office whose decisions write fields that are called as members of a record are, from nothing.
var namesakes = strings.NewReplacer(
	"      note: {type: string}\n", "      note: {type: string}\n      assignee: {type: string}\n      incidents: {type: string}\n",
	`values: {note: "'rejected'"}`, `values: {assignee: "'nobody'", incidents: "'none'"}`,
).Replace(office)

func TestAnUndoRestoresFieldsThatAreCalledAsMembersOfTheRecordAre(t *testing.T) {
	for name, context := range map[string]map[string]any{
		"there were others": {"assignee": "somebody", "incidents": "many"},
		"there was nothing": nil,
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, namesakes)
			r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "office", Subject: cases.SubjectInput{Type: "individual"}, Context: context}))
			before := d.send(r.ID, "GO")
			decided := must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, before.Version, decide("reject")))
			changed := d.store.last().Entry.Changed
			if decided.Context["assignee"] != "nobody" || !slices.Contains(changed, "context.assignee") || slices.Contains(changed, "assignee") {
				t.Fatalf("decided: %v, changed %v", decided.Context, changed)
			}
			undone := must[cases.Record](d)(d.Undo(t.Context(), reviewer, r.ID, decided.Version))
			if len(undone.Context)+len(before.Context) > 0 && !reflect.DeepEqual(undone.Context, before.Context) {
				t.Errorf("after the undo %v, before %v", undone.Context, before.Context)
			}
			d.verified(r.ID)
		})
	}
}

func TestAnUndoIsTooLateOnceAnEffectIsClaimed(t *testing.T) {
	d := newOffice(t)
	before := d.waiting("a", "Ada")
	decided := must[cases.Record](d)(d.Decide(t.Context(), reviewer, before.ID, before.Version, decide("reject")))
	if err := d.store.Claim(t.Context(), d.store.last().Effects[0]); err != nil {
		t.Fatal(err)
	}
	_, err := d.Undo(t.Context(), reviewer, before.ID, decided.Version)
	wantCode(t, err, problem.UndoOver)
	if after := d.get(before.ID); after.Status != cases.StatusCompleted || after.Version != decided.Version {
		t.Errorf("%s, version %d", after.Status, after.Version)
	}
}
