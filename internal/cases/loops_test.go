package cases_test

import (
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// loops goes round in a circle when a vendor has answered, or has not, for as long as `go` is true.
const loops = `
id: loops
subject: individual
initial: ask
by: [applicant, client, reviewer]
states:
  ask:
    tags: [collection_flow]
    invoke: {src: vendor, id: look, input: {plugin: p}, onDone: there, onError: there}
    on: {LEAVE: left}
  there: {always: [{guard: go == true, target: back}, {target: left}]}
  back: {always: [{guard: go == true, target: there}, {target: left}]}
  left: {type: final}
`

// TestWorkWhoseEndLoopsWaitsForAPerson: repeating it would come to the same each time, and every command first applies what is overdue.
func TestWorkWhoseEndLoopsWaitsForAPerson(t *testing.T) {
	for name, ends := range map[string]func(d *desk, job cases.Job) error{
		"with a result": func(d *desk, job cases.Job) error {
			_, err := d.FinishWork(d.t.Context(), job, cases.Outcome{Payload: map[string]any{"score": 1.0}, Run: d.runOf(job)})
			return err
		},
		"with a failure": func(d *desk, job cases.Job) error {
			_, err := d.FailWork(d.t.Context(), job.Branch, "ask", "look", job.Visit, cases.Failure{Error: "timeout", Attempts: 3})
			return err
		},
		"with a callback": func(d *desk, job cases.Job) error {
			if _, err := d.FinishWork(d.t.Context(), job, cases.Outcome{Awaiting: true, Until: d.time().Add(day), Run: d.runOf(job)}); err != nil {
				return err
			}
			reply := cases.Reply{ID: "evt_1", State: "ask", Visit: job.Visit, Work: "look", Round: job.Round, Payload: map[string]any{"score": 1.0}}
			_, err := d.Answer(d.t.Context(), vendorOf(job.Record.ID), job.Record.ID, reply)
			return err
		},
		"when nobody calls back": func(d *desk, job cases.Job) error {
			if _, err := d.FinishWork(d.t.Context(), job, cases.Outcome{Awaiting: true, Until: d.time().Add(day), Run: d.runOf(job)}); err != nil {
				return err
			}
			d.pass(2 * day)
			d.expires(job.Record.ID)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, loops)
			r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "loops", Subject: cases.SubjectInput{Type: "individual"}, Context: map[string]any{"go": true}}))
			job := d.beginAt(r.ID, "ask", "look")
			if err := ends(d, job); err != nil {
				t.Fatal(err)
			}
			r = d.get(r.ID)
			if len(r.Incidents) != 1 || r.Incidents[0].Error != string(problem.Livelock) || r.Incidents[0].Work != "look" || r.Waiting == nil || r.Waiting.For != "operator" {
				t.Fatalf("%+v, waits for %+v", r.Incidents, r.Waiting)
			}
			if name == "with a callback" { // which comes again
				if err := ends(d, job); err != nil || len(d.get(r.ID).Incidents) != 1 {
					t.Fatalf("%v: %+v", err, d.get(r.ID).Incidents)
				}
				r = d.get(r.ID)
			}
			must[cases.Note](d)(d.AddNote(t.Context(), reviewer, r.ID, cases.NoteCommand{ID: "note_1", Text: "a note"}))
			_, err := d.SkipIncident(t.Context(), reviewer, r.ID, r.Incidents[0].ID, map[string]any{"score": 1.0}, "")
			wantCode(t, err, problem.Livelock)
			wantState(t, must[cases.Record](d)(d.event(r.ID, "LEAVE", nil)), "left")
			d.verified(r.ID)
		})
	}
}
