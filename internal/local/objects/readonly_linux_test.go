package objects

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"ballerine/internal/problem"
)

func TestAFolderThatMayNotBeWrittenIsRefusedInPlainWords(t *testing.T) {
	dir := t.TempDir()
	for at := dir; at != os.TempDir() && at != filepath.Dir(at); at = filepath.Dir(at) {
		if err := os.Chmod(at, 0o555); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(at, 0o700) }) // so that it can be removed
	}
	if os.Geteuid() == 0 { // who writes what is read-only all the same
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
	_, err := openDisk(Config{Dir: dir, Bucket: "bucket"})
	if problem.CodeOf(err) != problem.Unavailable || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("%v", err)
	}
}
