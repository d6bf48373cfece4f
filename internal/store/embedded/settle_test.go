package embedded

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"ballerine/internal/problem"
	"ballerine/internal/store/embedded/redo"
)

// crashed is a copy of the data as a process leaves it that is killed now: the file and its log, as far as they are written.
func crashed(t testing.TB, data string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "data.db")
	logs, copies := redo.Paths(data), redo.Paths(path)
	for from, to := range map[string]string{data: path, logs[0]: copies[0], logs[1]: copies[1]} {
		text, err := os.ReadFile(from)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(to, bytes.TrimRight(text, "\x00"), 0o600)
		}
		if err == nil {
			err = os.Truncate(to, int64(len(text))) // the rest reads as zeros, and is not written
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// reopened is what is there after a crash.
func reopened(t *testing.T, db *DB) *DB {
	t.Helper()
	again, err := Open(crashed(t, db.bolt.Path()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = again.Close() })
	return again
}

func set(t *testing.T, db *DB, pairs ...string) {
	t.Helper()
	err := db.Update(t.Context(), func(tx *Tx) error {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i+1] == "" {
				tx.Delete("things", pairs[i])
			} else {
				tx.Put("things", pairs[i], []byte(pairs[i+1]))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func flush(t *testing.T, db *DB) {
	t.Helper()
	if err := db.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func things(t *testing.T, db *DB) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := db.View(func(tx *Tx) error {
		tx.Scan("things", "", "", func(key string, value []byte) bool { found[key] = string(value); return true })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestWhatIsOnlyInTheLogIsThereAfterACrash(t *testing.T) {
	db := openFile(t)
	set(t, db, "a", "1", "b", "1", "c", "1")
	flush(t, db)
	set(t, db, "b", "2", "c", "", "d", "2")
	want := map[string]string{"a": "1", "b": "2", "d": "2"}
	if got := things(t, db); !maps.Equal(got, want) {
		t.Errorf("before the crash: %v", got)
	}
	again := reopened(t, db)
	if got := things(t, again); !maps.Equal(got, want) {
		t.Errorf("after it: %v", got)
	}
	set(t, again, "e", "3")
	want["e"] = "3"
	if got := things(t, reopened(t, again)); !maps.Equal(got, want) {
		t.Errorf("after another: %v", got)
	}
}

func TestACleanEndLeavesNoLog(t *testing.T) {
	db := openFile(t)
	set(t, db, "a", "1")
	if !hasLog(db.bolt.Path()) {
		t.Fatal("a write went past the log")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if hasLog(db.bolt.Path()) {
		t.Error("the log is left")
	}
	err := db.Flush(t.Context())
	if problem.CodeOf(err) != problem.Unavailable {
		t.Errorf("a flush after the end: %v", err)
	}
}

func TestADamagedLogIsReportedAndNothingIsChanged(t *testing.T) {
	db := openFile(t)
	set(t, db, "a", "1")
	set(t, db, "a", "2")
	path := crashed(t, db.bolt.Path())
	log := redo.Paths(path)[0]
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	text[4096+30] ^= 1
	if err := os.WriteFile(log, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time as the first
		_, err = Open(path)
		if problem.CodeOf(err) != problem.Internal || !strings.Contains(err.Error(), "data.db.log0") {
			t.Errorf("%v", err)
		}
	}
	if err := Salvage(path); err != nil { // as the message states
		t.Fatal(err)
	}
	without, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer without.Close()
	if got := things(t, without); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestALogWithoutItsDataFileIsNotTakenForNothing(t *testing.T) {
	db := openFile(t)
	set(t, db, "a", "1")
	path := crashed(t, db.bolt.Path())
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); problem.CodeOf(err) != problem.Internal || !strings.Contains(err.Error(), "is missing, although its log exists") {
		t.Errorf("%v", err)
	}
}

func TestWhatTheFileDoesNotTakeStaysInTheLogAndIsTriedAgain(t *testing.T) {
	db := openFile(t)
	var stumble error
	nested := func(b *bbolt.Tx) error { // what a write to "taken" stumbles over
		things, err := b.CreateBucketIfNotExists([]byte("things"))
		if err == nil {
			_, err = things.CreateBucket([]byte("taken"))
		}
		return err
	}
	if err := db.bolt.Update(nested); err != nil {
		t.Fatal(err)
	}
	set(t, db, "before", "1", "taken", "1")
	if stumble = db.Flush(t.Context()); problem.CodeOf(stumble) != problem.Unavailable {
		t.Fatalf("the flush: %v", stumble)
	}
	if err := db.Writable(t.Context()); problem.CodeOf(err) != problem.Unavailable {
		t.Errorf("it is not reported: %v", err)
	}
	set(t, db, "after", "2")
	if got := things(t, db); got["before"] != "1" || got["taken"] != "1" || got["after"] != "2" {
		t.Errorf("meanwhile: %v", got)
	}
	err := db.bolt.Update(func(b *bbolt.Tx) error { return b.Bucket([]byte("things")).DeleteBucket([]byte("taken")) })
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Writable(t.Context()); err != nil {
		t.Errorf("once it takes them: %v", err)
	}
	want := map[string]string{"before": "1", "taken": "1", "after": "2"}
	if got := things(t, db); !maps.Equal(got, want) {
		t.Errorf("then: %v", got)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// Readers see whole states while writers go on and the log is brought into the file: two keys that are always written
// together are always the same, and never older than what was read before.
func TestReadersSeeWholeStatesWhileTheLogIsBroughtIn(t *testing.T) {
	db := openFile(t)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for last := ""; ; {
				select {
				case <-done:
					return
				default:
				}
				_ = db.View(func(tx *Tx) error {
					one, two := string(tx.Get("things", "one")), string(tx.Get("others", "two"))
					if one != two || one < last {
						t.Errorf("%q and %q after %q", one, two, last)
					}
					last = one
					return nil
				})
			}
		})
	}
	for n := range 150 {
		err := db.Update(t.Context(), func(tx *Tx) error {
			tx.Put("things", "one", []byte(number(5, n)))
			tx.Put("others", "two", []byte(number(5, n)))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n%7 == 0 {
			flush(t, db)
		}
	}
	close(done)
	readers.Wait()
}

// A bucket is what a map would be, read in any way, wherever its keys are, and after a crash.
func TestABucketIsOneWhereverItsKeysAre(t *testing.T) {
	db, round := openFile(t), 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		bucket := fmt.Sprint("things", round, "/")
		key := rapid.StringMatching(`[ab]{1,3}|\x00a|b\xff`)
		want := map[string]string{}
		for n := range rapid.IntRange(1, 5).Draw(r, "groups") {
			err := db.Update(t.Context(), func(tx *Tx) error {
				tx.Put(bucket[:len(bucket)-1], "a", []byte("not this one"))
				tx.Put(bucket+"2", "a", []byte("nor this one"))
				for range rapid.IntRange(1, 4).Draw(r, "writes") {
					k := key.Draw(r, "key")
					if rapid.IntRange(0, 2).Draw(r, "what") == 0 {
						tx.Delete(bucket, k)
						delete(want, k)
					} else {
						tx.Put(bucket, k, []byte(fmt.Sprint(n)))
						want[k] = fmt.Sprint(n)
					}
				}
				return nil
			})
			if err == nil && rapid.IntRange(0, 3).Draw(r, "flush") == 0 {
				err = db.Flush(t.Context())
			}
			if err != nil {
				r.Fatal(err)
			}
		}
		prefix, start := rapid.SampledFrom([]string{"", "a", "b", "ab"}).Draw(r, "prefix"), key.Draw(r, "start")
		compare(r, db, bucket, want, prefix, start)
		if rapid.IntRange(0, 9).Draw(r, "crash") == 0 {
			again := reopened(t, db)
			compare(r, again, bucket, want, prefix, start)
			_ = again.Close() // it was only read
		}
	})
}

func compare(r *rapid.T, db *DB, bucket string, want map[string]string, prefix, start string) {
	r.Helper()
	keys := slices.Sorted(maps.Keys(want))
	keep := func(fits func(key string) bool) (kept []string) {
		for _, k := range keys {
			if strings.HasPrefix(k, prefix) && fits(k) {
				kept = append(kept, k+"="+want[k])
			}
		}
		return kept
	}
	backwards := func(list []string) []string { slices.Reverse(list); return list }
	always := func(string) bool { return true }
	err := db.View(func(tx *Tx) error {
		collect := func(run func(visit func(string, []byte) bool)) (got []string) {
			run(func(k string, v []byte) bool { got = append(got, k+"="+string(v)); return true })
			return got
		}
		for name, each := range map[string]struct{ got, want []string }{
			"Scan":             {collect(func(v func(string, []byte) bool) { tx.Scan(bucket, prefix, "", v) }), keep(always)},
			"Scan after":       {collect(func(v func(string, []byte) bool) { tx.Scan(bucket, prefix, prefix+start, v) }), keep(func(k string) bool { return k > prefix+start })},
			"ScanBack":         {collect(func(v func(string, []byte) bool) { tx.ScanBack(bucket, prefix, "", v) }), backwards(keep(always))},
			"ScanBack before":  {collect(func(v func(string, []byte) bool) { tx.ScanBack(bucket, prefix, prefix+start, v) }), backwards(keep(func(k string) bool { return k < prefix+start }))},
			"of an empty name": {collect(func(v func(string, []byte) bool) { tx.Scan(bucket+"3", "", "", v) }), nil},
		} {
			if !slices.Equal(each.got, each.want) {
				r.Errorf("%s with prefix %q, start %q: %q, want %q", name, prefix, start, each.got, each.want)
			}
		}
		for k, v := range want {
			if string(tx.Get(bucket, k)) != v {
				r.Errorf("%q is %q, want %q", k, tx.Get(bucket, k), v)
			}
		}
		if tx.Get(bucket, "never") != nil {
			r.Error("a key is there that nobody wrote")
		}
		return nil
	})
	if err != nil {
		r.Error(err)
	}
}
