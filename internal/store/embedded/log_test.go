package embedded

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"ballerine/internal/problem"
	"ballerine/internal/store/embedded/redo"
)

// A power failure after any step of opening and closing the file loses nothing and is no damage.
func TestThePowerMayFailBetweenAllStepsOfOpeningAndClosing(t *testing.T) {
	first := filepath.Join(t.TempDir(), "data.db")
	want := map[string]string{}
	steps := 0
	var path string
	fails := func(step string) {
		steps++
		copied := crashed(t, path)
		for n := range 2 { // and again: what was recovered stays
			again, err := Open(copied)
			if err != nil {
				t.Fatalf("after %q: %v", step, err)
			}
			if got := things(t, again); !maps.Equal(got, want) {
				t.Errorf("after %q: %v, want %v", step, got, want)
			}
			if n == 0 {
				copied = crashed(t, copied)
			}
			_ = again.Close() // it was only read
		}
	}
	write := func(db *DB, n int) {
		key := fmt.Sprint("key", n)
		want[key] = strings.Repeat(key, 900)
		set(t, db, key, want[key])
	}
	path = first
	for n := range 3 {
		db, err := open(path, fails)
		if err != nil {
			t.Fatal(err)
		}
		write(db, 10*n)
		flush(t, db)
		write(db, 10*n+1)
		fails("a write")
		killed := crashed(t, path)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		fails("the end")
		if n == 1 { // the next opens what a killed process has left
			path = killed
		}
	}
	if steps != 3*8 {
		t.Errorf("%d steps", steps)
	}
}

// Whatever is lost of the log of a process that was killed, at any place: all that was acknowledged is there, or it is reported that
// it may not be.
func TestALogThatIsLostIsReportedOrWasNotNeeded(t *testing.T) {
	reported, whole := 0, 0
	db, want := openFile(t), map[string]string{}
	rapid.Check(t, func(r *rapid.T) {
		for n := range rapid.IntRange(0, 9).Draw(r, "groups") {
			key := fmt.Sprint("key", rapid.IntRange(0, 4).Draw(r, "key"))
			want[key] = strings.Repeat(fmt.Sprint(n), rapid.SampledFrom([]int{1, 500, 4000, 200_000}).Draw(r, "size"))
			set(t, db, key, want[key])
			if rapid.IntRange(0, 4).Draw(r, "flush") == 0 {
				flush(t, db)
			}
		}
		path := crashed(t, db.bolt.Path())
		defer os.RemoveAll(filepath.Dir(path)) // there are many
		name := damageLog(r, path)
		before := contents(r, path)
		again, err := Open(path)
		if err != nil {
			reported++
			if problem.CodeOf(err) != problem.Internal || !strings.Contains(err.Error(), "--accept-loss") || !errors.Is(err, ErrLogDamaged) {
				r.Errorf("%s: %v", name, err)
			}
			if !maps.Equal(before, contents(r, path)) {
				r.Errorf("%s: it was reported, and something was changed", name)
			}
			if err := Salvage(path); err != nil {
				r.Fatal(err)
			}
			if again, err = Open(path); err != nil {
				r.Fatalf("%s: after the loss was accepted: %v", name, err)
			}
		} else if whole++; !maps.Equal(things(t, again), want) {
			r.Errorf("%s: it is not reported that writes are lost", name)
		}
		_ = again.Close() // it was only read
	})
	if reported == 0 || whole == 0 {
		t.Errorf("reported %d times, whole %d times", reported, whole)
	}
}

// damageLog removes a part of a log, and returns which.
func damageLog(r *rapid.T, path string) string {
	paths := redo.Paths(path)
	i := rapid.IntRange(0, 1).Draw(r, "file")
	text, err := os.ReadFile(paths[i])
	if err != nil {
		r.Fatal(err)
	}
	place := rapid.OneOf(rapid.IntRange(0, len(text)-1), rapid.IntRange(0, min(len(text)-1, 16<<10)), rapid.Custom(func(r *rapid.T) int {
		return rapid.IntRange(0, (len(text)-1)/512).Draw(r, "block") * 512
	}))
	what := rapid.SampledFrom([]string{"nothing", "removed", "both removed", "cut", "cut and filled", "zeros", "more", "the other one"}).Draw(r, "what")
	at := place.Draw(r, "at")
	switch what {
	case "removed":
		err = os.Remove(paths[i])
	case "both removed":
		err = redo.Remove(path)
	case "cut":
		err = os.Truncate(paths[i], int64(at))
	case "cut and filled":
		clear(text[at:])
		if len(text)-at < 1023 { // not a whole block is lost: it is as a record that a crash has cut short
			return what
		}
		err = os.WriteFile(paths[i], text, 0o600)
	case "zeros":
		clear(text[at:min(len(text), at+rapid.IntRange(1023, 20_000).Draw(r, "bytes"))])
		if len(text)-at < 1023 {
			return what
		}
		err = os.WriteFile(paths[i], text, 0o600)
	case "more":
		err = os.WriteFile(paths[i], append(text, make([]byte, at)...), 0o600)
	case "the other one":
		var other []byte
		if other, err = os.ReadFile(paths[1-i]); err == nil {
			err = os.WriteFile(paths[i], other, 0o600)
		}
	}
	if err != nil {
		r.Fatal(err)
	}
	return fmt.Sprintf("%s, file %d at %d of %d", what, i, at, len(text))
}

// contents of the data: the keys of the file, and the files of its log.
func contents(r *rapid.T, path string) map[string]string {
	found := map[string]string{}
	for _, name := range redo.Paths(path) {
		if text, err := os.ReadFile(name); err == nil {
			found[name] = string(text)
		}
	}
	bolt, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		r.Fatal(err)
	}
	defer bolt.Close() // it was only read
	err = bolt.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(bucket []byte, b *bbolt.Bucket) error {
			return b.ForEach(func(key, value []byte) error { found[string(bucket)+"/"+string(key)] = string(value); return nil })
		})
	})
	if err != nil {
		r.Fatal(err)
	}
	return found
}

func TestCopiesNeedNoLog(t *testing.T) {
	db := openFile(t)
	set(t, db, "a", "1")
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := db.CopyTo(path); err != nil {
		t.Fatal(err)
	}
	set(t, db, "a", "2")
	copied, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close() // it was only read
	if got := things(t, copied); got["a"] != "1" {
		t.Errorf("%v", got)
	}
	// By hand, the file alone is not all.
	alone := filepath.Join(t.TempDir(), "alone.db")
	text, err := os.ReadFile(db.bolt.Path())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(alone, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(alone); !errors.Is(err, ErrLogDamaged) || !strings.Contains(err.Error(), "missing") {
		t.Errorf("the file without its log: %v", err)
	}
}

func TestACopyIsNotGoneOnWithFromALogOfAnotherTime(t *testing.T) {
	db := openFile(t)
	set(t, db, "a", "1")
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := db.CopyTo(copied); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	set(t, db, "a", "2") // the log continues where the copy ends
	path := crashed(t, db.bolt.Path())
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); !errors.Is(err, ErrLogDamaged) || !strings.Contains(err.Error(), "another time") {
		t.Errorf("%v", err)
	}
	if err := Salvage(path); err != nil {
		t.Fatal(err)
	}
	again, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close() // it was only read
	if got := things(t, again); got["a"] != "1" {
		t.Errorf("%v, want what the copy has", got)
	}
}

// A file of the previous version states nothing about its log, killed or not.
func TestAFileOfTheVersionBeforeIsGoneOnWith(t *testing.T) {
	for _, killed := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "data.db")
		for _, name := range []string{"", ".log1"} {
			text, err := os.ReadFile("testdata/before.db" + name)
			if err != nil {
				t.Fatal(err)
			}
			if name != "" && !killed {
				continue
			}
			if err := os.WriteFile(path+name, append(text, make([]byte, 8<<10)...), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want := map[string]string{"a": "1"}
		if killed {
			want["b"] = "2"
		}
		for range 2 {
			db, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			if got := things(t, db); !maps.Equal(got, want) {
				t.Errorf("killed %v: %v, want %v", killed, got, want)
			}
			set(t, db, "c", "3")
			want["c"] = "3"
			path = crashed(t, path)
			_ = db.Close() // the copy continues
		}
	}
}
