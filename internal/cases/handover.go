package cases

import (
	"context"
	"slices"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/statechart"
	"ballerine/internal/workflow"
)

// MaxAge is how long an execution lives at most: Step Functions ends one after a year.
const MaxAge = 300 * 24 * time.Hour

// MaxEvents is how many history events an execution may have before another takes over: Step Functions ends one at 25,000.
const MaxEvents = 12_000

// How many history events a commit brings at most: a wait that is parked and woken, a task and its Choices, for each
// region; and those of the Parallel itself.
const (
	eventsOfCommit = 12
	eventsOfRegion = 18
)

// maxCommits is how many changes of a case one execution may follow.
func maxCommits(wf *workflow.Workflow, events int) int {
	return max(1, events/(eventsOfCommit+eventsOfRegion*wf.Chart.MostRegions()))
}

// latest is when the execution must have handed over.
func (e ExecutionRef) latest() time.Time {
	if e.StartedAt.IsZero() {
		return time.Time{} // of a case from before executions recorded when they began: a year has 65 days of room
	}
	return e.StartedAt.Add(MaxAge)
}

// worn reports whether the execution is too old, or has followed too many changes, to go on. While work is being done it has
// half as many more: another execution would have it done again.
func (d *draft) worn(events int) bool {
	e, most := d.record.Execution, maxCommits(d.workflow, events)
	if d.record.Status != StatusActive {
		return false
	}
	if !e.StartedAt.IsZero() && !d.now.Before(e.latest()) {
		return true
	}
	followed := d.record.Version - e.Since
	return followed >= most && (followed >= most+most/2 || !d.working())
}

// working reports whether a task is at work, or is about to be.
func (d *draft) working() bool {
	return slices.ContainsFunc(d.workflow.Chart.Busy(d.record.Snapshot), func(b statechart.Doing) bool { return b.Status == statechart.WorkPending })
}

// handOver gives the case another execution, which begins where the record is. The waiting branches of the old one are
// notified; those that are working learn of it when they return.
func (d *draft) handOver() {
	for _, path := range sortedRegions(d.record.Parked) {
		park := d.record.Parked[path]
		d.effects = append(d.effects, d.wakeEffect(park.Token, statechart.HandedOver(park.region(path))))
	}
	d.record.Parked = nil
	d.record.Execution = ExecutionRef{
		Name: executionName(d.record.ID, d.record.Execution.Sequence+1), Sequence: d.record.Execution.Sequence + 1,
		StartedAt: d.now, Since: d.record.Version, Lost: d.lost,
	}
	d.effects = append(d.effects, d.startEffect())
}

// renew hands over when the execution has reached its maximum age: it is called after a wait has ended.
func (s *Service) renew(ctx context.Context, record Record) (Record, error) {
	latest := record.Execution.latest()
	if record.Status != StatusActive || latest.IsZero() || s.Now().Before(latest) {
		return record, nil
	}
	gone := record.Execution.Name
	return s.apply(ctx, record.Tenant, record.ID, Actor{Kind: string(identity.System), ID: "timer"}, func(d *draft) error {
		if d.unchanged = d.record.Status != StatusActive || d.record.Execution.Name != gone; !d.unchanged {
			d.entry.Cause = CauseReplaced
			d.detail("execution", gone)
			d.detail("reason", "age")
		}
		return nil
	})
}
