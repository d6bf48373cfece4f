package embedded_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/store/embedded"
)

const page = 4096

// withLarge is a closed file with a case whose record has several pages.
func withLarge(t *testing.T) string {
	t.Helper()
	path := filled(t, 3)
	db, err := embedded.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	r := cases.Record{Tenant: "a", ID: "case_large", Status: cases.StatusActive, Context: map[string]any{"text": strings.Repeat("largeone", 8*page/8)}, Version: 1, Revision: 1, CreatedAt: day, UpdatedAt: day}
	if err := db.Cases().Commit(context.Background(), cases.Change{Next: r, Entry: cases.Entry{Version: 1, At: day}}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// erase makes a page of the large value zeros, wherever the file has the value, or had it.
func erase(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	number := 0
	for from := 0; ; number++ {
		first := bytes.Index(text[from:], []byte("largeonelargeone"))
		if first < 0 {
			break
		}
		at := ((from+first)/page + 2) * page
		clear(text[at : at+page])
		from = at + 7*page // behind the value
	}
	if number == 0 {
		t.Fatal("the record is not in the file as text")
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAPageOfZerosInALargeValueIsFound(t *testing.T) {
	path := withLarge(t)
	if found, err := embedded.Look(path, "", time.Hour); err != nil || found.Number() != 0 || found.Looked < 8 || found.Next != "" {
		t.Fatalf("before: %+v %v", found, err)
	}
	erase(t, path)
	found, err := embedded.Look(path, "", time.Hour)
	if err != nil || found.Number() != 1 || found.Values["records"] != 1 {
		t.Fatalf("%+v %v", found, err)
	}
	if text := found.Err().Error(); !strings.Contains(text, "records: 1") || strings.Contains(text, "case_large") {
		t.Errorf("%s", text)
	}
}

func TestALookThatHasNoTimeGoesOnLaterAndAround(t *testing.T) {
	path := withLarge(t)
	db, err := embedded.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"aa", "zz"} { // before and behind the record
		for n := range 3 {
			err := db.Update(t.Context(), func(tx *embedded.Tx) error {
				tx.Put(name, string(rune('a'+n)), bytes.Repeat([]byte("x"), 5<<20))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	all, err := embedded.Look(path, "", time.Hour)
	if err != nil || all.Next != "" {
		t.Fatalf("%+v %v", all, err)
	}
	erase(t, path)
	looked, number, from := 0, 0, ""
	for range 20 {
		found, err := embedded.Look(path, from, 0)
		if err != nil {
			t.Fatal(err)
		}
		before := from
		if looked, number, from = looked+found.Looked, number+found.Number(), found.Next; from <= before {
			break
		}
	}
	if looked < all.Looked || number != 1 {
		t.Errorf("looked at %d of %d values, %d unreadable", looked, all.Looked, number)
	}
	if found, err := embedded.Look(path, "zz\x00b", time.Hour); err != nil || found.Looked != all.Looked || found.Number() != 1 {
		t.Errorf("around: %+v %v", found, err)
	}
}

func TestASnapshotWithUnreadableValuesTakesNoOthersPlace(t *testing.T) {
	path := withLarge(t)
	folder := filepath.Dir(path)
	damaged := filepath.Join(folder, "snapshots", "with-damage.db")
	var whole []byte
	snapshot := func(hour int) error {
		t.Helper()
		db, err := embedded.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}()
		put(t, db, 20+hour)
		err = db.Update(t.Context(), func(tx *embedded.Tx) error {
			switch hour {
			case 0:
				whole = bytes.Clone(tx.Get("records", "a\x00case_large"))
			case 12:
				tx.Put("records", "a\x00case_large", whole)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return embedded.SnapshotAt(db, day.Add(time.Duration(hour)*time.Hour))
	}
	for hour := range 8 {
		if err := snapshot(hour); err != nil {
			t.Fatal(err)
		}
	}
	good := embedded.Snapshots(folder)
	erase(t, path)
	for hour := 8; hour < 12; hour++ {
		err := snapshot(hour)
		if problem.CodeOf(err) != problem.Internal || !strings.Contains(err.Error(), "records: 1") || !strings.Contains(err.Error(), good[7].Path) || strings.Contains(err.Error(), "case_large") {
			t.Fatalf("%v", err)
		}
	}
	if now := embedded.Snapshots(folder); len(now) != 8 || now[0] != good[0] || now[7] != good[7] {
		t.Errorf("a good snapshot is gone: %v", now)
	}
	if found, err := embedded.Look(damaged, "", time.Hour); err != nil || found.Number() != 1 {
		t.Errorf("what there is: %+v %v", found, err)
	}
	if err := snapshot(12); err != nil {
		t.Fatal(err)
	}
	if now := embedded.Snapshots(folder); len(now) != 8 || now[0] == good[0] {
		t.Errorf("snapshots do not go on: %v", now)
	}
	if _, err := os.Stat(damaged); !os.IsNotExist(err) {
		t.Error("the damaged one is still there")
	}
}
