package embedded_test

import (
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

var day = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// filled is a file with cases in it, closed.
func filled(t *testing.T, number int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ballerine.db")
	db, err := embedded.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range number {
		put(t, db, n)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func put(t *testing.T, db *embedded.DB, n int) {
	t.Helper()
	r := cases.Record{Tenant: "a", ID: "case_" + strings.Repeat("x", n), Status: cases.StatusActive, Context: map[string]any{"text": strings.Repeat("y", 3000)}, Version: 1, Revision: 1, CreatedAt: day, UpdatedAt: day}
	if err := db.Cases().Commit(context.Background(), cases.Change{Next: r, Entry: cases.Entry{Version: 1, At: day}}); err != nil {
		t.Fatal(err)
	}
}

func TestAFileThatIsEmptyIsNotTakenForANewOne(t *testing.T) {
	path := filled(t, 3)
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	_, err := embedded.Open(path)
	if problem.CodeOf(err) != problem.Internal || !strings.Contains(err.Error(), "is empty") || !strings.Contains(err.Error(), "ballerine restore") {
		t.Errorf("%v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != 0 {
		t.Error("the file was changed")
	}
}

func TestFlippedBytesAreAnErrorAndNeverAPanic(t *testing.T) {
	path := filled(t, 60)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	used := min(len(whole), 400<<10) // the file is longer than what is used of it
	for at := 0; at < used; at += 11 << 10 {
		damaged := append([]byte(nil), whole...)
		for i := at; i < min(at+64, len(damaged)); i++ {
			damaged[i] ^= 0xa5
		}
		file := filepath.Join(t.TempDir(), "ballerine.db")
		if err := os.WriteFile(file, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := embedded.Open(file)
		if err != nil {
			if refused++; problem.CodeOf(err) != problem.Internal || !strings.Contains(err.Error(), "restore") {
				t.Errorf("at %d: %v", at, err)
			}
			continue
		}
		_, _ = db.Cases().Check() // whatever it finds
		_, _ = db.Cases().List(t.Context(), "a", cases.Query{Limit: 200})
		_ = db.Close()
	}
	if refused == 0 {
		t.Error("no damage was found at all")
	}
	for _, size := range []int{100, 4096, 8192, len(whole) / 2} {
		file := filepath.Join(t.TempDir(), "ballerine.db")
		if err := os.WriteFile(file, whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		if db, err := embedded.Open(file); err == nil {
			_, _ = db.Cases().List(t.Context(), "a", cases.Query{Limit: 200})
			_ = db.Close()
		} else if problem.CodeOf(err) != problem.Internal {
			t.Errorf("cut to %d: %v", size, err)
		}
	}
}

func TestSnapshotsAreMadeInTimeAndTheOldestGo(t *testing.T) {
	path := filled(t, 1)
	db, err := embedded.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() // the test is about its copies
	for n := range 12 {
		put(t, db, 10+n)
		if err := embedded.SnapshotAt(db, day.Add(time.Duration(n)*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := embedded.SnapshotAt(db, day.Add(time.Duration(n)*time.Hour+time.Minute)); err != nil { // too young
			t.Fatal(err)
		}
	}
	found := embedded.Snapshots(filepath.Dir(path))
	if len(found) != 8 || !found[7].At.Equal(day.Add(11*time.Hour)) {
		t.Fatalf("%d snapshots", len(found))
	}
	copied, err := embedded.Open(found[7].Path)
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close() // it was only read
	if page, err := copied.Cases().List(t.Context(), "a", cases.Query{Limit: 50}); err != nil || len(page.Records) != 13 {
		t.Errorf("%d cases in the newest, %v", len(page.Records), err)
	}
}
