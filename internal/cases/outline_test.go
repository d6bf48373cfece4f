package cases_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/cases"
	"ballerine/internal/statechart"
)

// TestOutlinesLoseNoCaseOfAList is the law that stores filter by: what passes the query passes by its outline, too.
func TestOutlinesLoseNoCaseOfAList(t *testing.T) {
	answered := []string{"Text", "ExternalID", "Terms", "Limit", "After"} // the record answers these, or they filter nothing
	for n, member := range reflect.VisibleFields(reflect.TypeFor[cases.Query]()) {
		if !slices.Contains(answered, member.Name) {
			t.Run(member.Name, func(t *testing.T) { checkOutlines(t, n) })
		}
	}
}

// checkOutlines checks lists that are filtered by one member of a query, and by up to two others: by all, hardly a case passes.
func checkOutlines(t *testing.T, member int) {
	asked := false
	start := time.Date(2026, 6, 1, 12, 0, 0, 123_456, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		pick := func(name string, from ...string) string { return rapid.SampledFrom(from).Draw(t, name) }
		at := func(name string) time.Time {
			return start.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, name)) * time.Hour)
		}
		r := cases.Record{
			Workflow: cases.WorkflowRef{ID: pick("workflow", "kyc", "kyb")}, Status: cases.Status(pick("status", "active", "completed")), Assignee: pick("assignee", "", "user_1"),
			Subject: cases.SubjectRef{ID: pick("subject", "subj_1", "subj_2")}, Tags: rapid.SliceOfN(rapid.SampledFrom([]string{cases.TagReview, "other"}), 0, 2).Draw(t, "tags"),
			CreatedAt: at("created"), UpdatedAt: at("updated"),
			Snapshot: statechart.Snapshot{Active: []statechart.Activation{{State: pick("state", "collect", "review")}}},
		}
		if rapid.Bool().Draw(t, "deadline") {
			r.DueAt = at("due")
		}
		if rapid.Bool().Draw(t, "sla") {
			r.SLA = &cases.SLA{DueAt: at("sla due")}
		}
		if rapid.Bool().Draw(t, "rated") {
			r.Risk = &cases.Risk{Severity: pick("rating", "", "low", "high")}
		}
		if rapid.Bool().Draw(t, "proposed") {
			r.Proposed = &cases.Proposal{Event: "approve", Reason: "plausible"}
		}
		if rapid.Bool().Draw(t, "escalated") {
			r.Escalation = &cases.Escalation{Reason: "unclear"}
		}
		if rapid.Bool().Draw(t, "snoozed") {
			r.Snooze = &cases.Snooze{Until: at("snoozed until")}
		}
		if r.Status != cases.StatusActive {
			r.Outcome = pick("outcome", "approved", "rejected")
		}
		if rapid.Bool().Draw(t, "child") {
			r.Parent = &cases.Parent{Case: "case_p"}
		}
		if rapid.Bool().Draw(t, "failed") {
			r.Incidents = []cases.Incident{{ID: "inc_1"}}
		}
		if rapid.Bool().Draw(t, "waits") {
			r.Waiting = &cases.Waiting{For: cases.WaitsFor[rapid.IntRange(0, 1).Draw(t, "for")], Work: pick("work", "", "w"), Since: at("since")}
		}
		q := cases.Query{
			Workflow: pick("q.workflow", "", "kyc"), State: pick("q.state", "", "review"),
			Tags: rapid.SliceOfN(rapid.SampledFrom([]string{cases.TagReview, "other"}), 0, 2).Draw(t, "q.tags"), Status: cases.Status(pick("q.status", "", "active")),
			Assignee: pick("q.assignee", "", "none", "user_1"), Subject: pick("q.subject", "", "subj_1"), Parent: pick("q.parent", "", "case_p"),
			Severities: rapid.SliceOfN(rapid.SampledFrom([]string{"none", "low", "high"}), 0, 2).Draw(t, "q.severities"),
			Outcome:    pick("q.outcome", "", "approved"), SecondPerson: rapid.Bool().Draw(t, "q.second"), Escalated: rapid.Bool().Draw(t, "q.escalated"),
			Incident: rapid.Bool().Draw(t, "q.incident"), WaitingFor: pick("q.waiting", "", cases.WaitsFor[0]), WaitingWork: pick("q.work", "", "w"),
			Order: cases.Order(pick("order", "", string(cases.LongestFirst), string(cases.SoonestFirst))),
		}
		for _, limit := range []*time.Time{&q.Snoozed, &q.Awake, &q.DueBefore, &q.Overdue, &q.WaitingBefore, &q.CreatedAfter, &q.CreatedBefore, &q.UpdatedAfter} {
			if rapid.Bool().Draw(t, "limit") {
				*limit = at("q.time")
			}
		}
		members := reflect.ValueOf(&q).Elem()
		keep := append(rapid.SliceOfN(rapid.IntRange(0, members.NumField()-1), 0, 2).Draw(t, "others"), member)
		for n := range members.NumField() {
			if !slices.Contains(keep, n) {
				members.Field(n).SetZero()
			}
		}
		asked = asked || !members.Field(member).IsZero()
		text, err := json.Marshal(r.Outline())
		if err != nil {
			t.Fatal(err)
		}
		var read cases.Outline
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		if q.Matches(r) && !q.MayMatch(read) {
			t.Fatalf("%+v passes %+v, and its outline %s does not", r, q, text)
		}
		q.CreatedAfter, q.CreatedBefore, q.UpdatedAfter = time.Time{}, time.Time{}, time.Time{}
		if q.MayMatch(read) != q.Matches(r) {
			t.Fatalf("%+v: the outline %s knows too little for %+v", r, text, q)
		}
	})
	if !asked {
		t.Error("no query of this test filters by this member: add it, so that the outline has to carry what it needs")
	}
}
