package cases

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"

	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

// commit counts the versions up, seals the history entry, adds what follows from the change, and writes it all.
func (s *Service) commit(ctx context.Context, d *draft) (Record, error) {
	revision := d.record.Revision
	d.record.Version++
	d.record.Revision++
	d.record.UpdatedAt = d.now
	d.record.Tags = d.workflow.Chart.Tags(d.record.Snapshot)
	d.entry.Version = d.record.Version
	d.entry.To = d.workflow.Chart.Configuration(d.record.Snapshot)
	d.judge()
	d.keepHits()
	d.keepTwoPeople()
	d.clocks()
	d.leaveDesk()
	s.stuck(d)
	d.follow(s.MaxEvents)
	d.record.DueAt = s.dueAt(d)
	d.waits()
	d.groupEffects()
	s.index(d)
	if changes := d.fieldChanges(); len(changes) > 0 && !d.creating {
		d.detail("changes", changes)
	}
	if d.hold > 0 {
		d.holdBack(d.hold)
	} else if !d.entry.Cause.keeps() && !d.quiet {
		d.record.Undo = nil
	}
	d.settleDocuments()
	notices := d.noticesOf()
	if d.hold > 0 {
		d.record.Undo.Notices = d.people
	}
	d.withdraw()
	for i := range d.effects {
		e := &d.effects[i]
		e.Tenant, e.Case, e.Version, e.Number, e.At = d.record.Tenant, d.record.ID, d.record.Version, i, d.now
	}
	publications := d.publications()
	if d.hold > 0 {
		d.record.Undo.Publications = len(publications)
	}
	if err := s.seal(d); err != nil {
		return Record{}, err
	}
	err := s.Store.Commit(ctx, Change{
		Revision: revision, Before: d.old, Next: d.record.slim(), Entry: d.entry, Effects: d.effects, Dropped: d.dropped, Buried: d.buried, Replayed: d.replayed, Discarded: d.discarded,
		Publications: publications, Retracted: d.retracted, Notes: d.notes, Results: d.results, TaskRuns: d.runs, Subject: d.subject, Supersedes: d.former, Counts: d.count(), Notices: notices, Fresh: s.fresh(d, publications),
	})
	if err = s.settle(ctx, d, err); err != nil {
		return Record{}, err
	}
	s.count(d)
	return d.record, nil
}

// fresh is called by the store: see Change.
func (s *Service) fresh(d *draft, publications []Publication) func() error {
	if len(publications)+len(d.retracted) == 0 {
		return nil
	}
	return func() error {
		if s.Now().Sub(d.now) > DraftTime {
			return problem.New(problem.Conflict, "The change took too long to prepare.")
		}
		return nil
	}
}

// follow adds the effects that every change has: the execution is started, woken or stopped, subscribers are notified.
func (d *draft) follow(maxEvents int) {
	if d.quiet {
		return // a dead letter that wrote another effect for each that is buried would never end
	}
	if d.undone != nil {
		return // the execution and the subscribers do not know of what is taken back
	}
	d.dropIncidents()
	d.followExecution(maxEvents)
	from, to := d.entry.From, d.entry.To
	if d.creating {
		d.publish("case.created", d.summary())
	}
	for _, t := range d.notices {
		data := d.summary()
		maps.Copy(data, t.extra)
		d.publish(t.kind, data)
	}
	if !d.creating && !slices.Equal(from, to) {
		data := d.summary()
		data["from"], data["to"] = from, to
		d.publish("case.state_changed", data)
	}
	kept := d.record.Status == StatusCompleted && rescreensOf(d.workflow) != nil
	if d.was == StatusActive && d.record.Status != StatusActive && (kept || d.record.NewHits != nil) {
		d.effects = append(d.effects, Effect{Kind: EffectWatch})
	}
	if d.was == StatusActive && d.record.Status != StatusActive {
		d.publish("case."+string(d.record.Status), d.summary())
	}
	d.report()
}

// dropIncidents removes the incidents of states that have been left: nobody can retry them any longer. Those of the
// outbox stay until somebody has replayed or discarded the dead letter.
func (d *draft) dropIncidents() {
	left := slices.DeleteFunc(slices.Clone(d.record.Incidents), func(i Incident) bool {
		if i.Effect != "" {
			return false
		}
		return d.record.Status != StatusActive || !d.stands(i)
	})
	if len(left) == len(d.record.Incidents) {
		return
	}
	var ids []any
	for _, i := range d.record.Incidents {
		if !slices.ContainsFunc(left, func(l Incident) bool { return l.ID == i.ID }) {
			ids = append(ids, i.ID)
		}
	}
	d.detail("incidents_left", ids) // so that one can find what ended an incident
	if d.record.Incidents = left; len(left) == 0 {
		d.record.Incidents = nil
	}
	d.member(memberIncidents)
}

// followExecution hands over to another execution when it is time, else it wakes every branch of the execution whose
// region is no longer where it waits.
func (d *draft) followExecution(maxEvents int) {
	if d.creating {
		if !d.record.Execution.Express {
			d.effects = append(d.effects, d.startEffect())
		}
		return
	}
	undoable := d.hold > 0 || d.record.Undo != nil && d.entry.Cause.keeps() // the execution may be called back
	if d.another || d.entry.Cause == CauseReplaced || d.entry.Cause == CauseMigrated || !undoable && d.worn(maxEvents) {
		d.handOver()
		return
	}
	for _, region := range sortedRegions(d.record.Parked) {
		park := d.record.Parked[region]
		position := d.workflow.Chart.PositionIn(d.record.Snapshot, park.region(region))
		if park.Position.Same(position) && d.record.Status == StatusActive {
			continue
		}
		d.record.Parked = without(d.record.Parked, region)
		if d.record.Status == StatusCancelled {
			continue // it is stopped instead
		}
		d.effects = append(d.effects, d.wakeEffect(park.Token, position))
	}
}

func (d *draft) wakeEffect(token string, position statechart.Position) Effect {
	return Effect{Kind: EffectWake, Name: d.record.Execution.Name, Token: token, Position: position, Latest: d.record.Execution.latest()}
}

// startEffect starts an execution where the record is.
func (d *draft) startEffect() Effect {
	return Effect{Kind: EffectStart, Name: d.record.Execution.Name, Machine: d.record.Workflow, Position: d.workflow.Chart.Position(d.record.Snapshot), Latest: d.record.Execution.latest()}
}

func (d *draft) summary() map[string]any {
	data := map[string]any{
		"case": d.record.ID, "workflow": d.record.Workflow.ID, "workflow_version": d.record.Workflow.Version,
		"status": string(d.record.Status), "version": d.record.Version, "configuration": d.entry.To,
	}
	if d.record.ExternalID != "" {
		data["external_id"] = d.record.ExternalID
	}
	if d.record.Outcome != "" {
		data["outcome"] = d.record.Outcome
	}
	if d.record.Parent != nil {
		data["parent"] = d.record.Parent.Case
	}
	return data
}

// index brings up to date what the record is found by.
func (s *Service) index(d *draft) {
	if len(s.SearchKey) == 0 {
		return
	}
	skip := d.workflow.Owned() // what work has written is not searched
	searched := func(name string) bool { return !slices.Contains(skip, name) }
	if d.creating || slices.Contains(d.members, memberDocuments) || slices.ContainsFunc(d.fields, searched) {
		d.record.Traits = newHasher(s.SearchKey, d.record.Tenant).traits(d)
		d.record.Terms = terms(s.SearchKey, d.record.Tenant, searchWords(d.record, skip), maxTerms-len(d.record.Traits))
		if d.record.ExternalID != "" {
			d.record.Terms = append(d.record.Terms, externalTerm(s.SearchKey, d.record.Tenant, d.record.ExternalID))
			slices.Sort(d.record.Terms)
		}
	}
}

func (s *Service) count(d *draft) {
	s.Metrics.Count("case_events_total", "workflow", d.record.Workflow.ID, "cause", string(d.entry.Cause))
	if d.creating {
		s.Metrics.Count("cases_started_total", "workflow", d.record.Workflow.ID)
	}
	for _, incident := range d.record.Incidents {
		if !slices.ContainsFunc(d.old.Incidents, func(i Incident) bool { return i.ID == incident.ID }) {
			s.Metrics.Count("case_incidents_total") // without dimensions: an alarm watches it
		}
	}
}

func (s *Service) salt() (string, error) {
	raw := make([]byte, 16)
	if _, err := io.ReadFull(s.Random, raw); err != nil {
		return "", fmt.Errorf("read random salt: %w", err)
	}
	return hex.EncodeToString(raw), nil
}
