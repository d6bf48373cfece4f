package backup_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/local/backup"
	"ballerine/internal/problem"
	"ballerine/internal/store/embedded"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func put(t *testing.T, db *embedded.DB, id string) {
	t.Helper()
	r := cases.Record{Tenant: "a", ID: id, Status: cases.StatusActive, Context: map[string]any{}, Version: 1, Revision: 1, CreatedAt: now, UpdatedAt: now}
	if err := db.Cases().Commit(context.Background(), cases.Change{Next: r, Entry: cases.Entry{Version: 1, At: now}}); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, folder string) *embedded.DB {
	t.Helper()
	db, err := embedded.Open(filepath.Join(folder, backup.DataFile))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestABackupOfRunningDataIsRestoredWhole(t *testing.T) {
	folder, file := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "b.zip")
	db := open(t, folder)
	put(t, db, "case_1")
	object := filepath.Join(folder, "objects", "documents", "x")
	if err := os.MkdirAll(filepath.Dir(object), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(object, []byte("bytes"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "objects", "k.exchanges%2Ft%2Fcase_1%2Ftask_1"), []byte("{}"), 0o600); err != nil { // it is no document
		t.Fatal(err)
	}
	work, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		db.KeepSnapshots(work, func() time.Time { return now }, func(embedded.Unreadable) {}, func(err error) { t.Error(err) })
		close(done)
	}()
	m, err := backup.Write(t.Context(), folder, file, backup.WriteOptions{}, now)
	if err != nil || m.Objects() != 1 {
		t.Fatalf("%+v %v", m, err)
	}
	if _, _, err := backup.Restore(file, folder, backup.Options{Force: true}, now); problem.CodeOf(err) != problem.Unavailable {
		t.Errorf("data that is in use was written over: %v", err)
	}
	put(t, db, "case_2")
	stop()
	<-done
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := backup.Restore(file, folder, backup.Options{}, now); problem.CodeOf(err) != problem.Invalid || !strings.Contains(err.Error(), "--force") {
		t.Errorf("newer data was written over: %v", err)
	}
	if _, kept, err := backup.Restore(file, folder, backup.Options{Force: true}, now); err != nil || kept == "" {
		t.Fatal(kept, err)
	}
	if text, err := os.ReadFile(object); err != nil || string(text) != "bytes" {
		t.Errorf("the object: %q %v", text, err)
	}
	restored := open(t, folder)
	defer restored.Close() // it was only read
	if _, err := restored.Cases().Get(t.Context(), "a", "case_1"); err != nil {
		t.Error(err)
	}
	if _, err := restored.Cases().Get(t.Context(), "a", "case_2"); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("what came after the backup is there: %v", err)
	}
}

func TestADamagedBackupChangesNothing(t *testing.T) {
	folder, file := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "b.zip")
	db := open(t, folder)
	put(t, db, "case_1")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Write(t.Context(), folder, file, backup.WriteOptions{}, now); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/3] ^= 0xff
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "fresh")
	if _, _, err := backup.Restore(file, empty, backup.Options{}, now); problem.CodeOf(err) != problem.Invalid {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(empty); !os.IsNotExist(err) {
		t.Error("something was written")
	}
}

// killed is a data folder as a process leaves it that is killed now: case_1 is in the data file, case_2 in its log.
func killed(t *testing.T) (folder string) {
	t.Helper()
	running := filepath.Join(t.TempDir(), "data")
	db := open(t, running)
	defer db.Close() // it ends after its files were copied
	put(t, db, "case_1")
	if err := db.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	snapshot := filepath.Join(running, "snapshots", "20260102T030405Z.db")
	if err := os.MkdirAll(filepath.Dir(snapshot), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := db.CopyTo(snapshot); err != nil {
		t.Fatal(err)
	}
	put(t, db, "case_2")
	folder = filepath.Join(t.TempDir(), "killed")
	if err := os.CopyFS(folder, os.DirFS(running)); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestAfterALogWasLostThereAreTwoWaysOn(t *testing.T) {
	damage := func(t *testing.T, folder string) {
		for _, path := range embedded.LogPaths(filepath.Join(folder, backup.DataFile)) {
			if err := os.Truncate(path, 100); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, one := range map[string]struct {
		file    string
		damaged bool
		options backup.Options
		refused string
		want    []string
	}{
		"the data file, without a word":   {backup.DataFile, true, backup.Options{Force: true}, "--accept-loss", nil},
		"the data file, with the loss":    {backup.DataFile, true, backup.Options{Force: true, AcceptLoss: true}, "", []string{"case_1"}},
		"the snapshot":                    {"snapshots/20260102T030405Z.db", true, backup.Options{Force: true}, "", []string{"case_1"}},
		"the snapshot, and the log whole": {"snapshots/20260102T030405Z.db", false, backup.Options{Force: true}, "", []string{"case_1"}},
		"the data file and its whole log": {backup.DataFile, false, backup.Options{Force: true}, "", []string{"case_1", "case_2"}},
	} {
		t.Run(name, func(t *testing.T) {
			folder := killed(t)
			if one.damaged {
				damage(t, folder)
			}
			_, kept, err := backup.Restore(filepath.Join(folder, one.file), folder, one.options, now)
			if one.refused != "" {
				if problem.CodeOf(err) != problem.Invalid || !strings.Contains(err.Error(), one.refused) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil || kept == "" {
				t.Fatal(kept, err)
			}
			db := open(t, folder)
			defer db.Close() // it was only read
			page, err := db.Cases().List(t.Context(), "a", cases.Query{Limit: 9, Order: cases.OldestFirst})
			var got []string
			for _, r := range page.Records {
				got = append(got, r.ID)
			}
			if err != nil || !slices.Equal(got, one.want) {
				t.Errorf("%v %v, want %v", got, err, one.want)
			}
		})
	}
}

func TestABackupOfUnreadableValuesIsMadeOnlyWithDamage(t *testing.T) {
	folder, file := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "b.zip")
	db := open(t, folder)
	put(t, db, "case_1")
	if err := db.Update(t.Context(), func(tx *embedded.Tx) error {
		tx.Put("users", "a\x00user_secret", []byte("{\"name\":\"\x00\x00\x00"))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := backup.Write(t.Context(), folder, file, backup.WriteOptions{}, now)
	if problem.CodeOf(err) != problem.Invalid || !strings.Contains(err.Error(), "users: 1") || !strings.Contains(err.Error(), "--with-damage") || strings.Contains(err.Error(), "user_secret") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Error("a backup was written")
	}
	m, err := backup.Write(t.Context(), folder, file, backup.WriteOptions{WithDamage: true}, now)
	if err != nil || m.Unreadable["users"] != 1 {
		t.Fatalf("%+v %v", m, err)
	}
	restored := filepath.Join(t.TempDir(), "restored")
	if m, _, err = backup.Restore(file, restored, backup.Options{}, now); err != nil || m.Unreadable["users"] != 1 {
		t.Fatalf("%+v %v", m, err)
	}
	again := open(t, restored)
	defer again.Close() // it was only read
	if _, err := again.Cases().Get(t.Context(), "a", "case_1"); err != nil {
		t.Error(err)
	}
}
