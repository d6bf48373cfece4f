package watchlist

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path"

	"ballerine/internal/problem"
)

// limit of a file. The largest list known, of all sanctions of the world with their relatives, has a quarter of it.
const limit = 1 << 30

// source is a file that is read once from its beginning to its end. The name of its content is computed on the way.
type source struct {
	name string // without its folder
	file io.Closer
	r    *bufio.Reader
	size int64
	read *counter
	sum  hash.Hash
}

// counter counts what has been read.
type counter struct {
	r io.Reader
	n int64
}

// Read implements io.Reader.
func (c *counter) Read(into []byte) (int, error) {
	n, err := c.r.Read(into)
	c.n += int64(n)
	return n, err
}

// open begins to read a file; close it. Errors: NotFound, TooLarge.
func open(files fs.FS, name string) (*source, error) {
	unreadable := problem.New(problem.NotFound, "The file %s cannot be read.", path.Base(name))
	info, err := fs.Stat(files, name)
	if err != nil {
		return nil, unreadable
	}
	if info.Size() > limit {
		return nil, problem.New(problem.TooLarge, "%s is larger than 1 GB.", path.Base(name))
	}
	file, err := files.Open(name)
	if err != nil {
		return nil, unreadable
	}
	s := &source{name: path.Base(name), file: file, size: info.Size(), sum: sha256.New()}
	fmt.Fprintf(s.sum, "%d:", s.size)
	s.read = &counter{r: file}
	s.r = bufio.NewReaderSize(io.TeeReader(io.LimitReader(s.read, limit+1), s.sum), 64<<10)
	return s, nil
}

func (s *source) close() { _ = s.file.Close() } // it was only read

// head is the beginning of the file, which is read again later.
func (s *source) head() ([]byte, error) {
	text, err := s.r.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, problem.New(problem.NotFound, "The file %s cannot be read.", s.name)
	}
	return text, nil
}

// all is the rest of the file.
func (s *source) all() ([]byte, error) {
	text, err := io.ReadAll(s.r)
	if err != nil {
		return nil, problem.New(problem.NotFound, "The file %s cannot be read.", s.name)
	}
	return text, nil
}

// edition names the content by what it is, after the issuer's date (YYYY-MM-DD) when there is one. What is left of the file is
// read. Error: the file is not what it was at the beginning.
func (s *source) edition(date string) (string, error) {
	if _, err := io.Copy(io.Discard, s.r); err != nil || s.read.n != s.size {
		return "", problem.New(problem.Invalid, "%s could not be read to its end, or has changed meanwhile: read it again.", s.name)
	}
	return named(date, s.sum), nil
}

// edition names the content of several files.
func edition(date string, files ...[]byte) string {
	sum := sha256.New()
	for _, f := range files {
		fmt.Fprintf(sum, "%d:", len(f))
		sum.Write(f)
	}
	return named(date, sum)
}

func named(date string, sum hash.Hash) string {
	short := hex.EncodeToString(sum.Sum(nil))[:12]
	if date == "" {
		return short
	}
	return date + "-" + short
}
