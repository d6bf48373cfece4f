package cases_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

func (d *desk) invite(who identity.Principal, id, token string, life time.Duration) time.Time {
	d.t.Helper()
	return must[time.Time](d)(d.InvitesApplicant(d.t.Context(), who, id, token, d.time().Add(life).Truncate(time.Second)))
}

func TestALinkThatAPersonMakesIsInTheHistory(t *testing.T) {
	d := newDesk(t, desked)
	id := d.startOf(client, "desked").ID
	before := d.get(id)
	expires := d.invite(clerk, id, "flow_a", time.Hour)
	after, entries := d.get(id), d.history(id)
	e := entries[len(entries)-1]
	made, _ := e.Details["flow_token"].(map[string]any)
	if e.Cause != cases.CauseFlowToken || e.Actor != (cases.Actor{Kind: "user", ID: clerk.ID}) || !e.At.Equal(d.time()) ||
		made["id"] != "flow_a" || made["expires_at"] != expires.Format(time.RFC3339) || len(made) != 2 {
		t.Errorf("%+v", e)
	}
	if len(e.Changed) != 0 || strings.Join(e.From, " ") != strings.Join(e.To, " ") || len(after.Suppliers) != 0 || after.StateSince != before.StateSince {
		t.Errorf("the link has changed the case: %+v, suppliers %v", e, after.Suppliers)
	}
	d.verified(id)
	// What somebody has seen of the case is as it was.
	if _, err := d.Assign(t.Context(), reviewer, id, "user_2", before.Version); err != nil {
		t.Error(err)
	}
	if e.Cause != "flow_token_created" {
		t.Errorf("the API calls it %s", e.Cause)
	}
}

func TestALinkIsNotedOnceForEachCall(t *testing.T) {
	d := newDesk(t, desked)
	id := d.startOf(client, "desked").ID
	first := d.invite(clerk, id, "flow_a", time.Hour)
	d.pass(time.Minute)
	if again := d.invite(clerk, id, "flow_a", time.Hour); !again.Equal(first) {
		t.Errorf("made again, the token ends at %v, the history says %v", again, first)
	}
	if second := d.invite(clerk, id, "flow_b", time.Hour); second.Equal(first) {
		t.Error("another token ends as the first does")
	}
	d.invite(client, id, "flow_c", time.Hour) // a system's: its own records have it
	if entries := d.history(id); len(entries) != 3 {
		t.Errorf("%d entries", len(entries))
	}
	d.verified(id)
}

func TestWhoMakesALinkSuppliesNothingUntilItIsUsed(t *testing.T) {
	for name, used := range map[string]bool{"not used": false, "used": true} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, desked)
			id := d.startOf(client, "desked").ID
			d.invite(clerk, id, "flow_a", time.Hour)
			if used {
				link := identity.Principal{Tenant: "demo", Kind: identity.Applicant, ID: "flow_a", Case: id, By: clerk.ID}
				must[cases.Record](d)(d.SaveContext(t.Context(), link, id, map[string]any{"n": 1.0}))
			}
			must[cases.Record](d)(d.Send(t.Context(), client, id, cases.SendCommand{Type: "SUBMIT"}))
			err := d.decides(clerk, id, "approve")
			if want := map[bool]problem.Code{true: problem.FourEyes}[used]; problem.CodeOf(err) != want {
				t.Errorf("approved by who has made the link: %v, want %q", err, want)
			}
		})
	}
}

func TestALinkLeavesADecisionThatCanBeUndone(t *testing.T) {
	d := newDesk(t)
	id := d.inReview().ID
	decided := must[cases.Record](d)(d.Decide(t.Context(), reviewer, id, d.get(id).Version, cases.DecideCommand{Event: "reject", Reason: "late", Undo: 8 * time.Second}))
	if decided.Undo == nil {
		t.Fatal("the decision cannot be undone")
	}
	d.invite(clerk, id, "flow_a", time.Hour)
	back := must[cases.Record](d)(d.Undo(t.Context(), reviewer, id, decided.Version))
	if back.Status != cases.StatusActive {
		t.Errorf("%s", back.Status)
	}
	d.verified(id)
}

func TestALinkOfAnEndedCaseIsNotedToo(t *testing.T) {
	d := newDesk(t, desked)
	id := d.startOf(client, "desked").ID
	must[cases.Record](d)(d.Cancel(t.Context(), client, id, 0, "no longer needed"))
	d.invite(clerk, id, "flow_a", time.Hour)
	entries := d.history(id)
	if last := entries[len(entries)-1]; last.Cause != cases.CauseFlowToken {
		t.Errorf("%+v", last)
	}
	if text, err := json.Marshal(d.get(id)); err != nil || !strings.Contains(string(text), "cancelled") {
		t.Errorf("%v %s", err, text)
	}
	d.verified(id)
}
