// Package redo is a log of groups of writes. A group is on the disk with one sync, in its place in the order of all
// groups; the data file, whose pages take more, is written later. After a crash the log contains what the data file
// still lacks.
//
// A log is two files that take turns: while the groups of one are brought into the data file, new ones go to the other.
// A file begins with a page that states which log it belongs to (see header.go), so that a file that is missing,
// emptied, truncated or another's is noticed. Records follow. A record is a header and the group's writes, and begins at
// a multiple of 512 bytes:
//
//	0   4  "redo"
//	4   4  CRC-32C of all that follows, as far as the length goes
//	8   8  number: one more than that of the record before
//	16  8  the data file that the log belongs to
//	24  4  length of the writes in bytes
//	28     the writes, masked
//
// Numbers are unsigned and big-endian. A write is the bucket, the key and the value, each preceded by its length as a
// varint; for a value it is one more than the length, and 0 means that the key is deleted.
//
// No 512 bytes of a file are all zero: the space behind the records is filled with something else, and the writes are
// masked with a pattern of the log. So data that was lost and reads as zeros, which is what file systems put there, is
// distinguished from space that was never used and from a record that a crash has truncated.
package redo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
)

const (
	magic      = "redo"
	headerSize = 28
	align      = 512
	largest    = 1 << 31 // bytes of a record
	roomy      = 8 << 20 // bytes of a buffer that is not kept for the next record
	room       = 1 << 20 // bytes that a file grows by: a sync of bytes that the file has already is a cheap one
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// unused is what the space behind the records is filled with.
var unused = bytes.Repeat([]byte("room"), room/4)

// ErrDamaged states that a log has lost records, or does not go on where the data file ends.
var ErrDamaged = errors.New("the log is damaged")

// errBroken states that the disk has failed to keep a record. What it stored is known only after the log is reopened.
var errBroken = errors.New("the disk failed to store the log")

// Paths are the two files of the log of a data file.
func Paths(data string) [2]string { return [2]string{data + ".log0", data + ".log1"} }

// Write is one write of a group. Value nil deletes the key.
type Write struct {
	Bucket, Key string
	Value       []byte
}

// Log takes groups. One goroutine at a time may use it.
type Log struct {
	data       string
	id         uint64
	generation uint64
	number     uint64 // of the newest record
	mask       []byte
	files      [2]file
	turn       int
	broken     bool
	buffer     []byte
}

type file struct {
	*os.File
	end  int64 // of the records
	size int64 // with the space behind them, as in the file's head
	head int64 // how many heads were written
}

// Begin makes a new log of a data file, whose records go on after a number. Both of its files are on the disk when it
// returns. What is in former ones must be in the data file by now. A generation is a number that no other log of this
// data file has, and not 0.
func Begin(data string, id, generation, number uint64) (*Log, error) {
	l := &Log{data: data, id: id, generation: generation, number: number, mask: maskOf(id, generation)}
	for i := range l.files {
		if err := l.create(i); err != nil {
			return nil, errors.Join(err, l.Close(false))
		}
	}
	if err := syncFolder(filepath.Dir(data)); err != nil {
		return nil, errors.Join(err, l.Close(false))
	}
	return l, nil
}

func (l *Log) create(i int) error {
	opened, err := os.OpenFile(Paths(l.data)[i], os.O_CREATE|os.O_RDWR|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	l.files[i] = file{File: opened, end: start, size: start}
	if _, err := opened.Write(unused[:start]); err != nil {
		return err
	}
	if err := l.head(i, start); err != nil {
		return err
	}
	return opened.Sync()
}

// Generation of the log.
func (l *Log) Generation() uint64 { return l.generation }

// Number of the newest record.
func (l *Log) Number() uint64 { return l.number }

// Size of the records in the current file, in bytes.
func (l *Log) Size() int64 { return l.files[l.turn].end - start }

// Turn lets the next records go to the other file. All of that one's records must be in the data file by now.
func (l *Log) Turn() {
	l.turn = 1 - l.turn
	l.files[l.turn].end = start
}

// Append writes a group as the next record and returns when it is on the disk. After an error the group is not in the log,
// and the next one takes its number and its place; after errBroken every later call fails.
func (l *Log) Append(writes []Write) error {
	if l.broken {
		return errBroken
	}
	f := &l.files[l.turn]
	l.buffer = encode(l.buffer[:0], l.id, l.number+1, l.mask, writes)
	if int64(len(l.buffer)) > largest {
		l.buffer = nil
		return fmt.Errorf("a group of writes has more than %d bytes", int64(largest))
	}
	end := f.end + int64(len(l.buffer))
	if err := l.grow(end); err != nil {
		return err
	}
	if _, err := f.WriteAt(l.buffer, f.end); err != nil {
		return err
	}
	if err := l.sync(f); err != nil {
		return err
	}
	f.end = end
	l.number++
	if cap(l.buffer) > roomy {
		l.buffer = nil
	}
	return nil
}

func (l *Log) sync(f *file) error {
	if err := syncData(f.File); err != nil {
		l.broken = true
		return errors.Join(errBroken, err)
	}
	return nil
}

// grow reserves space in the current file up to an end. The file's head only states so when the space is on the disk,
// and is there itself with the sync of the record that needs it.
func (l *Log) grow(end int64) error {
	f := &l.files[l.turn]
	if f.size >= end {
		return nil
	}
	size := f.size
	for size < end {
		n, err := f.WriteAt(unused, size)
		if size += int64(n) / align * align; err != nil && size < end {
			return err // what was written is written over
		}
	}
	if err := l.sync(f); err != nil {
		return err
	}
	if err := l.head(l.turn, size); err != nil {
		return err
	}
	f.size = size
	return nil
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Close closes the files. With remove they are deleted: all of their records must be in the data file.
func (l *Log) Close(remove bool) error {
	var problems []error
	for i := range l.files {
		if f := &l.files[i]; f.File != nil {
			problems = append(problems, f.Close())
			f.File = nil
		}
	}
	if remove {
		problems = append(problems, Remove(l.data))
	}
	return errors.Join(problems...)
}

// Remove deletes the log of a data file.
func Remove(data string) error {
	var problems []error
	for _, path := range Paths(data) {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

func aligned(n int) int { return (n + align - 1) / align * align }

func encode(to []byte, id, number uint64, mask []byte, writes []Write) []byte {
	begin := len(to)
	to = append(to, magic...)
	to = append(to, 0, 0, 0, 0)
	to = binary.BigEndian.AppendUint64(to, number)
	to = binary.BigEndian.AppendUint64(to, id)
	to = append(to, 0, 0, 0, 0)
	for _, w := range writes {
		to = appendText(to, w.Bucket)
		to = appendText(to, w.Key)
		if w.Value == nil {
			to = append(to, 0)
			continue
		}
		to = binary.AppendUvarint(to, uint64(len(w.Value))+1)
		to = append(to, w.Value...)
	}
	all := to[begin:]
	masked(all[headerSize:], mask)
	binary.BigEndian.PutUint32(all[24:], uint32(len(all)-headerSize))
	binary.BigEndian.PutUint32(all[4:], crc32.Checksum(all[8:], castagnoli))
	return append(to, unused[:aligned(len(all))-len(all)]...)
}

func appendText(to []byte, text string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(text))), text...)
}
