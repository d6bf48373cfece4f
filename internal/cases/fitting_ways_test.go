package cases_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

// misfits writes `y`, which may be a text, to `x`, a number, in every way that a workflow has.
const misfits = `
id: misfits
subject: individual
context: {schema: {type: object, properties: {x: {type: number}, y: {}, go: {type: boolean}}}}
initial: INITIAL
by: [applicant, client, reviewer]
states:
  begin: {entry: WRITE}
  open:
    tags: [collection_flow]
    on: {TAKE: {actions: WRITE}, WORK: work, ASK: ask, GO: review, ON: next}
    always: {guard: go == true, target: begin}
    after: {P1D: {target: late, actions: WRITE}}
  next: {entry: WRITE}
  late: {on: {BACK: open}}
  work:
    tags: [collection_flow]
    invoke: {src: vendor, id: look, input: {plugin: p}, onDone: {target: late, actions: WRITE}, onError: {target: late, actions: WRITE}}
  ask:
    tags: [collection_flow]
    invoke: {src: vendor, id: look, input: {plugin: p}, onDone: {target: late, actions: {type: assign, values: {x: look.score}}}, onError: late}
  review:
    tags: [manual_review]
    on: {approve: {target: approved, actions: WRITE}}
  approved: {type: final}
`

func misfitsAt(initial string) string {
	return strings.NewReplacer("INITIAL", initial, "WRITE", "{type: assign, values: {x: y}}").Replace(misfits)
}

func (d *desk) startMisfit(y any) (cases.Record, error) {
	return d.Start(d.t.Context(), client, cases.StartCommand{Workflow: "misfits", Subject: cases.SubjectInput{Type: "individual"}, Context: map[string]any{"y": y}})
}

func TestWhoeverAsksForAMisfitIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		to  string
		ask func(d *desk, r cases.Record) error
	}{
		"an event": {"", func(d *desk, r cases.Record) error {
			_, err := d.event(r.ID, "TAKE", nil)
			return err
		}},
		"an entry": {"", func(d *desk, r cases.Record) error {
			_, err := d.event(r.ID, "ON", nil)
			return err
		}},
		"data that sets something off": {"", func(d *desk, r cases.Record) error {
			_, err := d.SaveContext(d.t.Context(), client, r.ID, map[string]any{"go": true})
			return err
		}},
		"a decision": {"GO", func(d *desk, r cases.Record) error {
			_, err := d.Decide(d.t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "approve", Reason: "other", Comment: "fine"})
			return err
		}},
		"a result by hand": {"WORK", func(d *desk, r cases.Record) error {
			job := d.beginAt(r.ID, "work", "look")
			if _, err := d.FailWork(d.t.Context(), job.Branch, "work", "look", job.Visit, cases.Failure{Error: "timeout", Attempts: 1}); err != nil {
				return err
			}
			incident := d.get(r.ID).Incidents[0].ID
			_, err := d.SkipIncident(d.t.Context(), reviewer, r.ID, incident, map[string]any{"score": 1.0}, "by hand")
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for y, code := range map[any]problem.Code{"secret": problem.Invalid, 7.0: ""} {
				if y == 7.0 && c.to == "WORK" {
					continue // it does not fail
				}
				d := newDesk(t, misfitsAt("open"))
				r := must[cases.Record](d)(d.startMisfit(y))
				if c.to != "" {
					r = must[cases.Record](d)(d.event(r.ID, c.to, nil))
				}
				err := c.ask(d, r)
				if p := wantCode(t, err, code); code != "" && (len(p.Fields) != 1 || p.Fields[0].Location != "context.x") {
					t.Errorf("%v: %v", y, places(p))
				}
				if got := d.get(r.ID).Context["x"]; code != "" && got != nil || code == "" && got != 7.0 {
					t.Errorf("%v: x is %v", y, got)
				}
				d.verified(r.ID)
			}
		})
	}
}

func TestACaseDoesNotStartWithAMisfit(t *testing.T) {
	d := newDesk(t, misfitsAt("begin"))
	_, err := d.startMisfit("secret")
	wantCode(t, err, problem.Invalid)
	if r := must[cases.Record](d)(d.startMisfit(1.0)); r.Context["x"] != 1.0 {
		t.Errorf("%v", r.Context)
	}
}

// wantMisfit is the one open incident of a case, whose cause names the place and no data.
func (d *desk) wantMisfit(id, work string) cases.Incident {
	d.t.Helper()
	r := d.get(id)
	if len(r.Incidents) != 1 || r.Incidents[0].Error != cases.IncidentMisfit || r.Incidents[0].Work != work {
		d.t.Fatalf("incidents %+v", r.Incidents)
	}
	if cause := r.Incidents[0].Cause; !strings.Contains(cause, "context.x (type)") || strings.Contains(cause, "secret") {
		d.t.Errorf("the cause is %q", cause)
	}
	if r.Context["x"] != nil || r.Waiting == nil || r.Waiting.For != "operator" {
		d.t.Errorf("x is %v, and the case waits for %+v", r.Context["x"], r.Waiting)
	}
	d.verified(id)
	return r.Incidents[0]
}

func TestADeadlineWithAMisfitWaitsForAPerson(t *testing.T) {
	d := newDesk(t, misfitsAt("open"))
	r := must[cases.Record](d)(d.startMisfit("secret"))
	d.pass(2 * day)
	d.expires(r.ID)
	incident := d.wantMisfit(r.ID, "")
	wantState(t, d.get(r.ID), "open")
	d.pass(200 * day)
	d.expires(r.ID)
	d.wantMisfit(r.ID, "") // there is one incident
	_, err := d.RetryIncident(t.Context(), client, r.ID, incident.ID, nil)
	wantCode(t, err, problem.Invalid)
	_, err = d.SkipIncident(t.Context(), reviewer, r.ID, incident.ID, nil, "")
	wantCode(t, err, problem.Invalid)
	r = must[cases.Record](d)(d.RetryIncident(t.Context(), client, r.ID, incident.ID, map[string]any{"y": 3.0}))
	if wantState(t, r, "late"); r.Context["x"] != 3.0 || len(r.Incidents) != 0 {
		t.Errorf("%v, %+v", r.Context, r.Incidents)
	}
	d.verified(r.ID)
}

// TestADeadlineThatCannotBeAppliedHoldsNothingElseUp: each command applies the deadlines that have passed first.
func TestADeadlineThatCannotBeAppliedHoldsNothingElseUp(t *testing.T) {
	circle := strings.NewReplacer("after: {P9D: done}", "after: {P1D: round}", "  done: {type: final}", "  round: {always: {guard: name == 'Ada', target: about}}\n  about: {always: {guard: name == 'Ada', target: round}}\n  done: {type: final}").Replace(moving1)
	d := newDesk(t, circle)
	r := d.startMoving(named)
	d.pass(2 * day)
	d.expires(r.ID)
	r = d.get(r.ID)
	if len(r.Incidents) != 1 || r.Incidents[0].Error != string(problem.Livelock) || r.Waiting == nil || r.Waiting.For != "operator" {
		t.Fatalf("%+v", r.Incidents)
	}
	_, err := d.RetryIncident(t.Context(), client, r.ID, r.Incidents[0].ID, nil)
	wantCode(t, err, problem.Livelock)
	other := must[cases.Record](d)(d.RetryIncident(t.Context(), client, r.ID, r.Incidents[0].ID, map[string]any{"name": "Bob"}))
	wantState(t, other, "round")

	d = newDesk(t, circle)
	r = d.startMoving(named)
	d.pass(2 * day)
	r = must[cases.Record](d)(d.Cancel(t.Context(), client, r.ID, 0, "no need"))
	if r.Status != cases.StatusCancelled {
		t.Errorf("%s", r.Status)
	}
	d.verified(r.ID)
}

func TestWorkWhoseEndIsAMisfitHasFailed(t *testing.T) {
	for name, c := range map[string]struct {
		event string
		end   func(d *desk, job cases.Job)
	}{
		"a result": {"WORK", func(d *desk, job cases.Job) { d.finish(job, map[string]any{"score": 1.0}) }},
		"a failure": {"WORK", func(d *desk, job cases.Job) {
			must[cases.ExecutionInput](d)(d.FailWork(d.t.Context(), job.Branch, "work", "look", job.Visit, cases.Failure{Error: "timeout", Attempts: 1}))
		}},
		"a callback": {"WORK", func(d *desk, job cases.Job) {
			d.awaits(job, nil)
			d.answers(job, map[string]any{"score": 1.0})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, misfitsAt("open"))
			r := must[cases.Record](d)(d.startMisfit("secret"))
			must[cases.Record](d)(d.event(r.ID, c.event, nil))
			c.end(d, d.beginAt(r.ID, "work", "look"))
			incident := d.wantMisfit(r.ID, "look")
			must[cases.Record](d)(d.RetryIncident(t.Context(), client, r.ID, incident.ID, map[string]any{"y": 4.0}))
			d.finish(d.beginAt(r.ID, "work", "look"), map[string]any{"score": 1.0})
			if r = d.get(r.ID); r.Context["x"] != 4.0 {
				t.Errorf("x is %v", r.Context["x"])
			}
			wantState(t, r, "late")
		})
	}
}

// TestTheChartSaysWhatComesOfAResultThatDoesNotFit: work with an unusable answer has failed, and the workflow may go on without.
func TestTheChartSaysWhatComesOfAResultThatDoesNotFit(t *testing.T) {
	d := newDesk(t, misfitsAt("open"))
	r := must[cases.Record](d)(d.startMisfit(1.0))
	must[cases.Record](d)(d.event(r.ID, "ASK", nil))
	d.finish(d.beginAt(r.ID, "ask", "look"), map[string]any{"score": "many"})
	r = d.get(r.ID)
	wantState(t, r, "late")
	if r.Context["x"] != nil || r.Context["look"] != nil || len(r.Incidents) != 0 {
		t.Errorf("%v, %+v", r.Context, r.Incidents)
	}
	history := d.history(r.ID)
	if last := history[len(history)-1]; last.Event != "error.invoke.look" || last.Details["error"] != cases.IncidentMisfit {
		t.Errorf("%s %v", last.Event, last.Details)
	}
	runs, err := d.store.TaskRuns(t.Context(), "demo", r.ID)
	if err != nil || len(runs) != 1 || runs[0].Outcome != "failed" || runs[0].Error != cases.IncidentMisfit {
		t.Errorf("%+v, %v", runs, err)
	}
}

// placing is a company that takes its country over as its place with each child that has ended; another region goes its own way.
const placing = `
id: company
subject: business
context:
  schema:
    type: object
    properties: {owners: {type: array, items: {type: object}}, country: {}, place: {type: string}}
    additionalProperties: false
initial: both
by: [applicant, client, reviewer]
states:
  both:
    type: parallel
    tags: [collection_flow]
    states:
      a:
        initial: owners
        states:
          owners:
            invoke:
              src: children
              id: people
              input: {workflow: owner, each: owners, until: all, context: {person.name: item.first, person.country: "'DE'", person.place: index}, external_id: item.id}
            on: {child.people: {guard: "event.payload.status == 'completed'", actions: {type: assign, values: {place: country}}}}
            onDone: '#approved'
      b: {initial: w, states: {w: {on: {STEP: v}}, v: {on: {STEP: w}}}}
    on: {LEAVE: left}
  left: {on: {AGAIN: both}}
  approved: {type: final}
`

// placed is such a company with two owners, whose country is no text.
func placed(t *testing.T) *family {
	t.Helper()
	return placedBy(t, placing)
}

func placedBy(t *testing.T, company string) *family {
	t.Helper()
	d := newDesk(t, company, owner)
	r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "company", Context: map[string]any{
		"country": 5.0, "owners": []any{map[string]any{"id": "a", "first": "Ann"}, map[string]any{"id": "b", "first": "Bob"}},
	}}))
	f := &family{d, r.ID}
	branch := cases.Branch{Tenant: "demo", Case: r.ID, Region: statechart.Region{Path: "both.a", Within: []int{1}}}
	job, todo, _, err := d.BeginWork(t.Context(), branch, "both.a.owners", "people")
	if err != nil || !todo {
		t.Fatalf("people is not to be done: %v", err)
	}
	outcome := must[cases.Outcome](d)(f.StartChildren(t.Context(), job))
	outcome.Run = f.runOf(job)
	must[cases.ExecutionInput](d)(f.FinishWork(t.Context(), job, outcome))
	return f
}

func (f *family) approves(child cases.Record) {
	f.t.Helper()
	must[cases.Record](f.desk)(f.Decide(f.t.Context(), reviewer, child.ID, child.Version, cases.DecideCommand{Event: "approve", Reason: "other", Comment: "fine"}))
	f.deliver()
}

func TestAReportWithAMisfitWaitsForAPersonAndSoDoWhatComesAfterIt(t *testing.T) {
	f := placed(t)
	d, children := f.desk, f.children()
	f.approves(children[0])
	held := func(then ...string) cases.Incident {
		t.Helper()
		r := d.get(f.parent)
		if len(r.Incidents) != 1 || r.Incidents[0].Error != cases.IncidentMisfit || r.Incidents[0].Child != children[0].ID || !slices.Equal(r.Incidents[0].Then, then) ||
			r.Incidents[0].State != "both.a.owners" || r.Context["place"] != nil {
			t.Fatalf("%v, %+v", r.Context["place"], r.Incidents)
		}
		return r.Incidents[0]
	}
	held()
	f.wantCounts(2, 0, 0) // guards do not see what has had no effect
	must[cases.Record](d)(d.event(f.parent, "STEP", nil))
	held() // what happens beside it changes nothing
	f.approves(f.children()[1])
	incident := held(children[1].ID)
	f.wantCounts(2, 0, 0)
	if states := d.get(f.parent).Snapshot.Active; states[len(states)-1].State != "both.b.v" || !slices.ContainsFunc(states, func(a statechart.Activation) bool { return a.State == "both.a.owners" }) {
		t.Errorf("%+v", states)
	} // the work has not ended, though all children have

	r := must[cases.Record](d)(d.RetryIncident(t.Context(), client, f.parent, incident.ID, map[string]any{"country": "DE"}))
	if r.Context["place"] != "DE" || len(r.Incidents) != 0 {
		t.Errorf("%v, %+v", r.Context["place"], r.Incidents)
	}
	wantState(t, d.get(f.parent), "approved")
	f.wantCounts(0, 2, 0)
	d.verified(f.parent)
}

// TestNoGuardSeesAReportThatIsHeld: whatever else happens to the parent, its guards are looked at again.
func TestNoGuardSeesAReportThatIsHeld(t *testing.T) {
	const counting = "    always: [{guard: 'children.people.completed > 0', target: passed}, {guard: 'children.people.active == 0', target: passed}]\n    on: {LEAVE: left}\n  passed: {type: final}\n"
	f := placedBy(t, strings.Replace(placing, "    on: {LEAVE: left}\n", counting, 1))
	d, children := f.desk, f.children()
	f.approves(children[0])
	f.approves(children[1])
	for name, happens := range map[string]func() error{
		"an event": func() error { _, err := d.event(f.parent, "STEP", nil); return err },
		"data": func() error {
			_, err := d.SaveContext(t.Context(), client, f.parent, map[string]any{"owners": []any{}})
			return err
		},
		"the reports again": func() error { f.deliver(); return nil },
		"a note of somebody": func() error {
			_, err := d.AddNote(t.Context(), reviewer, f.parent, cases.NoteCommand{ID: "note_1", Text: "a note"})
			return err
		},
	} {
		if err := happens(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if r := d.get(f.parent); r.Status != cases.StatusActive || len(r.Incidents) != 1 {
			t.Fatalf("%s has let the case go past what is held: %s %+v", name, r.Outcome, r.Incidents)
		}
		f.wantCounts(2, 0, 0)
	}
	r := d.get(f.parent)
	must[cases.Record](d)(d.RetryIncident(t.Context(), client, f.parent, r.Incidents[0].ID, map[string]any{"country": "DE"}))
	wantState(t, d.get(f.parent), "passed")
	f.wantCounts(1, 1, 0) // the first has let it pass: the work that awaits the second has ended
	d.verified(f.parent)
}

// TestAReportWhoseEndLoopsWaitsForAPerson: the last report ends the work, and what follows from that never settles.
func TestAReportWhoseEndLoopsWaitsForAPerson(t *testing.T) {
	looping := strings.NewReplacer(
		", actions: {type: assign, values: {place: country}}", "", "            onDone: '#approved'\n", "            onDone: '#there'\n",
		"  approved: {type: final}\n", `  there: {always: [{guard: "country == 5", target: back}, {target: approved}]}
  back: {always: [{guard: "country == 5", target: there}, {target: approved}]}
  approved: {type: final}
`).Replace(placing)
	f := placedBy(t, looping)
	d, children := f.desk, f.children()
	f.approves(children[0])
	f.wantCounts(1, 1, 0)
	f.approves(children[1])
	r := d.get(f.parent)
	if len(r.Incidents) != 1 || r.Incidents[0].Error != string(problem.Livelock) || r.Incidents[0].Child != children[1].ID {
		t.Fatalf("%+v", r.Incidents)
	}
	f.wantCounts(1, 1, 0)
	must[cases.Record](d)(d.RetryIncident(t.Context(), client, f.parent, r.Incidents[0].ID, map[string]any{"country": "DE"}))
	wantState(t, d.get(f.parent), "approved")
	f.wantCounts(0, 2, 0)
	d.verified(f.parent)
}

func TestAnIncidentThatIsLeftBehindIsInTheHistory(t *testing.T) {
	f := placed(t)
	f.approves(f.children()[0])
	incident := f.get(f.parent).Incidents[0].ID
	must[cases.Record](f.desk)(f.event(f.parent, "LEAVE", nil))
	history := f.history(f.parent)
	if left, _ := history[len(history)-1].Details["incidents_left"].([]any); len(left) != 1 || left[0] != incident {
		t.Errorf("%v", history[len(history)-1].Details)
	}
}

// TestAHeldDeadlineIsMovedAsWhatItIs: another version may have it in another place, or not at all.
func TestAHeldDeadlineIsMovedAsWhatItIs(t *testing.T) {
	first := strings.NewReplacer("after: {P9D: done}", "after: {P1D: {target: check, actions: {type: assign, values: {age: name}}}, P9D: done}").Replace(moving1)
	for name, c := range map[string]struct{ next, state string }{
		"in another place": {strings.Replace(first, "after: {P1D:", "after: {PT1H: check, P1D:", 1), "check"},
		"not at all":       {moving1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, strings.Replace(c.next, "version: 1", "version: 2", 1), first)
			r := d.startMoving(named)
			d.pass(25 * time.Hour)
			d.expires(r.ID)
			if r = d.get(r.ID); len(r.Incidents) != 1 {
				t.Fatalf("%+v", r.Incidents)
			}
			incident := r.Incidents[0].ID
			moved := d.migrate(cases.MigrateCommand{})[r.ID]
			r = d.get(r.ID)
			if moved.Outcome != cases.Moved || !r.DueAt.Equal(epoch.AddDate(0, 0, 9)) && c.state == "" {
				t.Errorf("%+v, due %s", moved, r.DueAt)
			}
			if c.state == "" {
				if len(r.Incidents) != 0 || len(moved.Drops) != 1 {
					t.Errorf("%+v %+v", moved, r.Incidents)
				}
				return
			}
			_, err := d.RetryIncident(t.Context(), client, r.ID, incident, nil)
			wantCode(t, err, problem.Invalid) // the same deadline, with the same misfit
			wantState(t, d.get(r.ID), "wait")
		})
	}
}

func TestACaseIsNotMigratedIntoAMisfit(t *testing.T) {
	next := strings.Replace(moving2, "  done: {type: final}", "  done: {type: final, entry: {type: assign, values: {age: name}}}", 1)
	d := newDesk(t, next, moving1)
	bad := d.startMoving(map[string]any{"name": "Ann"})
	moved := d.migrate(cases.MigrateCommand{States: map[string]string{"wait": "done"}})[bad.ID]
	if moved.Outcome != cases.Refused || len(moved.Errors) != 1 || moved.Errors[0].Location != "context.age" {
		t.Errorf("%+v", moved)
	}
}
