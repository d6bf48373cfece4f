package cases

import (
	"cmp"
	"math"
	"slices"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/ratelimit"
)

// Limit bounds how fast one kind of caller may add entries to a case's history, and how many altogether.
type Limit struct {
	Burst     int `json:"burst"`      // entries at once
	PerMinute int `json:"per_minute"` // entries afterwards
	Total     int `json:"total"`      // entries of one case
}

// Limits are those of an installation, for each case. What people of the back office do has none: they act under their names.
type Limits struct {
	Applicant Limit `json:"applicant"` // the sum of all flow tokens of a case, so that a new token cannot bypass it
	Client    Limit `json:"client"`    // the sum of all keys
}

// DefaultLimits are what people who fill in forms, and systems that send events for them, stay far below.
var DefaultLimits = Limits{
	Applicant: Limit{Burst: 60, PerMinute: 30, Total: 2000},
	Client:    Limit{Burst: 600, PerMinute: 600, Total: 20000},
}

// or replaces every number that is not positive by its default.
func (l Limit) or(other Limit) Limit {
	positive := func(a, b int) int { return cmp.Or(max(a, 0), b) }
	return Limit{positive(l.Burst, other.Burst), positive(l.PerMinute, other.PerMinute), positive(l.Total, other.Total)}
}

// Pace is how far a kind of caller has used its limit. It is kept in the record, so that it is counted with the entry that it
// is about, whichever process writes it.
type Pace struct {
	Total int       `json:"total"` // entries so far
	Until time.Time `json:"until"` // when a whole burst is available again
}

// afterTotal is how long a caller who has used up the total has to wait: only an action of somebody else helps.
const afterTotal = 24 * time.Hour

// unpaced are the causes that do not count: a case whose limit is used up can still be repaired, decided and ended.
var unpaced = []Cause{CauseDecision, CauseProposed, CauseUndone, CauseDocumentDecision, CauseDocumentUndone, CauseIncidentResolved, CauseMigrated, CauseCancelled}

// pace counts an entry of an applicant or a key. Errors: RateLimited with Details "retry_after_seconds".
func (d *draft) pace(limits Limits) error {
	kind := d.entry.Actor.Kind
	limit := map[string]Limit{string(identity.Applicant): limits.Applicant, string(identity.Client): limits.Client}[kind]
	if limit.Burst == 0 || d.quiet || slices.Contains(unpaced, d.entry.Cause) {
		return nil
	}
	used, wait := d.record.Paces[kind].take(limit, d.now)
	if wait > 0 {
		e := problem.New(problem.RateLimited, "The case accepts %d changes of such callers at once and %d per minute: wait a moment.", limit.Burst, limit.PerMinute)
		if used.Total >= limit.Total {
			e = problem.New(problem.RateLimited, "The case accepts no more changes of such callers: it has had %d.", limit.Total)
		}
		return e.Detail("retry_after_seconds", int(math.Ceil(wait.Seconds())))
	}
	paces := map[string]Pace{kind: used}
	for other, pace := range d.record.Paces {
		if other != kind {
			paces[other] = pace
		}
	}
	d.record.Paces = paces
	return nil
}

// take counts one more; wait is how long to wait first, and then nothing is counted.
func (p Pace) take(limit Limit, now time.Time) (used Pace, wait time.Duration) {
	if p.Total >= limit.Total {
		return p, afterTotal
	}
	until, grant := ratelimit.Spend(p.Until, now, ratelimit.Limit{Rate: float64(limit.PerMinute) / 60, Burst: limit.Burst}, 1)
	if grant.Taken == 0 {
		return p, grant.Wait
	}
	return Pace{Total: p.Total + 1, Until: until}, 0
}
