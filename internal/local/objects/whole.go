package objects

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rclone/gofakes3"
)

// damagedHeader is in the answer to a request for an object that is not as it was written.
const damagedHeader = "X-Object-Damaged"

// codeDamaged is the error code for it in the form of S3; the status is 500.
const codeDamaged gofakes3.ErrorCode = "ObjectDamaged"

// What of an object is damaged.
const (
	damagedLength  = "length"
	damagedHead    = "metadata"
	damagedContent = "content"
)

// damageError is the error for a file that is not as it was written: it states what is wrong.
type damageError string

func (e damageError) Error() string {
	return "the " + string(e) + " of the object differs from what was written"
}

// answerKey is where the headers of the answer are in a request's context.
type answerKey struct{}

// content is what is read of an object, from where it stands.
type content interface {
	io.ReadSeeker
	io.Closer
}

// open opens an object with a function that opens its file, at the first byte of the content.
func open[C content](ctx context.Context, d *disk, key string, by func(path string) (C, head, error)) (c C, h head, err error) {
	path, _ := d.path(key)
	c, h, err = by(path)
	var damage damageError
	switch {
	case os.IsNotExist(err):
		err = gofakes3.KeyNotFound(key)
	case errors.As(err, &damage):
		d.onDamaged(key, string(damage))
		if answer, ok := ctx.Value(answerKey{}).(http.Header); ok {
			answer.Set(damagedHeader, string(damage))
		}
		err = gofakes3.ErrorMessagef(codeDamaged, "The object %s is damaged: its %s differs from what was written. Restore it from a backup.", key, string(damage))
	}
	return c, h, err
}

// maxInMemory is the length of contents that are read once, and checked and served from memory.
const maxInMemory = 1 << 20

// stamp distinguishes a file that was checked from one that another program has written since.
type stamp struct {
	size     int64
	modified time.Time
}

func stampOf(info os.FileInfo) stamp { return stamp{info.Size(), info.ModTime()} }

// checkNew checks the content of an open file that this process has not found, or written, as it is.
func (d *disk) checkNew(key string, f *os.File, h head) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if before, ok := d.checked.Get(key); ok && before == stampOf(info) {
		return nil
	}
	if err := check(f, h); err != nil {
		return err
	}
	d.checked.Put(key, stampOf(info))
	return nil
}

// check reads the content from where the file stands, and takes the file back there.
func check(f *os.File, h head) error {
	start, err := f.Seek(0, io.SeekCurrent)
	sum := md5.New()
	if err == nil {
		_, err = io.Copy(sum, f)
	}
	if err == nil {
		_, err = f.Seek(start, io.SeekStart)
	}
	if err == nil && !bytes.Equal(sum.Sum(nil), h.MD5) {
		err = damageError(damagedContent)
	}
	return err
}

// openChecked opens a file whose content is what was written, too.
func openChecked(path string) (content, head, error) {
	f, h, err := openFile(path)
	if err != nil {
		return nil, h, err
	}
	if h.Size <= maxInMemory {
		defer f.Close() // it is only read
		text := make([]byte, h.Size)
		if _, err := io.ReadFull(f, text); err != nil {
			return nil, head{}, err
		}
		if sum := md5.Sum(text); !bytes.Equal(sum[:], h.MD5) {
			return nil, head{}, damageError(damagedContent)
		}
		return inMemory{bytes.NewReader(text)}, h, nil
	}
	if err := check(f, h); err != nil {
		_ = f.Close() // it was only read
		return nil, head{}, err
	}
	return f, h, nil
}

type inMemory struct{ *bytes.Reader }

func (inMemory) Close() error { return nil }

// openFile opens a file whose head is what was written and that is as long as it says. Errors: os.ErrNotExist, damageError.
func openFile(path string) (*os.File, head, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, head{}, err
	}
	h, start, err := readHead(f)
	info, statErr := f.Stat()
	switch {
	case err != nil && statErr == nil && info.Size() < start:
		err = damageError(damagedLength)
	case err != nil:
		err = damageError(damagedHead)
	case statErr != nil:
		err = statErr
	case info.Size() != start+h.Size:
		err = damageError(damagedLength)
	default:
		return f, h, nil
	}
	_ = f.Close() // it was only read
	return nil, head{}, err
}

// maxHead bounds heads.
const maxHead = 1 << 20

// readHead returns the head and where the content starts, as far as that is known.
func readHead(f io.Reader) (h head, start int64, err error) {
	var length uint32
	if err := binary.Read(f, binary.BigEndian, &length); err != nil {
		return h, 4, fmt.Errorf("read length of an object's head: %w", err)
	}
	if length > maxHead {
		return h, 0, errors.New("an object's head is too long")
	}
	start = int64(length) + 4
	text := make([]byte, length)
	if _, err := io.ReadFull(f, text); err != nil {
		return h, start, fmt.Errorf("read an object's head: %w", err)
	}
	if err := json.Unmarshal(text, &h); err != nil {
		return h, start, fmt.Errorf("read an object's head: %w", err)
	}
	if sum, err := h.sum(); err != nil || h.Check != 0 && h.Check != sum {
		return h, start, errors.New("an object's head is another one")
	}
	return h, start, nil
}

// sum is the checksum of a head. It is never 0.
func (h head) sum() (uint32, error) {
	h.Check = 0
	text, err := json.Marshal(h)
	return max(1, crc32.ChecksumIEEE(text)), err
}

// unfinishedOf is the name of a file while it is written.
func unfinishedOf(path string) string { return besides(path, "u.") }

// noteOf is the name of a note with which a former version marked a file as unfinished.
func noteOf(path string) string { return besides(path, "a.") }

func besides(path, prefix string) string {
	return filepath.Join(filepath.Dir(path), prefix+strings.TrimPrefix(filepath.Base(path), "k."))
}

// finish completes what the end of a process has left: a file that is complete gets its name, one that is not is
// removed, because no caller was answered that it exists.
func finish(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		kind, name, _ := strings.Cut(entry.Name(), ".")
		path := filepath.Join(dir, "k."+name)
		switch kind {
		case "u":
			err = finishFile(unfinishedOf(path), path)
		case "a":
			err = errors.Join(finishFile(path, path), gone(noteOf(path)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func finishFile(from, to string) error {
	c, _, err := openChecked(from)
	var damage damageError
	switch {
	case errors.As(err, &damage):
		return gone(from)
	case os.IsNotExist(err):
		return nil
	case err != nil:
		return err // it may be complete: it cannot be read now
	}
	_ = c.Close() // it was only read
	return os.Rename(from, to)
}

// gone removes a file, if it exists.
func gone(path string) error {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// writable makes a folder, and a file in it for a moment.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}
