package embedded_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ballerine/internal/problem"
	"ballerine/internal/store/embedded"
)

// fillFromEnvironment names the data file that a child process of the test fills up: the limit is the process's.
const fillFromEnvironment = "BALLERINE_TEST_FILL"

// limit bounds the size of files of this process, in bytes.
func limit(t *testing.T, size uint64) {
	t.Helper()
	var now syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &now); err != nil {
		t.Fatal(err)
	}
	if now.Cur = now.Max; size > 0 {
		now.Cur = size
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &now); err != nil {
		t.Fatal(err)
	}
}

func TestAFullDiskIsReportedAndWhatWasAcknowledgedStays(t *testing.T) {
	path := os.Getenv(fillFromEnvironment)
	if path == "" {
		path = filepath.Join(t.TempDir(), "test.db")
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		child := exec.CommandContext(t.Context(), self, "-test.run", "^"+t.Name()+"$")
		child.Env = append(os.Environ(), fillFromEnvironment+"="+path)
		if out, err := child.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	db, err := embedded.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	kept := map[string]bool{}
	write := func(key string) error {
		err := db.Update(t.Context(), func(tx *embedded.Tx) error {
			tx.Put("things", key, []byte(strings.Repeat(key, 10_000)))
			return nil
		})
		kept[key] = err == nil
		return err
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	// A page of a file with holes finds no room; then, the file cannot grow.
	for at, size := range []uint64{1 << 20, uint64(before.Size()) + 4096} {
		limit(t, size)
		var refusals []error
		for n := 0; len(refusals) < 5 && n < 1000; n++ { // after the first, freed pages may take some
			if err := write(fmt.Sprintf("%d%05d", at, n)); err != nil {
				refusals = append(refusals, err)
			}
		}
		limit(t, 8192) // whatever is small enough to find room
		for _, err := range append(refusals, write("nothing fits"), db.Writable(t.Context())) {
			if problem.CodeOf(err) != problem.Unavailable || !strings.Contains(err.Error(), "The disk is full") {
				t.Errorf("files of %d bytes at most: a write, or the question whether it can be, is answered with %v", size, err)
			}
		}
		check(t, db, kept)
		limit(t, 0)
		if err := errors.Join(db.Writable(t.Context()), write("after!"), db.Writable(t.Context())); err != nil {
			t.Errorf("with room again: %v", err)
		}
		check(t, db, kept)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = embedded.Open(path); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	check(t, db, kept)
}

// check wants what was acknowledged, whole, and nothing that was refused.
func check(t *testing.T, db *embedded.DB, kept map[string]bool) {
	t.Helper()
	err := db.View(func(tx *embedded.Tx) error {
		for key, want := range kept {
			got := string(tx.Get("things", key))
			if want && got != strings.Repeat(key, 10_000) || !want && got != "" {
				return fmt.Errorf("%s: acknowledged %v, found %d bytes", key, want, len(got))
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
