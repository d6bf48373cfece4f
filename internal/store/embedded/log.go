package embedded

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"go.etcd.io/bbolt"

	"ballerine/internal/store/embedded/redo"
)

// What the file states about its log, so that a lost log is noticed. Copies of the file do not have metaGeneration: no
// log belongs to them.
const (
	metaLog        = "log"            // which data file this is, and how far it has its log: two numbers of 8 bytes
	metaGeneration = "log-generation" // which log was begun last (8 bytes), and whether the file has all of it (1 byte)
)

const (
	logNeeded byte = 1 // the log must be there, with whatever the file does not have
	logDone   byte = 2 // the file has all of it
)

// bring writes a layer into the file, and how far the file has the log by then.
func bring(tx *bbolt.Tx, l *layer, upTo uint64) error {
	var name string
	var b *bbolt.Bucket
	var err error
	l.Scan(func(key string, value []byte) bool {
		bucket, key, _ := strings.Cut(key, "\x00")
		if b == nil || bucket != name {
			if b, err = tx.CreateBucketIfNotExists([]byte(bucket)); err != nil {
				return false
			}
			name = bucket
		}
		if value == nil {
			err = b.Delete([]byte(key))
		} else {
			err = b.Put([]byte(key), value)
		}
		return err == nil
	})
	if err != nil {
		return err
	}
	return mark(tx, upTo)
}

// mark notes how far the file has its log.
func mark(tx *bbolt.Tx, upTo uint64) error {
	meta, err := tx.CreateBucketIfNotExists([]byte(bucketMeta))
	if err != nil {
		return err
	}
	id, _ := marked(meta)
	return meta.Put([]byte(metaLog), binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, id), upTo))
}

// marked states which log belongs to the file, and how far the file has it. A file that has none gets one.
func marked(meta *bbolt.Bucket) (id, upTo uint64) {
	if text := meta.Get([]byte(metaLog)); len(text) == 16 {
		return binary.BigEndian.Uint64(text), binary.BigEndian.Uint64(text[8:])
	}
	return someNumber(), 0
}

func someNumber() uint64 {
	var text [8]byte
	_, _ = rand.Read(text[:]) // never fails
	return binary.BigEndian.Uint64(text[:])
}

// note records the state of a log.
func note(tx *bbolt.Tx, generation uint64, what byte) error {
	return tx.Bucket([]byte(bucketMeta)).Put([]byte(metaGeneration), append(binary.BigEndian.AppendUint64(nil, generation), what))
}

// stateOf is what the file states about its log.
func stateOf(tx *bbolt.Tx) (redo.State, error) {
	meta := tx.Bucket([]byte(bucketMeta))
	var s redo.State
	s.ID, s.After = marked(meta)
	text := meta.Get([]byte(metaGeneration))
	switch {
	case text == nil:
	case len(text) == 9 && text[8] == logNeeded:
		s.Generation = binary.BigEndian.Uint64(text)
	case len(text) == 9 && text[8] == logDone:
		s.Done = binary.BigEndian.Uint64(text)
	default:
		return s, errors.New("the state of the log in the data file cannot be read")
	}
	return s, nil
}

// recovered brings into the file what a process that was killed has left in the log, and removes the log. With lossy,
// the unreadable part of the log is dropped, with everything after it. It returns the state from which a new log
// continues.
//
// The power may fail after each step: first the file has all of the log and states so, then the log is removed; a new
// one is made, and when it is on the disk the file states that it must exist (beginLog).
func recovered(bolt *bbolt.DB, lossy bool) (redo.State, error) {
	var s redo.State
	err := bolt.Update(func(tx *bbolt.Tx) (err error) {
		if meta := tx.Bucket([]byte(bucketMeta)); meta == nil || len(meta.Get([]byte(metaLog))) != 16 {
			if err := mark(tx, 0); err != nil {
				return err
			}
		}
		s, err = stateOf(tx)
		return err
	})
	if err != nil {
		return s, err
	}
	var left layer
	number := s.After
	err = redo.Read(bolt.Path(), s, func(n uint64, writes []redo.Write) error {
		for _, w := range writes {
			left.Set(inLayer(w.Bucket, w.Key), w.Value)
		}
		number = n
		return nil
	})
	switch {
	case errors.Is(err, redo.ErrDamaged) && !lossy:
		return s, damagedLog(bolt.Path(), err)
	case err != nil && !errors.Is(err, redo.ErrDamaged):
		return s, err
	}
	if number > s.After || s.Generation != 0 {
		err := bolt.Update(func(tx *bbolt.Tx) error {
			return errors.Join(bring(tx, &left, number), note(tx, s.Generation, logDone))
		})
		if err != nil {
			return s, err
		}
	}
	s.After = number
	return s, redo.Remove(bolt.Path())
}

// beginLog makes a new log, and records in the file that it must exist.
func beginLog(bolt *bbolt.DB, s redo.State, step func(string)) (*redo.Log, error) {
	generation := max(1, someNumber())
	log, err := redo.Begin(bolt.Path(), s.ID, generation, s.After)
	if err != nil {
		return nil, err
	}
	step("the log is made")
	if err := bolt.Update(func(tx *bbolt.Tx) error { return note(tx, generation, logNeeded) }); err != nil {
		return nil, errors.Join(err, log.Close(false))
	}
	return log, nil
}

// endLog records in the file that it has all of its log.
func endLog(bolt *bbolt.DB, log *redo.Log) error {
	return guarded(func() error {
		return bolt.Update(func(tx *bbolt.Tx) error { return note(tx, log.Generation(), logDone) })
	})
}

// withoutLog removes the statement about a log from a copy of a data file: none belongs to it.
func withoutLog(path string) error {
	options := fileOptions()
	options.InitialMmapSize = 0
	bolt, err := openWhole(path, options)
	if err != nil {
		return err
	}
	err = bolt.Update(func(tx *bbolt.Tx) error {
		if meta := tx.Bucket([]byte(bucketMeta)); meta != nil {
			return meta.Delete([]byte(metaGeneration))
		}
		return nil
	})
	return errors.Join(err, bolt.Close())
}

// Salvage makes a data file usable without the lost part of its log: the readable part of it, up to where it is damaged,
// is brought into the file. It is for a person who has decided so. Errors: as Open, of the file itself.
func Salvage(path string) error {
	bolt, err := openWhole(path, fileOptions())
	if err != nil {
		return err
	}
	err = guarded(func() error { _, err := recovered(bolt, true); return err })
	if err = errors.Join(err, bolt.Close()); err != nil {
		return fmt.Errorf("open %s: %w", path, unwritten(err))
	}
	return nil
}
