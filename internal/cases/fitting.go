package cases

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/workflow"
)

// A workflow's own assignments may write values that its schema does not allow, and every later patch of a caller would
// be refused because of them. So every change of a case is checked by fitting. A change that somebody has requested is
// refused: an event, a decision, data, a start, a repair, a migration. A change without a caller does not happen either,
// and becomes an incident that a person finds: work whose outcome does not fit has failed, like work with an unusable
// answer; a deadline or a child's report waits until the data is corrected.

// IncidentMisfit is the error of work, or of a state, after which the case's data would break the workflow's schema.
const IncidentMisfit = "schema_violation"

// fitting refuses a change after which callers' data breaks the schema where it has kept to it before. Errors: Invalid.
func (d *draft) fitting() error {
	if d.workflow.Schema == nil || !d.writesOfCallers() {
		return nil
	}
	before := d.old.Context
	switch {
	case d.creating:
		before = nil
	case before == nil:
		before = map[string]any{}
	}
	return d.workflow.CheckChange(before, d.record.Context)
}

// writesOfCallers reports whether a field has changed that is not the work's own.
func (d *draft) writesOfCallers() bool {
	if len(d.fields) == 0 {
		return false
	}
	own := d.workflow.Owned()
	return slices.ContainsFunc(d.fields, func(name string) bool { return !slices.Contains(own, name) })
}

// unless applies a change without a caller to the draft. A change that does not fit the schema leaves the draft as it
// was, and misfit names the places.
func (d *draft) unless(change func() error) (misfit *problem.Error, err error) {
	before := *d
	before.entry.Details, before.known = maps.Clone(d.entry.Details), maps.Clone(d.known)
	err = change()
	if err == nil && !errors.As(d.fitting(), &misfit) {
		return nil, nil
	}
	*d = before
	return misfit, err
}

// finish is done for the system: work whose outcome does not fit has failed.
func (s *Service) finish(d *draft, state string, visit int, invocation *statechart.Invocation, outcome Outcome, from *Record, eventID string) error {
	misfit, err := d.unless(func() error { return s.done(d, state, visit, invocation, from, outcome.Payload, eventID) })
	if err != nil || misfit == nil {
		return err
	}
	return s.unfinished(d, state, visit, invocation, outcome, IncidentMisfit, misfitCause(d.workflow, "With this result", misfit))
}

// finishAlone is finish for work that nobody can be refused for: with an outcome that leads to an endless loop, it has failed, too. The
// case would stay where it is with each attempt.
func (s *Service) finishAlone(d *draft, state string, visit int, invocation *statechart.Invocation, outcome Outcome, from *Record, eventID string) error {
	_, err := d.unless(func() error { return s.finish(d, state, visit, invocation, outcome, from, eventID) })
	if problem.CodeOf(err) != problem.Livelock {
		return err
	}
	return s.unfinished(d, state, visit, invocation, outcome, string(problem.Livelock), "The result leads to an endless loop of transitions without an event.")
}

// unfinished is what follows from an outcome that the case cannot take.
func (s *Service) unfinished(d *draft, state string, visit int, invocation *statechart.Invocation, outcome Outcome, code, cause string) error {
	for i := range d.runs {
		d.runs[i].Outcome, d.runs[i].Error = "failed", code
	}
	if snapshot, awaited := d.workflow.Chart.Overdue(d.record.Snapshot, state, visit, invocation.ID); awaited {
		d.record.Snapshot = snapshot
	}
	return s.fail(d, state, invocation.ID, visit, Failure{Error: code, Cause: cause, Attempts: max(1, outcome.Run.Attempt)})
}

// timer applies a deadline that has passed. One whose transition does not fit has passed all the same: its incident keeps it.
func (s *Service) timer(d *draft, event statechart.Event) error {
	misfit, err := d.unless(func() error { return s.step(d, event) })
	if err != nil || misfit == nil {
		return err
	}
	s.holdDeadline(d, event, IncidentMisfit, misfitCause(d.workflow, "With the consequences of the deadline", misfit))
	return nil
}

// unworkable are errors of a deadline that a retry cannot resolve. Every command first applies the deadlines that have
// passed: with one that cannot be applied, nothing could be done with the case any longer, and it could not even be
// cancelled.
var unworkable = map[problem.Code]string{
	problem.Livelock: "The deadline leads to an endless loop of transitions without an event.",
	problem.TooLarge: "With the consequences of the deadline, the case would exceed its maximum size.",
}

// holdDeadline lets a deadline have passed without what follows from it; its incident keeps it.
func (s *Service) holdDeadline(d *draft, event statechart.Event, code, cause string) {
	d.record.Snapshot = d.workflow.Chart.Disarm(d.record.Snapshot, event)
	d.entry.Cause = CauseIncident
	d.raise(Incident{ID: s.NewID("inc"), State: event.State, Visit: event.Visit, Event: event.Type, Error: code, Cause: cause, At: d.now})
}

// followReport applies the consequences of a report. If they cannot be applied, the report is held: it is neither
// counted nor visible to guards, its incident keeps it, and until a person has resolved that, later reports to the same
// work have no consequences, nor does the work end. Otherwise the workflow would continue as if the report had had its
// effect. then are the children whose reports wait behind it.
func (s *Service) followReport(d *draft, report childReport, then []string, follow func() error) (held bool, err error) {
	misfit, err := d.unless(follow)
	incident := Incident{
		ID: s.NewID("inc"), State: report.Parent.State, Visit: report.Parent.Visit, Event: statechart.ChildEvent(report.Parent.Work), Child: report.ID, Then: then, At: d.now,
	}
	switch {
	case problem.CodeOf(err) == problem.Livelock:
		incident.Error, incident.Cause = string(problem.Livelock), "The report of a child case leads to an endless loop of transitions without an event."
	case err != nil || misfit == nil:
		return false, err
	default:
		incident.Error, incident.Cause = IncidentMisfit, misfitCause(d.workflow, "With the consequences of a child's report", misfit)
	}
	d.entry.Cause = CauseIncident
	d.raise(incident)
	group, _ := d.group(report.Parent.Work)
	return true, d.setChild(report.Parent.Work, report.ID, group.Cases[report.ID].holding(report.Child))
}

// heldReport is the place of the incident that holds the reports to some work back; -1: none does.
func heldReport(incidents []Incident, parent Parent) int {
	return slices.IndexFunc(incidents, func(i Incident) bool {
		return i.Event == statechart.ChildEvent(parent.Work) && i.State == parent.State && i.Visit == parent.Visit
	})
}

// holdBehind has a child's report wait behind the one of an incident. A child that waits already is taken as it is known then.
func (d *draft) holdBehind(at int, child string) {
	incident := d.record.Incidents[at]
	if incident.Child == child || slices.Contains(incident.Then, child) {
		return
	}
	incident.Then = append(slices.Clone(incident.Then), child)
	d.record.Incidents = slices.Clone(d.record.Incidents)
	d.record.Incidents[at] = incident
	d.member(memberIncidents)
}

// childEvent is the event of a report.
func childEvent(report childReport) statechart.Event {
	return statechart.Event{Type: statechart.ChildEvent(report.Parent.Work), Optional: true, Payload: map[string]any{
		"case": report.ID, "workflow": report.Workflow, "index": float64(report.Index), "status": string(report.Status),
		"states": plainList(report.States), "tags": plainList(report.Tags), "outcome": report.Outcome,
	}}
}

// followUp has what an incident of a misfit keeps happen now.
func (s *Service) followUp(ctx context.Context, d *draft, incident Incident) error {
	if incident.Child != "" {
		return s.reportsAgain(ctx, d, incident)
	}
	event := statechart.Event{Type: incident.Event, State: incident.State, Visit: incident.Visit}
	d.record.Snapshot = d.workflow.Chart.Rearm(d.record.Snapshot, event, d.now)
	return s.step(d, event)
}

// reportsAgain applies the reports that an incident has held back, each child in its current state. The first one has to
// fit, because somebody requests it; another one that does not fit is held with those behind it. Once none is held the
// work may end.
func (s *Service) reportsAgain(ctx context.Context, d *draft, incident Incident) error {
	work := strings.TrimPrefix(incident.Event, statechart.ChildEvent(""))
	parent := Parent{State: incident.State, Visit: incident.Visit, Work: work}
	waiting := append([]string{incident.Child}, incident.Then...)
	for n, child := range waiting {
		group, _ := d.group(work)
		known, ok := group.Cases[child]
		if !ok || !d.knows(parent) || !d.stands(incident) {
			return nil // of a former visit, or what has followed from a report has left the state
		}
		report := childReport{ID: child, Parent: parent, Child: known.newest()}
		if invocation := d.invocation(group.State, work); invocation != nil {
			report.Workflow = invocation.Cases.Workflow
		}
		if n == 0 {
			if err := errors.Join(s.follow(ctx, d, report), d.fitting()); err != nil {
				return err
			}
			continue
		}
		if held, err := s.followReport(d, report, slices.Clone(waiting[n+1:]), func() error { return s.follow(ctx, d, report) }); err != nil || held {
			return err
		}
	}
	return s.doneByChildren(d, parent)
}

// misfitCause names the first places that do not fit, by the names in the workflow: other names may be data.
func misfitCause(wf *workflow.Workflow, when string, misfit *problem.Error) string {
	const shown = 5
	var places []string
	for _, f := range misfit.Fields {
		steps := strings.Split(strings.TrimPrefix(f.Location, "context."), ".")
		for len(steps) > 1 && !wf.Shape().Find(steps).Declared {
			steps = steps[:len(steps)-1]
		}
		place := "context." + strings.Join(steps, ".") + " (" + f.Code + ")"
		if !wf.Names(steps[0]) {
			place = "context (" + f.Code + ")"
		}
		if !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	more := ""
	if len(places) > shown {
		places, more = places[:shown], " and others"
	}
	return when + " the case's data would break the workflow's schema: " + strings.Join(places, ", ") + more + "."
}
