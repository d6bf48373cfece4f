package objects

import (
	"bytes"
	"context"
	"crypto/md5"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rclone/gofakes3"
)

func TestObjectsOfAFormerVersionAreFoundAgain(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "a7")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	content := []byte("a passport")
	sum := md5.Sum(content)
	for _, name := range []string{"k.documents%2Fone", "k.documents%2Ftwo"} {
		if _, err := write(filepath.Join(folder, name), head{Size: int64(len(content)), MD5: sum[:], Modified: time.Unix(0, 0)}, content); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // as after a start that was cut short, too
		d, err := openDisk(Config{Dir: dir, Bucket: "bucket"})
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"documents/one", "documents/two"} {
			object, err := d.GetObject(context.Background(), "bucket", key, nil)
			if err != nil {
				t.Fatalf("%s: %v", key, err)
			}
			got, err := io.ReadAll(object.Contents)
			if closeErr := object.Contents.Close(); err != nil || closeErr != nil || string(got) != string(content) {
				t.Errorf("%s: %q %v %v", key, got, err, closeErr)
			}
		}
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Error("the folder is still there")
	}
}

func TestWhatACrashLeavesIsFinishedOrRemoved(t *testing.T) {
	content := []byte("a passport")
	sum := md5.Sum(content)
	all := func(w []byte) []byte { return w }
	cut := func(w []byte) []byte { return w[:len(w)-2] }
	zeros := func(w []byte) []byte { clear(w[len(w)-4:]); return w }
	empty := func([]byte) []byte { return nil }
	for name, c := range map[string]struct {
		files   map[string]func(complete []byte) []byte // by name
		there   bool
		reports int // of damage
	}{
		"complete":                           {map[string]func([]byte) []byte{"k.one": all}, true, 0},
		"complete, not yet renamed":          {map[string]func([]byte) []byte{"u.one": all}, true, 0},
		"cut, not yet renamed":               {map[string]func([]byte) []byte{"u.one": cut}, false, 0},
		"zeros, not yet renamed":             {map[string]func([]byte) []byte{"u.one": zeros}, false, 0},
		"empty, not yet renamed":             {map[string]func([]byte) []byte{"u.one": empty}, false, 0},
		"cut beside the one before":          {map[string]func([]byte) []byte{"u.one": cut, "k.one": all}, true, 0},
		"complete beside a damaged one":      {map[string]func([]byte) []byte{"u.one": all, "k.one": cut}, true, 0},
		"cut after it was finished":          {map[string]func([]byte) []byte{"k.one": cut}, false, 1},
		"zeros after it was finished":        {map[string]func([]byte) []byte{"k.one": zeros}, false, 1},
		"former version: complete with note": {map[string]func([]byte) []byte{"k.one": all, "a.one": empty}, true, 0},
		"former version: cut with note":      {map[string]func([]byte) []byte{"k.one": cut, "a.one": empty}, false, 0},
		"former version: zeros with note":    {map[string]func([]byte) []byte{"k.one": zeros, "a.one": empty}, false, 0},
		"former version: only the note":      {map[string]func([]byte) []byte{"a.one": empty}, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range c.files {
				path := filepath.Join(dir, file)
				if _, err := write(path, head{Size: int64(len(content)), MD5: sum[:]}, content); err != nil {
					t.Fatal(err)
				}
				complete, err := os.ReadFile(path)
				if err == nil {
					err = os.WriteFile(path, text(complete), 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			reports := 0
			d, err := openDisk(Config{Dir: dir, Bucket: "bucket", OnDamaged: func(string, string) { reports++ }})
			if err != nil {
				t.Fatal(err)
			}
			object, err := d.GetObject(t.Context(), "bucket", "one", nil)
			if (err == nil) != c.there || reports != c.reports || !c.there && c.reports == 0 && !gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchKey) {
				t.Fatalf("%v, damage reported %d times", err, reports)
			}
			if err == nil {
				if got, err := io.ReadAll(object.Contents); err != nil || !bytes.Equal(got, content) {
					t.Errorf("%q %v", got, err)
				}
			}
			if left, err := filepath.Glob(filepath.Join(dir, "[au].*")); err != nil || len(left) > 0 {
				t.Errorf("left: %v %v", left, err)
			}
		})
	}
}

func TestAnObjectThatIsBeingWrittenIsNotThereYet(t *testing.T) {
	dir := t.TempDir()
	d, err := openDisk(Config{Dir: dir, Bucket: "bucket", OnDamaged: func(key, _ string) { t.Errorf("%s is damaged", key) }})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "u.one"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.HeadObject(t.Context(), "bucket", "one"); !gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchKey) {
		t.Errorf("%v", err)
	}
	content := []byte("a passport")
	if _, err := d.PutObject(t.Context(), "bucket", "one", nil, bytes.NewReader(content), int64(len(content))); err != nil {
		t.Fatal(err)
	}
	if _, err := d.HeadObject(t.Context(), "bucket", "one"); err != nil {
		t.Error(err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%v %v", files, err)
	}
}

func TestObjectsOfAnyLengthAreCheckedAndServedInParts(t *testing.T) {
	d, err := openDisk(Config{Dir: t.TempDir(), Bucket: "bucket"})
	if err != nil {
		t.Fatal(err)
	}
	for _, length := range []int{1, maxInMemory, maxInMemory + 1, 2*maxInMemory + 7} {
		content := make([]byte, length)
		for i := range content {
			content[i] = byte(i * 31 / 7)
		}
		if _, err := d.PutObject(t.Context(), "bucket", "one", nil, bytes.NewReader(content), int64(length)); err != nil {
			t.Fatal(err)
		}
		for _, part := range []*gofakes3.ObjectRangeRequest{nil, {Start: int64(length / 2), End: int64(length - 1)}} {
			object, err := d.GetObject(t.Context(), "bucket", "one", part)
			if err != nil {
				t.Fatal(err)
			}
			want := content
			if part != nil {
				want = content[part.Start:]
			}
			if got, err := io.ReadAll(object.Contents); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes, %v: %d bytes of other content, %v", length, part, len(got), err)
			}
			if err := object.Contents.Close(); err != nil {
				t.Error(err)
			}
		}
		path, _ := d.path("one")
		file, err := os.ReadFile(path)
		if err == nil {
			file[len(file)-1] ^= 1
			err = os.WriteFile(path, file, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.GetObject(t.Context(), "bucket", "one", nil); !gofakes3.HasErrorCode(err, codeDamaged) {
			t.Errorf("%d bytes: damaged content is served: %v", length, err)
		}
	}
}

func TestAFileThatCannotBeReadAtTheStartIsNotRemoved(t *testing.T) {
	dir := t.TempDir()
	unreadable := filepath.Join(dir, "u.one")
	if err := os.Symlink(unreadable, unreadable); err != nil { // opening it fails, whoever opens it
		t.Fatal(err)
	}
	if _, err := openDisk(Config{Dir: dir, Bucket: "bucket"}); err == nil {
		t.Error("a start goes on past a file that it cannot read")
	}
	if _, err := os.Lstat(unreadable); err != nil {
		t.Error(err)
	}
}
