package cases_test

import (
	"strings"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

func TestACallbackThatIsTooLargeIsAnIncident(t *testing.T) {
	for name, c := range map[string]struct {
		context map[string]any
		payload string
	}{
		"by itself":             {nil, strings.Repeat("x", 201<<10)},
		"with all that is kept": {map[string]any{"blob": strings.Repeat("x", 150<<10)}, strings.Repeat("y", 100<<10)},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, vendorCallback)
			r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "asks", Subject: cases.SubjectInput{Type: "individual"}, Context: c.context}))
			job := d.beginAt(r.ID, "ask", "lookup")
			d.awaits(job, nil)
			reply := cases.Reply{State: job.State, Visit: job.Visit, Work: "lookup", Payload: map[string]any{"ok": true, "all": c.payload}, ID: "e"}
			_, err := d.Answer(t.Context(), vendorOf(r.ID), r.ID, reply)
			wantCode(t, err, problem.TooLarge)
			r = d.get(r.ID)
			if len(r.Incidents) != 1 || r.Incidents[0].Error != "too_large" || r.Incidents[0].Work != "lookup" {
				t.Fatalf("incidents %+v", r.Incidents)
			}
			// Sent again it is recorded, but it fails nothing a second time.
			_, err = d.Answer(t.Context(), vendorOf(r.ID), r.ID, reply)
			wantCode(t, err, problem.TooLarge)
			history, err := d.History(t.Context(), reviewer, r.ID, r.Version, 10)
			if err != nil || len(history) != 1 || history[0].Cause != cases.CauseCallbackIgnored {
				t.Fatalf("%+v, %v", history, err)
			}
			// A smaller answer is what the incident lacks.
			if r = d.answers(job, map[string]any{"ok": true}); r.Status != cases.StatusCompleted {
				t.Errorf("%s, %+v", r.Status, r.Incidents)
			}
			d.verified(r.ID)
		})
	}
}
