package embedded_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"ballerine/internal/problem"
	"ballerine/internal/store/embedded"
)

// asOther runs a function without the rights of root over files, which would write what is read-only all the same.
func asOther(t *testing.T, run func()) {
	t.Helper()
	if os.Geteuid() == 0 {
		runtime.LockOSThread() // never unlocked: the thread ends with the test's goroutine
		if err := syscall.Setfsuid(65534); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := syscall.Setfsuid(0); err != nil {
				t.Error(err)
			}
		}()
	}
	run()
}

func TestAStartOfReadOnlyDataIsRefusedInPlainWords(t *testing.T) {
	for name, c := range map[string]struct {
		folder, file os.FileMode
		want         string
	}{
		"the file":       {0o777, 0o444, "data file"},
		"the folder":     {0o555, 0o666, "data folder"},
		"both":           {0o555, 0o444, "data file"},
		"not to be read": {0o777, 0o000, "data file"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filled(t, 2)
			folder := filepath.Dir(path)
			for at := folder; at != filepath.Dir(os.TempDir()) && at != os.TempDir(); at = filepath.Dir(at) {
				if err := os.Chmod(at, 0o755); err != nil { // another user comes to it
					t.Fatal(err)
				}
			}
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, c.file); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(folder, c.folder); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Chmod(folder, 0o700) }) // so that it can be removed
			asOther(t, func() {
				db, err := embedded.Open(path)
				if err == nil {
					_ = db.Close()
				}
				if problem.CodeOf(err) != problem.Unavailable || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "writable by this user") {
					t.Errorf("%v", err)
				}
			})
			if err := os.Chmod(path, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			if after, err := os.ReadFile(path); err != nil || c.want == "data file" && string(after) != string(before) {
				t.Errorf("the file was changed (%v)", err)
			}
			db, err := embedded.Open(path)
			if err != nil {
				t.Fatalf("it does not start when it may be written again: %v", err)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
