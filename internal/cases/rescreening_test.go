package cases_test

import (
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/watched"
)

func TestACancelledRescreeningRaisesItsHitsAgain(t *testing.T) {
	d := newDesk(t, listed)
	counts := func(id string, want bool) {
		t.Helper()
		if got, err := d.RescreeningCounts(t.Context(), client.Tenant, id); err != nil || got != want {
			t.Errorf("%s counts: %v, %v", id, got, err)
		}
	}
	if _, err := watched.ChangeRun(t.Context(), d.known, client.Tenant, "un", func(r *watched.Run) bool { r.State = watched.Done; return true }); err != nil {
		t.Fatal(err)
	}
	w := watched.Watch{Tenant: client.Tenant, Subject: "subj_1", Type: "individual", Name: "Anna", Kept: true, Workflow: "listed"}
	r := must[cases.Record](d)(d.Rescreened(t.Context(), w, "case_again", map[string]any{"list": "un"}))
	counts(r.ID, true)
	counts("case_of_nobody", false)
	r = must[cases.Record](d)(d.Cancel(t.Context(), client, r.ID, 0, "called off"))
	counts(r.ID, false)
	found := effects(d.store.last(), string(cases.EffectWatch))
	if len(found) != 1 {
		t.Fatalf("%d effects", len(found))
	}
	for range 2 {
		if err := d.WatchSubject(t.Context(), found[0]); err != nil {
			t.Fatal(err)
		}
	}
	if run, err := d.known.Run(t.Context(), client.Tenant, "un"); err != nil || len(run.Late) != 1 || run.Late[0] != "subj_1" || run.State != watched.Running {
		t.Errorf("%+v, %v", run, err)
	}
	other := must[cases.Record](d)(d.Rescreened(t.Context(), w, "case_decided", map[string]any{"list": "un"}))
	d.finish(d.begin(other.ID, "sanctions"), answerWith([]any{}))
	d.finish(d.begin(other.ID, "media"), map[string]any{"hits": []any{}})
	other = d.get(other.ID)
	must[cases.Record](d)(d.Decide(t.Context(), reviewer, other.ID, other.Version, cases.DecideCommand{Event: "reject", Reason: "r", Comment: "c"}))
	counts(other.ID, true)
}
