package embedded

import (
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

func openFile(t *testing.T) *DB {
	t.Helper()
	db, err := Open(filepath.Join(t.TempDir(), "data.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // some tests have closed it
	return db
}

// grouped puts writes into one group: the writer is held back until all are queued.
func grouped(t *testing.T, db *DB, start ...func() <-chan error) []error {
	t.Helper()
	held, release := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- db.Update(t.Context(), func(*Tx) error { close(held); <-release; return nil })
	}()
	<-held
	var answers []<-chan error
	for i, run := range start {
		answers = append(answers, run())
		for len(db.queue) <= i { // queued in this order
			runtime.Gosched()
		}
	}
	close(release)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	var results []error
	for _, answer := range answers {
		results = append(results, <-answer)
	}
	return results
}

func put(t *testing.T, run func(tx *Tx), update func(func(*Tx) error) error) func() <-chan error {
	t.Helper()
	return func() <-chan error {
		answer := make(chan error, 1)
		go func() { answer <- update(func(tx *Tx) error { run(tx); return nil }) }()
		return answer
	}
}

func TestWriteThatIsQueuedAfterTheLastGroupIsAnswered(t *testing.T) {
	gone := make(chan struct{})
	close(gone)
	// The writer has made its last round, and the caller looked before the file was closed.
	db := &DB{queue: make(chan *request, 1), closed: make(chan struct{}), done: gone}
	err := db.Update(t.Context(), func(*Tx) error { return nil })
	if problem.CodeOf(err) != problem.Unavailable {
		t.Errorf("error %v, want unavailable", err)
	}
}

func TestWriteThatTheFileCannotHoldFailsAlone(t *testing.T) {
	db := openFile(t)
	update := func(run func(*Tx) error) error { return db.Update(t.Context(), run) }
	long := strings.Repeat("k", bbolt.MaxKeySize+1)
	results := grouped(t, db,
		put(t, func(tx *Tx) { tx.Put("things", "before", []byte("1")) }, update),
		put(t, func(tx *Tx) { tx.Put("things", long, []byte("1")); tx.Put("things", "beside", []byte("1")) }, update),
		put(t, func(tx *Tx) { tx.Put("things", "", []byte("1")) }, update),
		put(t, func(tx *Tx) { tx.Put("", "key", []byte("1")) }, update),
		put(t, func(tx *Tx) { tx.Put("things", "large", make([]byte, maxValue+1)) }, update),
		put(t, func(tx *Tx) { tx.Put("things", "after", []byte("1")) }, update),
	)
	for i, want := range []problem.Code{"", problem.TooLarge, problem.Invalid, problem.Internal, problem.TooLarge, ""} {
		if problem.CodeOf(results[i]) != want {
			t.Errorf("write %d: %v, want %q", i, results[i], want)
		}
	}
	err := db.View(func(tx *Tx) error {
		if tx.Get("things", "before") == nil || tx.Get("things", "after") == nil {
			t.Error("a good write is missing")
		}
		if tx.Get("things", "beside") != nil {
			t.Error("half of a transaction was written")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestWritesThatNobodyWaitsForAreReportedWhenTheyAreLost(t *testing.T) {
	db := openFile(t)
	var lost []error
	db.OnLost(func(err error) { lost = append(lost, err) })
	if err := db.UpdateLater(t.Context(), func(*Tx) error { return errors.New("no") }); err != nil {
		t.Fatal(err)
	}
	if err := db.UpdateLater(t.Context(), func(tx *Tx) error { tx.Put("things", "key", []byte("1")); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if len(lost) != 1 || lost[0].Error() != "no" {
		t.Errorf("reported %v", lost)
	}
}

func TestEveryWriteOfAGroupThatFailsIsAnswered(t *testing.T) {
	db := openFile(t)
	if err := db.writer.log.Close(false); err != nil { // what every write stumbles over
		t.Fatal(err)
	}
	lost := make(chan error, 4)
	db.OnLost(func(err error) { lost <- err })
	update := func(run func(*Tx) error) error { return db.Update(t.Context(), run) }
	inOrder := func(run func(*Tx) error) error { return db.UpdateInOrder(t.Context(), run) }
	good := func(tx *Tx) { tx.Put("things", "key", []byte("1")) }
	results := grouped(t, db, put(t, good, inOrder), put(t, good, update), put(t, good, update), put(t, good, inOrder))
	for i, want := range []problem.Code{"", problem.Unavailable, problem.Unavailable, ""} {
		if problem.CodeOf(results[i]) != want {
			t.Errorf("write %d: %v, want %q", i, results[i], want)
		}
	}
	for range 2 {
		if err := <-lost; problem.CodeOf(err) != problem.Unavailable {
			t.Errorf("reported %v", err)
		}
	}
}

func TestTenantsWithTheSameCaseIDKeepTheirEffectsApart(t *testing.T) {
	db := openFile(t)
	store, at := db.Cases(), time.UnixMilli(1_700_000_000_000).UTC()
	for _, tenant := range []string{"a", "b"} {
		r := cases.Record{Tenant: tenant, ID: "case_1", Status: cases.StatusActive, Version: 1, Revision: 1, CreatedAt: at, UpdatedAt: at}
		effect := cases.Effect{Tenant: tenant, Case: "case_1", Version: 1, Kind: cases.EffectPublish, Type: "case.created", At: at}
		if err := store.Commit(t.Context(), cases.Change{Next: r, Entry: cases.Entry{Version: 1, At: at}, Effects: []cases.Effect{effect}}); err != nil {
			t.Fatal(err)
		}
	}
	waiting, err := store.Undelivered(t.Context(), at.Add(time.Second), 10)
	if err != nil || len(waiting) != 2 {
		t.Fatalf("%d effects wait, %v", len(waiting), err)
	}
	if err := store.Delivered(t.Context(), waiting[0]); err != nil {
		t.Fatal(err)
	}
	if err := db.Update(t.Context(), func(*Tx) error { return nil }); err != nil { // after what came before it
		t.Fatal(err)
	}
	left, err := store.Undelivered(t.Context(), at.Add(time.Second), 10)
	if err != nil || len(left) != 1 || left[0].Tenant != waiting[1].Tenant {
		t.Errorf("left %+v, %v", left, err)
	}
}
