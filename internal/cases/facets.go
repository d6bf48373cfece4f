package cases

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"ballerine/internal/statechart"
)

// GroupOpen is the group of counters of open cases: "open", "to_decide", "unassigned", "assignee/<user>",
// "snoozed/<user>" (those of the user that were snoozed, until they move on), "workflow/<id>", "state/<workflow>/<path>", "risk/<severity>", "waiting/<party>", "incident", "escalated".
const GroupOpen = "open"

// GroupDay is the group of counters of a day in UTC: "started", "completed/<outcome>", "decided", and "took/<bucket>",
// how long people took to decide (see tookBucket).
func GroupDay(at time.Time) string { return "day/" + at.UTC().Format(time.DateOnly) }

// TagReview is the tag of states in which a person has to decide.
const TagReview = statechart.TagReview

// facets are the counters of GroupOpen that a case is part of. A store's lists are indexed by the same.
func facets(r Record) []string {
	if r.Status != StatusActive || r.ID == "" {
		return nil
	}
	names := []string{"open", "workflow/" + r.Workflow.ID, "risk/" + severityOf(r)}
	if slices.Contains(r.Tags, TagReview) {
		names = append(names, "to_decide")
	}
	if r.Assignee == "" {
		names = append(names, "unassigned")
	} else {
		names = append(names, "assignee/"+r.Assignee)
		if r.Snooze != nil {
			names = append(names, "snoozed/"+r.Assignee)
		}
	}
	if len(r.Incidents) > 0 {
		names = append(names, "incident")
	}
	if r.Escalation != nil {
		names = append(names, "escalated")
	}
	if r.Waiting != nil {
		names = append(names, "waiting/"+r.Waiting.For)
	}
	for _, state := range leaves(r.Snapshot) {
		names = append(names, "state/"+r.Workflow.ID+"/"+state)
	}
	return names
}

// leaves are the active states that no other active state is inside of.
func leaves(snapshot statechart.Snapshot) []string {
	var found []string
	for _, a := range snapshot.Active {
		inner := slices.ContainsFunc(snapshot.Active, func(b statechart.Activation) bool { return strings.HasPrefix(b.State, a.State+".") })
		if a.State != "" && !inner {
			found = append(found, a.State)
		}
	}
	return found
}

// count fills in what a commit adds to the counters.
func (d *draft) count() Counts {
	counts := Counts{}
	for _, name := range facets(d.old) {
		counts.add(GroupOpen, name, -1)
	}
	for _, name := range facets(d.record) {
		counts.add(GroupOpen, name, 1)
	}
	for _, run := range d.runs {
		counts.merge(RunCounts(run))
	}
	today := GroupDay(d.now)
	if d.creating {
		counts.add(today, "started", 1)
	}
	if d.was == StatusActive && d.record.Status == StatusCompleted {
		counts.add(today, "completed/"+d.record.Outcome, 1)
	}
	if d.entry.Cause == CauseDecision {
		counts.add(today, "decided", 1)
		if !d.old.ReviewSince.IsZero() {
			counts.add(today, took(d.now.Sub(d.old.ReviewSince)), 1)
		}
	}
	if u := d.undone; u != nil { // as if the decision had never been
		day := GroupDay(u.At)
		counts.add(day, "decided", -1)
		if !u.Before.ReviewSince.IsZero() {
			counts.add(day, took(u.At.Sub(u.Before.ReviewSince)), -1)
		}
		if d.old.Status == StatusCompleted {
			counts.add(day, "completed/"+d.old.Outcome, -1)
		}
	}
	return counts
}

// perOctave is how finely durations are counted: neighbouring buckets differ by a twelfth.
const perOctave = 8

func took(duration time.Duration) string { return "took/" + strconv.Itoa(tookBucket(duration)) }

// tookBucket is the bucket of a duration: buckets grow by the eighth root of two.
func tookBucket(duration time.Duration) int {
	return int(math.Floor(perOctave * math.Log2(1+max(0, duration.Seconds()))))
}

// TookSeconds is the middle of a bucket.
func TookSeconds(bucket int) float64 {
	return math.Exp2((float64(bucket)+0.5)/perOctave) - 1
}

// clocks brings the clocks of a record to where the change has taken it.
func (d *draft) clocks() {
	r := &d.record
	if d.undone != nil {
		return // they were put back
	}
	if d.creating || !slices.Equal(d.entry.From, d.entry.To) {
		r.StateSince = d.now
	}
	inReview := r.Status == StatusActive && slices.Contains(r.Tags, TagReview)
	switch {
	case !inReview:
		r.ReviewSince = time.Time{}
	case r.ReviewSince.IsZero():
		r.ReviewSince = d.now
	}
	r.SLA = d.sla(inReview)
}

// sla is the clock after the change.
func (d *draft) sla(inReview bool) *SLA {
	if d.record.Status != StatusActive {
		return nil
	}
	for _, a := range slices.Backward(d.record.Snapshot.Active) { // the innermost state takes precedence
		limit, ok := d.workflow.SLA(a.State)
		if !ok {
			continue
		}
		if c := d.record.SLA; c != nil && c.State == a.State && c.Visit == a.Visit {
			return c
		}
		return &SLA{State: a.State, Visit: a.Visit, StartedAt: d.now, DueAt: limit.After(d.now)}
	}
	if inReview {
		return d.record.SLA
	}
	return nil
}
