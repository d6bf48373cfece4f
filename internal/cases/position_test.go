package cases_test

import (
	"slices"
	"strings"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

func TestACaseShowsWhereItIsWhatCanHappenNextAndWhyNot(t *testing.T) {
	d := newDesk(t, patient)
	whereabouts := func(id string) cases.Whereabouts {
		t.Helper()
		return must[cases.Whereabouts](d)(d.Whereabouts(t.Context(), client, id))
	}
	r, _ := waiting(d)
	d.send(r.ID, "STAY") // a write that waits for the disk, and moves nothing
	w := whereabouts(r.ID)
	if !slices.Equal(w.Configuration, []string{"both.left.a", "both.right.c"}) || len(w.States) != 5 || !slices.Equal(w.Parked, []string{"both.left", "both.right"}) || len(w.Events) != 3 {
		t.Errorf("%+v", w)
	}
	w = whereabouts(d.start().ID)
	at := slices.IndexFunc(w.Events, func(n statechart.Next) bool { return n.Event == "SUBMIT" })
	if at < 0 || w.Events[at].Allowed || !strings.Contains(*w.Events[at].Reason, "documents.all_received") || len(w.Upcoming) != 1 || w.Upcoming[0].After != "P14D" {
		t.Errorf("%+v", w)
	}
	stuck, _ := d.stuck()
	if w = whereabouts(stuck.ID); len(w.Work) != 1 || w.Work[0].Status != statechart.WorkIncident {
		t.Errorf("%+v", w.Work)
	}
	d.send(r.ID, "END")
	if w = whereabouts(r.ID); w.Status != cases.StatusCompleted || len(w.Events)+len(w.Upcoming)+len(w.Work) != 0 {
		t.Errorf("at its end: %+v", w)
	}
	_, err := d.Whereabouts(t.Context(), foreigner, r.ID)
	wantCode(t, err, problem.NotFound)
}
