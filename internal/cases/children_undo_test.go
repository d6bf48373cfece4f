package cases_test

import (
	"slices"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// A person lets a parent leave its children, and may think better of it: what the children report meanwhile is neither
// lost nor the end of them.

// leaving is a parent whose children have been left by a decision that can be undone, and a report of the first of them.
func leaving(t *testing.T) (*family, cases.Effect) {
	t.Helper()
	f := newFamily(t, "all", people("Anna", "Bo")...)
	f.begin()
	f.deliver()
	parent := f.get(f.parent)
	must[cases.Record](f.desk)(f.Decide(t.Context(), reviewer, parent.ID, parent.Version, cases.DecideCommand{Event: "LEAVE", Undo: 10 * time.Second}))
	f.send(f.children()[0].ID, "approve")
	reports := effects(f.store.last(), string(cases.EffectReport))
	if len(reports) != 1 {
		t.Fatalf("%d reports", len(reports))
	}
	return f, reports[0]
}

// wantLater wants a report to come again.
func (f *family) wantLater(report cases.Effect) {
	f.t.Helper()
	if err := f.Reported(f.t.Context(), report); problem.CodeOf(err) != problem.Unavailable {
		f.t.Errorf("the report is answered with %v", err)
	}
}

func (f *family) wantChildren(status ...cases.Status) {
	f.t.Helper()
	var got []cases.Status
	for _, child := range f.children() {
		got = append(got, child.Status)
	}
	if !slices.Equal(got, status) {
		f.t.Errorf("children are %v, want %v", got, status)
	}
}

func TestAReportComesAgainWhileTheParentMayTakeItsChildrenBack(t *testing.T) {
	f, report := leaving(t)
	f.wantLater(report)
	f.wantChildren(cases.StatusCompleted, cases.StatusActive)
	parent := f.get(f.parent)
	must[cases.Record](f.desk)(f.Undo(t.Context(), reviewer, parent.ID, parent.Version))
	if err := f.Reported(t.Context(), report); err != nil {
		t.Fatal(err)
	}
	f.wantCounts(1, 1, 0)
	f.send(f.children()[1].ID, "approve")
	f.deliver()
	wantState(t, f.get(f.parent), "approved")
	f.verified(f.parent)
}

func TestChildrenThatOnlyReportAreNotCalledOffBeforeTheUndoIsOver(t *testing.T) {
	f, _ := leaving(t)
	f.send(f.children()[1].ID, "MOVE")
	report := effects(f.store.last(), string(cases.EffectReport))[0]
	for _, wait := range []time.Duration{0, 5 * time.Second, 5 * time.Second, 900 * time.Millisecond} { // the last is within the margin of clocks
		f.pass(wait)
		f.wantLater(report)
		f.wantChildren(cases.StatusCompleted, cases.StatusActive)
	}
	f.pass(200 * time.Millisecond)
	if err := f.Reported(t.Context(), report); err != nil {
		t.Fatal(err)
	}
	f.wantChildren(cases.StatusCompleted, cases.StatusCancelled)
}

// tryDue lets what is due of the outbox happen once; what is not possible yet stays there.
func (f *family) tryDue() {
	f.t.Helper()
	c := f.t.Context()
	for _, effect := range must[[]cases.Effect](f.desk)(f.store.Undelivered(c, f.time().Add(time.Millisecond), 1000)) {
		if effect.Kind != cases.EffectReport && effect.Kind != cases.EffectCancel || effect.Due().After(f.time()) {
			continue
		}
		var err error
		if effect.Kind == cases.EffectReport {
			err = f.Reported(c, effect)
		} else {
			err = f.CancelChildren(c, effect.Tenant, effect.Cancels()...)
		}
		if problem.CodeOf(err) == problem.Unavailable {
			continue
		}
		if err != nil {
			f.t.Fatal(err)
		}
		if err := f.store.Delivered(c, effect); err != nil {
			f.t.Fatal(err)
		}
	}
}

// TestNoOrderOfUndoAndLeavingMakesAnOrphan plays a child's decision, its undo, and the parent's end, in every order and with
// the outbox delivered after any of them: in the end no child continues that no case waits for.
func TestNoOrderOfUndoAndLeavingMakesAnOrphan(t *testing.T) {
	const decide, undo, leave = "decide", "undo", "leave"
	orders := [][]string{
		{decide, undo, leave}, {decide, leave, undo}, {leave, decide, undo}, {leave, undo, decide}, {undo, decide, leave}, {undo, leave, decide},
	}
	leavings := map[string]func(f *family) error{
		"cancelled": func(f *family) error {
			_, err := f.Cancel(f.t.Context(), client, f.parent, 0, "")
			return err
		},
		"left": func(f *family) error {
			_, err := f.Send(f.t.Context(), client, f.parent, cases.SendCommand{Type: "LEAVE"})
			return err
		},
		"left by a decision": func(f *family) error {
			_, err := f.Decide(f.t.Context(), reviewer, f.parent, f.get(f.parent).Version, cases.DecideCommand{Event: "LEAVE", Undo: 5 * time.Second})
			return err
		},
	}
	orphans := false // whether an undo was possible after the parent had left: else the test shows nothing
	for name, leaves := range leavings {
		for _, order := range orders {
			for delivered := range 8 {
				f := newFamily(t, "all", people("Anna", "Bo")...)
				f.begin()
				f.tryDue()
				child := f.children()[0].ID
				for i, step := range order {
					var err error
					switch step {
					case decide:
						_, err = f.Decide(t.Context(), reviewer, child, f.get(child).Version, cases.DecideCommand{Event: "approve", Undo: 10 * time.Second})
					case undo:
						_, err = f.Undo(t.Context(), reviewer, child, f.get(child).Version)
						orphans = orphans || err == nil && order[1] == leave
					case leave:
						err = leaves(f)
					}
					if code := problem.CodeOf(err); code != "" && code != problem.UndoOver && code != problem.CaseClosed {
						t.Fatalf("%s, %v: %s: %v", name, order, step, err)
					}
					if delivered&(1<<i) != 0 {
						f.tryDue()
					}
					f.pass(time.Second)
				}
				for range 20 {
					f.pass(2 * time.Second)
					f.tryDue()
				}
				for _, c := range f.children() {
					if c.Status == cases.StatusActive {
						t.Errorf("%s, %v, delivered %03b: child %d is active in %v", name, order, delivered, c.Parent.Index, c.Snapshot.Active)
					}
					f.verified(c.ID)
				}
				f.verified(f.parent)
			}
		}
	}
	if !orphans {
		t.Error("no decision was undone after its parent had left")
	}
}
