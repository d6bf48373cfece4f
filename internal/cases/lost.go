package cases

import (
	"context"
	"time"
)

// An execution that has gone is replaced by another one, which takes over from the record. Where each is gone at the next look
// (the machine was deleted, or fails as it begins), another one would not help: they are replaced after longer and longer
// pauses, and then the case waits for a person.
const (
	// mostLost is how many executions of a case are replaced in a row.
	mostLost = 6
	// lostPause is how long the second one in a row has lived at least when it is replaced; it doubles with each.
	lostPause = 2 * time.Minute
	// lasted is how long an execution lives that was not lost for the same reason as the one before it.
	lasted = 24 * time.Hour
)

// inARow is how many executions were lost in a row, with the present one if it is lost at the time: those since the case
// has last moved, and since one has last lived for long.
func (r Record) inARow(now time.Time) int {
	if r.StateSince.After(r.Execution.StartedAt) || now.Sub(r.Execution.StartedAt) >= lasted {
		return 1
	}
	return r.Execution.Lost + 1
}

// Replaceable reports whether the record's execution can be replaced now if it is lost: not during the pause after the
// previous replacement, and not while an incident of the case requires a person.
func (r Record) Replaceable(now time.Time) bool {
	if r.Status != StatusActive || r.lostForGood() {
		return false
	}
	before := r.inARow(now) - 1
	return before == 0 || !now.Before(r.Execution.StartedAt.Add(lostPause<<min(before-1, mostLost)))
}

func (r Record) lostForGood() bool {
	for _, i := range r.Incidents {
		if i.Error == IncidentLost {
			return true
		}
	}
	return false
}

// ReplaceExecution gives an active case a new execution, which continues from the record. gone names the one that was
// found to have ended: if it has been replaced meanwhile, nothing changes, nor if it is too soon (see
// Record.Replaceable). After mostLost in a row the case has an incident instead.
func (s *Service) ReplaceExecution(ctx context.Context, tenant, id, gone string) (Record, error) {
	return s.apply(ctx, tenant, id, system("sweep"), func(d *draft) error {
		if d.record.Execution.Name != gone || !d.record.Replaceable(d.now) {
			d.unchanged = true
			return nil
		}
		lost := d.record.inARow(d.now)
		d.detail("execution", gone)
		if lost > mostLost {
			d.entry.Cause = CauseIncident
			s.stateIncident(d, Incident{Error: IncidentLost, Cause: "The executions of the case end as soon as they have begun, or cannot be found.", Attempts: lost - 1})
			return nil
		}
		d.entry.Cause, d.lost = CauseReplaced, lost
		d.record.Parked = nil // no execution waits any longer
		return nil
	})
}
