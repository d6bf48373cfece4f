package embedded

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"ballerine/internal/cases"
)

// TestAFileFromBeforeTheListsGetsThemWhenItIsOpened makes more records than one transaction goes through.
func TestAFileFromBeforeTheListsGetsThemWhenItIsOpened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.db")
	db, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	const number = atOnce + 150
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for n := range number {
		r := cases.Record{Tenant: "a", ID: fmt.Sprintf("case_%05d", n), Workflow: cases.WorkflowRef{ID: "kyc", Version: 1}, Status: cases.StatusActive, Version: 1, Revision: 1, CreatedAt: start.Add(time.Duration(n) * time.Minute), UpdatedAt: start}
		if n%3 == 0 {
			r.Assignee = "user_1"
		}
		writes, _, err := encode(cases.Change{Next: r, Entry: cases.Entry{Version: 1}})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.UpdateLater(context.Background(), func(tx *Tx) error { // as programs before the lists have written it
			headerOf(r).index(r.Tenant, r.ID, func(bucket, key string) { tx.Put(bucket, key, []byte{}) })
			for _, w := range writes {
				tx.Put(w.bucket, w.key, w.value)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Update(context.Background(), func(tx *Tx) error { tx.Delete(bucketMeta, metaLists); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time nothing is counted twice
		if db, err = Open(path); err != nil {
			t.Fatal(err)
		}
		counts, err := db.Cases().Counts(context.Background(), "a", cases.GroupOpen)
		want := map[string]int{"open": number, "workflow/kyc": number, "risk/none": number, "assignee/user_1": (number + 2) / 3, "unassigned": number - (number+2)/3}
		if err != nil || !maps.Equal(counts, want) {
			t.Errorf("counters %v (%v), want %v", counts, err, want)
		}
		days, err := db.Cases().Counts(context.Background(), "a", cases.GroupDay(start))
		if err != nil || days["started"] != 24*60 {
			t.Errorf("started on the first day: %v %v", days, err)
		}
		page, err := db.Cases().List(context.Background(), "a", cases.Query{Assignee: "user_1", Status: cases.StatusActive, Limit: 5})
		if err != nil || len(page.Records) != 5 || page.Records[0].ID != "case_02148" {
			t.Errorf("list: %v", err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestANewFileIsMarkedSoThatNothingIsRebuilt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new.db")
	db, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	err = db.bolt.View(func(tx *bbolt.Tx) error {
		if got := string(tx.Bucket([]byte(bucketMeta)).Get([]byte(metaLists))); got != listsKnown {
			t.Errorf("marker %q", got)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
