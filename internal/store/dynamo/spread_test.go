package dynamo_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/store/dynamo"
	"ballerine/internal/store/dynamo/metered"
)

// What a partition of a table or an index takes each second.
const (
	partitionWrites = 1000
	partitionReads  = 3000
)

// TestOneTenantsCasesSpread commits what 300 new cases of one tenant write in a second, each with the commits of a whole KYC
// case, and looks at the partitions: none is written or read beyond what one can take.
func TestOneTenantsCasesSpread(t *testing.T) {
	database := metered.New()
	client := database.Client()
	tables := dynamo.Tables{Cases: "cases", Subjects: "subjects", Registry: "registry", Deliveries: "deliveries", Idempotency: "idempotency"}
	if err := dynamo.CreateTables(t.Context(), client, tables); err != nil {
		t.Fatal(err)
	}
	store := dynamo.New(client, tables).Cases()
	const perSecond, commits = 300, 11
	start := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	for n := range perSecond {
		r := cases.Record{
			Tenant: "busy", ID: fmt.Sprintf("case_01M8MDM7M9XA2NREHG%08d", n*7919), Status: cases.StatusActive, CreatedAt: start.Add(time.Duration(n) * 3 * time.Millisecond),
			Workflow: cases.WorkflowRef{ID: "kyc", Version: 1}, Subject: cases.SubjectRef{ID: fmt.Sprintf("subj_%06d", n)}, DueAt: start.Add(14 * 24 * time.Hour),
		}
		before := cases.Record{}
		for version := 1; version <= commits; version++ {
			r.Version, r.Revision, r.UpdatedAt = version, version, r.CreatedAt.Add(time.Duration(version)*83*time.Millisecond)
			r.Waiting = &cases.Waiting{For: cases.WaitsFor[version%2], Since: r.UpdatedAt}
			r.Tags = []string{fmt.Sprintf("step_%d", version/3)}
			if version == commits {
				r.Status, r.Waiting = "completed", nil
			}
			change := cases.Change{Revision: version - 1, Before: before, Next: r, Entry: cases.Entry{Version: version}}
			if version%3 == 1 {
				change.Effects = []cases.Effect{{Tenant: "busy", Case: r.ID, Version: version, Kind: cases.EffectPublish, At: r.UpdatedAt}}
			}
			if err := store.Commit(t.Context(), change); err != nil {
				t.Fatal(err)
			}
			if err := store.Delivered(t.Context(), change.Effects...); err != nil {
				t.Fatal(err)
			}
			before = r
		}
	}
	partitions := database.Writes
	var indexes []string
	for _, p := range slices.SortedFunc(maps.Keys(partitions), byName) {
		if units := partitions[p]; units.Write > partitionWrites {
			t.Errorf("%s %s has %.0f write units a second in one partition: %s", p.Table, p.Index, units.Write, p.Key)
		}
		if !slices.Contains(indexes, p.Index) {
			indexes = append(indexes, p.Index)
		}
	}
	for _, name := range []string{"created", "open", "waiting", "updated", "queue", "due"} {
		if !slices.Contains(indexes, name) {
			t.Errorf("nothing was written to %s", name)
		}
		most := 0.0
		for p, units := range partitions {
			if p.Index == name {
				most = max(most, units.Write)
			}
		}
		t.Logf("%s: at most %.0f write units a second in one partition", name, most)
	}
	for name, query := range map[string]cases.Query{
		"newest": {}, "changed": {Order: cases.LatestFirst}, "due": {Order: cases.SoonestFirst, Status: cases.StatusActive}, "longest": {Order: cases.LongestFirst, Status: cases.StatusActive},
	} {
		query.Limit = 50
		before := database.Units()
		if _, err := store.List(t.Context(), "busy", query); err != nil {
			t.Fatal(err)
		}
		reads := 0.0
		for line, units := range database.Units() {
			reads += units.Read - before[line].Read
		}
		t.Logf("a page of the list %s reads %.1f units", name, reads)
		if reads > partitionReads/40 {
			t.Errorf("a page of the list %s reads %.1f units", name, reads)
		}
	}
}

func byName(a, b metered.Partition) int {
	return cmp.Or(strings.Compare(a.Table, b.Table), strings.Compare(a.Index, b.Index), strings.Compare(a.Key, b.Key))
}
