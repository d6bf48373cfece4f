package redo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
)

// State is what a data file states about its log.
type State struct {
	ID    uint64 // of the data file
	After uint64 // the newest record that it has
	// Generation is the log that must exist; 0: none has to, since the data file has all of it, is a copy, or is of a
	// version that did not record it.
	Generation uint64
	Done       uint64 // the generation of a log of which the data file has all, whatever is left of it
}

// Read visits the records of a data file's log with numbers greater than After, in order. A record that a crash has cut
// short is the end. Errors: ErrDamaged when records are missing, after those before them were visited; what visit returns.
func Read(data string, s State, visit func(number uint64, writes []Write) error) error {
	var parts [2]part
	var damage error
	for i, path := range Paths(data) {
		var err error
		parts[i], err = s.part(path, i)
		if err != nil && !errors.Is(err, ErrDamaged) {
			return err
		}
		if err != nil && damage == nil {
			damage = fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
	}
	if parts[0].first > parts[1].first {
		parts[0], parts[1] = parts[1], parts[0]
	}
	after := s.After
	for _, p := range parts {
		for i, payload := range p.payloads {
			number := p.first + uint64(i)
			switch {
			case number <= after:
				continue
			case number > after+1 && damage != nil:
				return damage
			case number > after+1:
				return fmt.Errorf("%w: it continues with record %d, but the data file ends with %d", ErrDamaged, number, after)
			}
			masked(payload, p.mask)
			writes, err := decode(payload)
			if err != nil {
				return fmt.Errorf("%w: record %d: %w", ErrDamaged, number, err)
			}
			if err := visit(number, writes); err != nil {
				return err
			}
			after = number
		}
	}
	return damage
}

// part is what one file of a log holds.
type part struct {
	first    uint64 // the first one's number
	payloads [][]byte
	mask     []byte
}

// part reads one file. With ErrDamaged come the records before the damage.
func (s State) part(path string, index int) (part, error) {
	text, err := os.ReadFile(path)
	missing := errors.Is(err, os.ErrNotExist)
	if err != nil && !missing {
		return part{}, err
	}
	h, ok := headOf(text)
	switch {
	case s.Generation == 0:
		return s.unexpected(text, h, ok)
	case missing:
		return part{}, fmt.Errorf("%w: it is missing", ErrDamaged)
	case len(text) == 0:
		return part{}, fmt.Errorf("%w: it is empty", ErrDamaged)
	case !ok:
		return part{}, fmt.Errorf("%w: its first page is lost", ErrDamaged)
	case h.generation != s.Generation || h.id != s.ID || h.index != index:
		return part{}, fmt.Errorf("%w: it belongs to another file or another time", ErrDamaged)
	}
	return s.expected(text, h)
}

// expected reads a file that must be there as it was left.
func (s State) expected(text []byte, h head) (part, error) {
	p, err := split(text[min(start, len(text)):], s.ID, s.After)
	p.mask = maskOf(h.id, h.generation)
	if uint64(len(text)) < h.size {
		return p, fmt.Errorf("%w: it was cut to %d of %d bytes", ErrDamaged, len(text), h.size)
	}
	if at := lost(text[:h.size]); at >= 0 && err == nil {
		return p, fmt.Errorf("%w: the bytes from %d on are lost", ErrDamaged, at)
	}
	return p, err
}

// lost finds the first place that reads as zeros, which are never written; -1: there is none.
func lost(text []byte) int {
	var zeros [align]byte
	for at := 0; at+align <= len(text); at += align {
		if bytes.Equal(text[at:at+align], zeros[:]) {
			return at
		}
	}
	return -1
}

// unexpected reads a file that need not exist: of a version that wrote no heads and did not record in the data file that
// there is a log; or one that is left after a clean end. The records of another log are not those with which the data
// file continues: it was restored from an earlier copy.
func (s State) unexpected(text []byte, h head, ok bool) (part, error) {
	if !ok {
		return split(text, s.ID, s.After)
	}
	if h.generation == s.Done && h.id == s.ID {
		return part{}, nil
	}
	p, err := split(text[min(start, len(text)):], h.id, s.After)
	if err == nil && len(p.payloads) > 0 && (h.id != s.ID || p.first+uint64(len(p.payloads)) > s.After+1) {
		err = fmt.Errorf("%w: it has writes, but the data file states that there is no log: it is a copy from another time", ErrDamaged)
	}
	return part{}, err
}

// split finds the records at the beginning of a text. Behind the last there may be records of an earlier turn, which the data
// file has (those up to after); a later one shows that some between were lost.
func split(text []byte, id, after uint64) (p part, err error) {
	var number uint64
	for at := 0; ; {
		found, payload, size := record(text[at:], id)
		if size == 0 || len(p.payloads) > 0 && found != number+1 {
			return p, lookBehind(text[at:], id, max(number, after))
		}
		if len(p.payloads) == 0 {
			p.first = found
		}
		number = found
		p.payloads = append(p.payloads, payload)
		if at += size; at > len(text) {
			return p, nil
		}
	}
}

func lookBehind(text []byte, id, number uint64) error {
	for at := 0; at < len(text); at += align {
		if found, _, size := record(text[at:], id); size > 0 && found > number {
			return fmt.Errorf("%w: of the records between %d and %d some are lost", ErrDamaged, number, found)
		}
	}
	return nil
}

// record reads the record at the beginning of a text. size is 0 if there is none.
func record(text []byte, id uint64) (number uint64, payload []byte, size int) {
	if len(text) < headerSize || string(text[:4]) != magic || binary.BigEndian.Uint64(text[16:]) != id {
		return 0, nil, 0
	}
	length := int64(binary.BigEndian.Uint32(text[24:]))
	if length > int64(len(text)-headerSize) {
		return 0, nil, 0
	}
	end := headerSize + int(length)
	if crc32.Checksum(text[8:end], castagnoli) != binary.BigEndian.Uint32(text[4:]) {
		return 0, nil, 0
	}
	return binary.BigEndian.Uint64(text[8:]), text[headerSize:end], aligned(end)
}

// decode reads the writes of a record. Their values are parts of the text.
func decode(text []byte) (writes []Write, err error) {
	for len(text) > 0 {
		var bucket, key, value []byte
		var length uint64
		if bucket, text, err = take(text, 0); err != nil {
			return nil, err
		}
		if key, text, err = take(text, 0); err != nil {
			return nil, err
		}
		if length, _ = binary.Uvarint(text); length == 0 && len(text) > 0 && text[0] == 0 {
			text = text[1:]
		} else if value, text, err = take(text, 1); err != nil {
			return nil, err
		}
		writes = append(writes, Write{Bucket: string(bucket), Key: string(key), Value: value})
	}
	return writes, nil
}

// take reads a length, stored with an offset of more, and as many bytes. It never returns nil bytes without an error.
func take(text []byte, more uint64) (part, rest []byte, err error) {
	length, n := binary.Uvarint(text)
	if n <= 0 || length < more || length-more > uint64(len(text)-n) {
		return nil, nil, io.ErrUnexpectedEOF
	}
	end := n + int(length-more)
	return text[n:end:end], text[end:], nil
}
