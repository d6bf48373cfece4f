package embedded

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"ballerine/internal/cases"
	"ballerine/internal/webhook"
)

// TestAFormerFileWithUnreadableValuesIsOpened writes, of each kind that is moved or counted when a file of a former version is
// opened, one value that can be read and one that cannot.
func TestAFormerFileWithUnreadableValuesIsOpened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.db")
	db, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r := cases.Record{Tenant: "a", ID: "case_good", Workflow: cases.WorkflowRef{ID: "kyc", Version: 1}, Status: cases.StatusActive, Version: 1, Revision: 1, CreatedAt: at, UpdatedAt: at}
	if err := db.Cases().Commit(t.Context(), cases.Change{Next: r, Entry: cases.Entry{Version: 1, At: at}}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	text := func(value any) []byte {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	effect := cases.Effect{Tenant: "a", Case: "case_good", Version: 1, Number: 1, Kind: cases.EffectStart, At: at}
	failed := webhook.Delivery{Tenant: "a", ID: "whd_failed", Subscription: "wh_1", Status: webhook.Failed}
	pending := webhook.Delivery{Tenant: "a", ID: "whd_pending", Subscription: "wh_1", Status: webhook.Pending, NextAt: at}
	zeros := make([]byte, 300)
	former(t, path, map[string]map[string][]byte{
		bucketMeta:    {metaLists: []byte("0")},
		bucketRecords: {join("a", "case_bad"): zeros, join("a", "case_short"): {0, 0}},
		bucketEffects: {join(stamp(at), "a", "case_good", number(10, 1), number(4, 1)): text(effect), join(stamp(at), "a", "case_bad", number(10, 7), number(4, 2)): zeros},
		bucketDeliveries: {
			join("a", failed.ID): text(failed), join("a", pending.ID): text(pending), join("a", "whd_bad"): zeros,
		},
		bucketPendingByTime: {join(stamp(at), "a", pending.ID): {}, join(stamp(at), "a", "whd_bad"): {}, join(stamp(at), "a", "whd_gone"): {}},
	})
	if db, err = Open(path); err != nil {
		t.Fatal(err)
	}
	defer db.Close() // it was only read
	if counts, err := db.Cases().Counts(t.Context(), "a", cases.GroupOpen); err != nil || counts["open"] != 1 {
		t.Errorf("counters %v %v", counts, err)
	}
	if effects, err := db.Cases().Undelivered(t.Context(), at.Add(time.Hour), 10); err != nil || len(effects) != 2 ||
		effects[0].Kind != cases.EffectUnreadable || effects[0].Case != "case_bad" || effects[0].Version != 7 || effects[0].Number != 2 || effects[1].Case != "case_good" {
		t.Errorf("effects %+v %v", effects, err)
	}
	entries := map[string]int{}
	if err := db.View(func(tx *Tx) error {
		for _, bucket := range []string{bucketPending, bucketFailed, bucketEffects, bucketPendingByTime} {
			tx.Scan(bucket, "", "", func(string, []byte) bool { entries[bucket]++; return true })
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if entries[bucketPending] != 1 || entries[bucketFailed] != 1 || entries[bucketEffects]+entries[bucketPendingByTime] != 0 {
		t.Errorf("entries %v", entries)
	}
}

// former writes into a closed file what a former version would have.
func former(t *testing.T, path string, buckets map[string]map[string][]byte) {
	t.Helper()
	bolt, err := bbolt.Open(path, 0o600, fileOptions())
	if err != nil {
		t.Fatal(err)
	}
	err = bolt.Update(func(tx *bbolt.Tx) error {
		for name, values := range buckets {
			b, err := tx.CreateBucketIfNotExists([]byte(name))
			if err != nil {
				return err
			}
			for key, value := range values {
				if err := b.Put([]byte(key), value); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := bolt.Close(); err != nil {
		t.Fatal(err)
	}
}
