package boltfile_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"ballerine/internal/store/embedded/boltfile"
)

const pageSize = 1024 // small, so that there are many

// filled is a file with a bucket of many pages, one of large values, a small one and a bucket within a bucket.
func filled(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.db")
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{PageSize: pageSize, NoFreelistSync: true, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	for round := range 3 { // what is written over leaves free pages
		if err := db.Update(func(tx *bbolt.Tx) error { return fill(tx, round) }); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func fill(tx *bbolt.Tx, round int) error {
	put := func(bucket interface {
		CreateBucketIfNotExists(name []byte) (*bbolt.Bucket, error)
	}, name string, number, size int,
	) (*bbolt.Bucket, error) {
		b, err := bucket.CreateBucketIfNotExists([]byte(name))
		if err != nil {
			return nil, err
		}
		for n := range number {
			if err := b.Put(fmt.Appendf(nil, "key %05d", n*7), bytes.Repeat([]byte{byte(round)}, size)); err != nil {
				return nil, err
			}
		}
		return b, nil
	}
	for _, one := range []struct {
		name         string
		number, size int
	}{{"many", 600, 40}, {"large", 5, 5000}, {"small", 3, 10}, {"empty", 0, 0}} {
		if _, err := put(tx, one.name, one.number, one.size); err != nil {
			return err
		}
	}
	outer, err := put(tx, "outer", 40, 30)
	if err != nil {
		return err
	}
	_, err = put(outer, "within", 3, 10)
	return err
}

func check(text []byte) error {
	return boltfile.Check(bytes.NewReader(text), int64(len(text)), pageSize)
}

func TestAWholeFileIsFoundWhole(t *testing.T) {
	if err := check(filled(t)); err != nil {
		t.Error(err)
	}
	path := filepath.Join(t.TempDir(), "new.db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	size := db.Info().PageSize
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := boltfile.Check(bytes.NewReader(text), int64(len(text)), size); err != nil {
		t.Errorf("a new file: %v", err)
	}
}

func TestAFileThatIsCutShortIsFound(t *testing.T) {
	whole := filled(t)
	for _, size := range []int{0, 10, pageSize, 2 * pageSize, 3*pageSize - 1, len(whole) / 2} {
		if err := check(whole[:size]); err == nil || !strings.Contains(err.Error(), "cut short") {
			t.Errorf("cut to %d: %v", size, err)
		}
	}
	if err := boltfile.Check(bytes.NewReader(whole), int64(len(whole)), 0); err == nil {
		t.Error("pages of no size")
	}
}

// What is found whole is opened and read by bbolt, which would end the process otherwise.
func TestWhatIsFoundWholeCanBeOpened(t *testing.T) {
	whole := filled(t)
	file := filepath.Join(t.TempDir(), "damaged.db")
	found, read := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		damaged := bytes.Clone(whole)
		for range rapid.IntRange(1, 3).Draw(t, "places") {
			page := rapid.IntRange(0, len(whole)/pageSize-1).Draw(t, "page")
			at := page*pageSize + rapid.OneOf(rapid.IntRange(0, 80), rapid.IntRange(0, pageSize-1)).Draw(t, "at")
			damaged[at] ^= rapid.Byte().Draw(t, "flip")
		}
		if check(damaged) != nil {
			found++
			return
		}
		read++
		if err := os.WriteFile(file, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		readAll(t, file)
	})
	if found == 0 || read == 0 {
		t.Errorf("%d were found damaged, %d were read", found, read)
	}
}

func readAll(t *rapid.T, file string) {
	db, err := bbolt.Open(file, 0o600, &bbolt.Options{PageSize: pageSize, NoFreelistSync: true, NoSync: true})
	if err != nil {
		t.Fatalf("it was found whole: %v", err)
	}
	defer db.Close() // it was only read
	var walk func(b *bbolt.Bucket) error
	walk = func(b *bbolt.Bucket) error {
		return b.ForEach(func(key, value []byte) error {
			if value == nil {
				return walk(b.Bucket(key))
			}
			if got := b.Get(key); !bytes.Equal(got, value) {
				return fmt.Errorf("%q is not found", key)
			}
			return nil
		})
	}
	if err := db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error { return walk(b) })
	}); err != nil {
		t.Fatal(err)
	}
}

func FuzzCheck(f *testing.F) {
	whole := filled(f)
	f.Add(whole[:20*pageSize], 0, byte(0))
	f.Add(whole, 17*pageSize+8, byte(1))
	f.Add([]byte{}, 0, byte(0))
	f.Fuzz(func(_ *testing.T, text []byte, at int, flip byte) {
		if at >= 0 && at < len(text) {
			text[at] ^= flip
		}
		_ = check(text)
	})
}
