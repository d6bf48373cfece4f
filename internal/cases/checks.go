package cases

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ballerine/internal/statechart"
	"ballerine/internal/workflow"
)

// CheckStatus states how far a check is that a decision relies on.
type CheckStatus string

// Only what has answered can be relied on.
const (
	CheckAnswered CheckStatus = "answered"
	CheckRunning  CheckStatus = "running" // its answer is still to come
	CheckFailed   CheckStatus = "failed"  // it has failed for good: the workflow went on without it, or an incident is open
	CheckMissing  CheckStatus = "missing" // it was never asked, or its answer was taken away
	CheckStale    CheckStatus = "stale"   // it has answered about data that has changed since
)

// Check is work whose answer a decision about the case relies on.
type Check struct {
	Work   string      `json:"work"`
	Source string      `json:"source"` // vendor | rules | document | screening
	Name   string      `json:"name"`   // the plugin or the policy; "" for documents and screening
	Status CheckStatus `json:"status" enum:"answered,running,failed,missing,stale"`
}

// Hit is a possible match reported by a vendor or found in a watch list: before the case is approved, a person decides whether it is a match.
type Hit struct {
	ID    string         `json:"id"` // its place in the context: "sanctions.hits[0]"
	Work  string         `json:"work"`
	Value map[string]any `json:"value"` // as the vendor has reported it; personal data

	// FormerSince is when the answer that the hit is part of stopped being valid: the work was requested again and has not
	// answered yet.
	FormerSince time.Time `json:"former_since,omitzero" doc:"when the work was requested again; until it answers, the earlier answer is not valid"`
	// Cleared marks a hit that needs no answer: it was answered for this subject before, and nothing has changed since.
	Cleared bool `json:"cleared,omitempty" doc:"answered before for this subject, with nothing changed since: it requires no answer, and can be answered again"`
}

// checksOf are the checks that a decision about the case relies on, in the definition's order.
func checksOf(wf *workflow.Workflow, r Record) []Check {
	checks := []Check{}
	for _, id := range wf.ChecksBefore(activeStates(r.Snapshot)) {
		work, ok := wf.Work(id)
		if ok {
			checks = append(checks, Check{Work: id, Source: work.Source, Name: work.Name, Status: checkStatus(r, id)})
		}
	}
	return checks
}

func checkStatus(r Record, id string) CheckStatus {
	if slices.ContainsFunc(r.Incidents, func(i Incident) bool { return i.Work == id }) {
		return CheckFailed
	}
	for _, active := range r.Snapshot.Active {
		for _, work := range active.Work {
			if work.ID == id && (work.Status == statechart.WorkPending || work.Status == statechart.WorkAwaiting) {
				return CheckRunning
			}
		}
	}
	if read, found := r.Reads[id]; found && read.Digest == "" {
		return CheckFailed // it was asked, and has never answered or not this time
	}
	switch answer := r.Context[id].(type) {
	case nil:
		return CheckMissing
	case map[string]any:
		if _, failed := answer["error"]; failed && len(answer) <= 2 {
			return CheckFailed // what the workflow keeps of work without which it has gone on
		}
	}
	if slices.Contains(r.Stale, id) {
		return CheckStale
	}
	return CheckAnswered
}

func activeStates(s statechart.Snapshot) []string {
	paths := make([]string, len(s.Active))
	for i, active := range s.Active {
		paths[i] = active.State
	}
	return paths
}

// hitsOf are the possible matches of a case, in the order of the definition and of the vendors' answers, and then those of
// former answers.
func hitsOf(wf *workflow.Workflow, r Record) []Hit {
	hits := []Hit{}
	for _, path := range wf.HitPaths() {
		found, _ := workflow.ValueAt(r.Context, path).([]any)
		for i, one := range found {
			work, _, _ := strings.Cut(path, ".")
			hits = append(hits, Hit{ID: fmt.Sprintf("%s[%d]", path, i), Work: work, Value: hitValue(one)})
		}
	}
	return append(hits, formerHits(wf, r)...)
}

// hitValue is what a vendor has reported of a possible match, as an object.
func hitValue(one any) map[string]any {
	if value, ok := one.(map[string]any); ok {
		return value
	}
	return map[string]any{"value": one}
}
