package cases

import (
	"slices"
	"strings"
	"time"

	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/workflow"
)

// Waiting states for whom an open case waits.
type Waiting struct {
	For   string    `json:"for" enum:"operator,vendor,children,system,reviewer,applicant,client,timer"`
	Work  string    `json:"work,omitempty"` // the work that is waited for: of an operator, a vendor, child cases or the system
	Since time.Time `json:"since"`          // operator: since it failed; else since the case has waited for them, where it is
	Until time.Time `json:"until,omitzero"` // when the wait ends automatically, or is reported
}

// Parties that a case can wait for.
const (
	waitsForOperator  = "operator"  // an incident is open
	waitsForVendor    = "vendor"    // has accepted a request and will call back, or has asked for time
	waitsForChildren  = "children"  // cases that this one has started
	waitsForSystem    = "system"    // its own work is under way
	waitsForReviewer  = "reviewer"  // and the audiences of its events
	waitsForApplicant = "applicant" //
	waitsForClient    = "client"    //
	waitsForTimer     = "timer"     // nobody: only time moves it
)

// WaitsFor are the parties that a case can wait for, sorted.
var WaitsFor = []string{
	waitsForApplicant, waitsForChildren, waitsForClient, waitsForOperator, waitsForReviewer, waitsForSystem, waitsForTimer, waitsForVendor,
}

// ParseWaitsFor reads whom listed cases wait for: a party, or a party and its work ("vendor/identity"). Errors: Invalid.
func ParseWaitsFor(text string) (party, work string, err error) {
	party, work, named := strings.Cut(text, "/")
	if !slices.Contains(WaitsFor, party) || named && work == "" {
		return "", "", problem.New(problem.Invalid, "The filter is not valid.").With("query.waiting_for", "enum", "expected one of %s, or with the work that the case waits for: vendor/<work>", strings.Join(WaitsFor, ", "))
	}
	return party, work, nil
}

// waits records for whom the case waits after the change. If it already waited for them, the start of the wait is kept
// as long as the case stays where it is.
func (d *draft) waits() {
	now := waitingOf(d.workflow, d.record)
	before := d.old.Waiting
	switch {
	case now == nil || now.For == waitsForOperator || d.undone != nil || d.creating || before == nil:
	case before.For != now.For || before.Work != now.Work:
		now.Since = d.now
	case slices.Equal(d.entry.From, d.entry.To):
		now.Since = before.Since
	}
	d.record.Waiting = now
}

// waitingOf states for whom a case waits; nil if it has ended. If it waits for several at once, the first of these is
// returned: somebody who repairs, a vendor, child cases, its own work, a person who decides, the applicant, the client.
func waitingOf(wf *workflow.Workflow, r Record) *Waiting {
	if r.Status != StatusActive {
		return nil
	}
	if len(r.Incidents) > 0 {
		first := r.Incidents[0]
		return &Waiting{For: waitsForOperator, Work: first.Work, Since: first.At}
	}
	waiting := &Waiting{For: waitsForSystem, Since: r.StateSince, Until: deadline(r)}
	turn := wf.Chart.Turn(r.Snapshot)
	switch work, doing := underWay(wf, r.Snapshot); {
	case doing != "":
		waiting.For, waiting.Work = doing, work.ID
		if !work.Until.IsZero() {
			waiting.Until = work.Until
		}
	case turn&statechart.People != 0:
		waiting.For = waitsForReviewer
	case turn&statechart.Applicant != 0:
		waiting.For = waitsForApplicant
	case turn&statechart.Client != 0:
		waiting.For = waitsForClient
	case !wf.Chart.Deadline(r.Snapshot).IsZero():
		waiting.For = waitsForTimer
	}
	return waiting
}

// underWay is work that has not ended, a vendor's before that of child cases, and both before the system's own; "": there is
// none.
func underWay(wf *workflow.Workflow, s statechart.Snapshot) (found statechart.Work, doing string) {
	rank := []string{"", waitsForSystem, waitsForChildren, waitsForVendor}
	for _, active := range s.Active {
		for _, work := range active.Work {
			if kind := workFor(wf, active.State, work); slices.Index(rank, kind) > slices.Index(rank, doing) {
				found, doing = work, kind
			}
		}
	}
	return found, doing
}

// workFor is whose a piece of work is that has not ended; "": it has.
func workFor(wf *workflow.Workflow, state string, work statechart.Work) string {
	switch work.Status {
	case statechart.WorkPending:
		return waitsForSystem
	case statechart.WorkAwaiting:
		if made, ok := wf.Invocation(state, work.ID); ok && made.Source == "children" {
			return waitsForChildren
		}
		return waitsForVendor
	}
	return ""
}
