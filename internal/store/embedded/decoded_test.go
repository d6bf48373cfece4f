package embedded

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"ballerine/internal/cases"
)

func commitRecord(t *testing.T, db *DB, r cases.Record) {
	t.Helper()
	change := cases.Change{Revision: r.Revision - 1, Next: r, Entry: cases.Entry{Version: r.Version, At: r.UpdatedAt}}
	if err := db.Cases().Commit(t.Context(), change); err != nil {
		t.Fatal(err)
	}
}

func recordFor(n, version int, name string) cases.Record {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return cases.Record{
		Tenant: "a", ID: fmt.Sprintf("case_%05d", n), Workflow: cases.WorkflowRef{ID: "kyc", Version: 1}, Status: cases.StatusActive, Version: version, Revision: version,
		Context: map[string]any{"applicant": map[string]any{"name": name}}, Tags: []string{"one"}, CreatedAt: at, UpdatedAt: at,
	}
}

func readRecord(t *testing.T, db *DB, id string) cases.Record {
	t.Helper()
	r, err := db.Cases().Get(t.Context(), "a", id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWhoeverChangesWhatTheyReadChangesItForThemselves(t *testing.T) {
	db := openFile(t)
	commitRecord(t, db, recordFor(1, 1, "Ada"))
	want := readRecord(t, db, "case_00001")
	for range 3 { // the first that reads is as good as those that find it decoded
		got := readRecord(t, db, "case_00001")
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		applicant, _ := got.Context["applicant"].(map[string]any)
		applicant["name"], got.Context["more"], got.Tags[0] = "Eve", true, "two"
	}
}

func TestWhatIsReadIsWhatTheFileHas(t *testing.T) {
	db := openFile(t)
	commitRecord(t, db, recordFor(1, 1, "Ada"))
	for version := 2; version < 5; version++ {
		for range 2 {
			readRecord(t, db, "case_00001")
		}
		name := fmt.Sprint("Ada", version)
		commitRecord(t, db, recordFor(1, version, name))
		got := readRecord(t, db, "case_00001")
		if applicant, _ := got.Context["applicant"].(map[string]any); got.Version != version || applicant["name"] != name {
			t.Errorf("read %+v after version %d was written", got, version)
		}
	}
	key := join("a", "case_00001")
	err := db.Update(t.Context(), func(tx *Tx) error { // by somebody who passes the store by, at the same revision
		value := tx.Get(bucketRecords, key)
		changed := append([]byte{}, value...)
		copy(changed[headerSize:], `{"tenant":"b"`)
		tx.Put(bucketRecords, key, changed)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := readRecord(t, db, "case_00001"); got.Tenant != "b" {
		t.Errorf("read tenant %q, and the file has b", got.Tenant)
	}
}

func TestFewRecordsAreKeptAndNoneThatWasWrittenAnew(t *testing.T) {
	db := openFile(t)
	for n := range maxDecoded + 20 {
		commitRecord(t, db, recordFor(n, 1, "Ada"))
		readRecord(t, db, fmt.Sprintf("case_%05d", n))
	}
	if kept := db.decoded.kept.Len(); kept != maxDecoded {
		t.Errorf("%d records are kept, want %d", kept, maxDecoded)
	}
	newest := maxDecoded + 19
	key := join("a", fmt.Sprintf("case_%05d", newest))
	if _, there := db.decoded.kept.Get(key); !there {
		t.Fatal("the newest is not kept")
	}
	commitRecord(t, db, recordFor(newest, 2, "erased"))
	if kept, there := db.decoded.kept.Get(key); there {
		t.Errorf("what was there is still kept: %s", kept.text)
	}
}
