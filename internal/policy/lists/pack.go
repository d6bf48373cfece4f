package lists

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"strings"
	"time"

	"ballerine/internal/problem"
)

// Entries are split where the hash of a key determines it: adding or removing an entry changes the chunk that it is in
// and leaves the others, which the next edition refers to again.
const (
	cutEvery = 2048      // entries, on average
	maxChunk = 256 << 10 // bytes before compression: an item of a table holds 400 KB
	format   = 1         // first byte of a chunk
)

// appendEntry writes an entry: each part with its length before it.
func appendEntry(to []byte, e Entry) []byte {
	to = append(binary.AppendUvarint(to, uint64(len(e.Value))), e.Value...)
	expires := uint64(0)
	if !e.ExpiresAt.IsZero() {
		expires = uint64(e.ExpiresAt.UnixMilli()) + 1
	}
	to = binary.AppendUvarint(to, expires)
	return append(binary.AppendUvarint(to, uint64(len(e.Note))), e.Note...)
}

// digest of entries in their order.
func digest(shape Shape, entries []Entry) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\x00%s\x00", shape.Holds, shape.Matching)
	var buffer []byte
	for _, e := range entries {
		buffer = appendEntry(buffer[:0], e)
		sum.Write(buffer)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

// split cuts entries into chunks. Those that the previous edition has, too, keep their names; the bodies of the others
// are returned.
func (t Table) split(edition int, before []Chunk) (chunks []Chunk, bodies map[string][]byte, err error) {
	known := map[string]string{}
	for _, c := range before {
		_, content, _ := strings.Cut(c.Name, "-")
		known[content] = c.Name
	}
	bodies = map[string][]byte{}
	var raw []byte
	count := 0
	flush := func() error {
		if count == 0 {
			return nil
		}
		sum := sha256.Sum256(raw)
		content := hex.EncodeToString(sum[:16])
		name, there := known[content]
		if !there {
			name = fmt.Sprintf("%08d-%s", edition, content)
			if bodies[name], err = compress(raw); err != nil {
				return err
			}
		}
		chunks = append(chunks, Chunk{name, count})
		raw, count = raw[:0], 0
		return nil
	}
	for i, e := range t.entries {
		if count == 0 {
			raw = append(raw, format)
		}
		raw = appendEntry(raw, e)
		if count++; cuts(t.keys[i]) || len(raw) >= maxChunk {
			if err := flush(); err != nil {
				return nil, nil, err
			}
		}
	}
	return chunks, bodies, flush()
}

func cuts(key string) bool {
	h := fnv.New32a()
	_, _ = io.WriteString(h, key) // a hash never fails to write
	return h.Sum32()%cutEvery == 0
}

func compress(raw []byte) ([]byte, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(raw)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, problem.Wrap(err, problem.Internal, "A list could not be compressed.")
	}
	return out.Bytes(), nil
}

// decompress reads at most limit bytes. Errors: those of gzip; TooLarge.
func decompress(body []byte, limit int64) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(raw)) > limit {
		err = problem.New(problem.TooLarge, "The entries of a list have at most %d MB.", MaxBytes>>20)
	}
	return raw, err
}

// largest is what a chunk can be at most: the entry that reaches the limit is still in it.
const largest = maxChunk + MaxValue + MaxNote + 3*binary.MaxVarintLen64

// unpack reads the text of a chunk.
func unpack(body []byte) (string, error) {
	raw, err := decompress(body, largest)
	if err != nil {
		return "", unreadable(err)
	}
	return string(raw), nil
}

func unreadable(err error) error {
	return problem.Wrap(err, problem.Internal, "A kept list cannot be read.")
}

// each yields the entries of a chunk's text: parts of it, without copies. until is in milliseconds since 1970.
func each(text string, yield func(value string, until int64, note string) error) error {
	if text == "" || text[0] != format {
		return unreadable(nil)
	}
	for rest := text[1:]; rest != ""; {
		value, rest1, ok := part(rest)
		expires, rest2, okExpires := uvarint(rest1)
		note, rest3, okNote := part(rest2)
		if !ok || !okExpires || !okNote || expires > math.MaxInt64 {
			return unreadable(nil)
		}
		until := int64(never)
		if expires > 0 {
			until = int64(expires) - 1
		}
		if err := yield(value, until, note); err != nil {
			return err
		}
		rest = rest3
	}
	return nil
}

func part(text string) (value, rest string, ok bool) {
	length, rest, ok := uvarint(text)
	if !ok || length > uint64(len(rest)) {
		return "", "", false
	}
	return rest[:length], rest[length:], true
}

func uvarint(text string) (n uint64, rest string, ok bool) {
	for i := range min(len(text), binary.MaxVarintLen64) {
		b := text[i]
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			return n, text[i+1:], true
		}
	}
	return 0, "", false
}

func entryOf(value string, until int64, note string) Entry {
	e := Entry{Value: value, Note: note}
	if until != never {
		e.ExpiresAt = time.UnixMilli(until).UTC()
	}
	return e
}
