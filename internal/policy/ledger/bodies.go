package ledger

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"io"
	"sync"

	"github.com/klauspost/compress/s2"

	"ballerine/internal/problem"
)

// A body is the input and the answer of a decision, compressed apart, as backtests read many inputs and no answers:
//
//	1 byte     version, bodyVersion; a body that begins with gzip's 0x1f is an old one: both texts, a line each
//	4 bytes    CRC-32 (Castagnoli) of the input and of the answer, big-endian; 4 bytes each
//	uvarint    length of the next part; 0: there is no input
//	           input, an S2 block
//	           answer, DEFLATE with the input as its dictionary: traces repeat much of it; empty: there is no answer
const bodyVersion = 1

const bodyPrefix = 9

// maxOpen bounds what a body may decompress to, in bytes: an input arrives in a body of 1 MB, or from a case of that size.
const maxOpen = 64 << 20

// Writers and readers of compressed texts hold large tables: they are used again.
var (
	writers = sync.Pool{New: func() any {
		w, _ := flate.NewWriter(io.Discard, flate.DefaultCompression) // fails for another level
		return w
	}}
	inflaters = sync.Pool{New: func() any { return flate.NewReader(bytes.NewReader(nil)) }}
	readers   = sync.Pool{New: func() any { return new(gzip.Reader) }}
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// pack compresses an input and an answer.
func pack(input, answer json.RawMessage) ([]byte, error) {
	var block []byte
	if len(input) > 0 {
		block = s2.EncodeBetter(nil, input)
	}
	body := make([]byte, bodyPrefix, bodyPrefix+binary.MaxVarintLen64+len(block)+len(answer)/3)
	body[0] = bodyVersion
	binary.BigEndian.PutUint32(body[1:], crc32.Checksum(input, castagnoli))
	binary.BigEndian.PutUint32(body[5:], crc32.Checksum(answer, castagnoli))
	body = append(binary.AppendUvarint(body, uint64(len(block))), block...)
	if len(answer) == 0 {
		return body, nil
	}
	out := bytes.NewBuffer(body)
	if err := deflate(out, input, answer); err != nil {
		return nil, problem.Wrap(err, problem.Internal, "A decision could not be compressed.")
	}
	return out.Bytes(), nil
}

// deflate compresses a text that follows another one.
func deflate(out *bytes.Buffer, before, text []byte) error {
	w, _ := writers.Get().(*flate.Writer)
	defer writers.Put(w)
	into := &late{}
	w.Reset(into)
	if _, err := w.Write(before); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	into.out = out // what was read before is not written again
	if _, err := w.Write(text); err != nil {
		return err
	}
	return w.Close()
}

// late drops what is written before it has somewhere to go.
type late struct{ out *bytes.Buffer }

func (l *late) Write(p []byte) (int, error) {
	if l.out == nil {
		return len(p), nil
	}
	return l.out.Write(p)
}

func unreadableBody(err error) error {
	return problem.Wrap(err, problem.Internal, "A kept decision cannot be read.")
}

// unpackInput appends the input of a body to a buffer; rest is what unpackAnswer takes.
func unpackInput(buffer, body []byte) (text, rest []byte, err error) {
	if len(body) > 0 && body[0] != bodyVersion {
		return unpackOld(buffer, body)
	}
	if len(body) <= bodyPrefix {
		return nil, nil, unreadableBody(nil)
	}
	length, n := binary.Uvarint(body[bodyPrefix:])
	rest = body[bodyPrefix+max(n, 0):]
	if n <= 0 || length > uint64(len(rest)) {
		return nil, nil, unreadableBody(nil)
	}
	block, rest := rest[:length], rest[length:]
	if length == 0 {
		return buffer, rest, nil
	}
	size, err := s2.DecodedLen(block)
	if err != nil || size > maxOpen {
		return nil, nil, unreadableBody(err)
	}
	if cap(buffer)-len(buffer) < size {
		buffer = append(make([]byte, 0, len(buffer)+size), buffer...)
	}
	text, err = s2.Decode(buffer[len(buffer):len(buffer)+size], block)
	if err != nil || crc32.Checksum(text, castagnoli) != binary.BigEndian.Uint32(body[1:]) {
		return nil, nil, unreadableBody(err)
	}
	return buffer[:len(buffer)+size], rest, nil
}

// unpack returns both texts of a body.
func unpack(body []byte) (input, answer []byte, err error) {
	input, rest, err := unpackInput(nil, body)
	if err != nil || len(rest) == 0 || body[0] != bodyVersion {
		return input, rest, err
	}
	r, _ := inflaters.Get().(io.ReadCloser)
	defer inflaters.Put(r)
	again, _ := r.(flate.Resetter)
	if err := again.Reset(bytes.NewReader(rest), input); err != nil {
		return nil, nil, unreadableBody(err)
	}
	answer, err = io.ReadAll(io.LimitReader(r, maxOpen))
	if err != nil || len(answer) == maxOpen || crc32.Checksum(answer, castagnoli) != binary.BigEndian.Uint32(body[5:]) {
		return nil, nil, unreadableBody(err)
	}
	return input, answer, nil
}

// unpackOld reads a body of gzip.
func unpackOld(buffer, body []byte) (input, answer []byte, err error) {
	r, _ := readers.Get().(*gzip.Reader)
	defer readers.Put(r)
	if err := r.Reset(bytes.NewReader(body)); err != nil {
		return nil, nil, unreadableBody(err)
	}
	out := bytes.NewBuffer(buffer)
	n, err := io.Copy(out, io.LimitReader(r, maxOpen))
	if err != nil || n == maxOpen {
		return nil, nil, unreadableBody(err)
	}
	input, answer, _ = bytes.Cut(out.Bytes(), []byte{'\n'})
	return input, answer, nil
}
