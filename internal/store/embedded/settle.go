package embedded

import (
	"context"
	"log/slog"
	"time"

	"go.etcd.io/bbolt"

	"ballerine/internal/problem"
	"ballerine/internal/store/embedded/redo"
)

// A group of writes is on the disk when the log has it: one sync of a few pages. The writes are kept in memory, in a layer
// over the file, and brought into the file later, many groups in one transaction: what was written several times is written
// once, and what is gone by then not at all.
const (
	settleEvery = 5 * time.Second
	settleAt    = 8 << 20  // bytes of the log, from which on they are brought into the file at once
	logMost     = 64 << 20 // bytes of the log, from which on writers wait for the file
)

// state is what readers see: layers of writes that are on the disk, the newest first, over what the file has.
type state struct {
	layers []*layer
	turns  int // how many layers were on their way into the file
}

// writer is what only the one writer uses.
type writer struct {
	log    *redo.Log
	work   *layer       // writes in the log's current file
	frozen *layer       // writes in its other file, on their way into the data file; nil: none
	upTo   uint64       // the number of the newest record of frozen
	turns  int          // how many there were
	busy   bool         // frozen is being written
	writes []redo.Write // of the group
	last   int          // members of the group before

	expired string // the tenant whose publications were last checked

	settled chan error // how the writing of frozen has ended
}

func (w *writer) layers(newest *layer) []*layer {
	if w.frozen == nil {
		return []*layer{newest}
	}
	return []*layer{newest, w.frozen}
}

// publish shows readers what is on the disk.
func (db *DB) publish() {
	db.state.Store(&state{layers: db.writer.layers(db.writer.work.Copy()), turns: db.writer.turns})
}

// write is the one writer: it takes all that wait, keeps them in the log with one sync, and answers them. From time to time
// it lets the log be brought into the file.
func (db *DB) write() {
	defer close(db.done)
	ticker := time.NewTicker(settleEvery)
	defer ticker.Stop()
	for {
		select {
		case r := <-db.queue:
			db.group(db.drain(r))
			if db.writer.frozen == nil && db.writer.log.Size() >= settleAt {
				db.settle()
			}
		case err := <-db.writer.settled:
			db.ended(err)
		case answer := <-db.flushes:
			answer <- db.flush()
		case <-ticker.C:
			db.settle()
		case <-db.closed:
			for {
				select {
				case r := <-db.queue:
					db.group(db.drain(r))
				default:
					_ = db.flush() // otherwise the log keeps it
					return
				}
			}
		}
	}
}

// settle begins to bring the log into the file, if there is something and it is not being done. What failed is tried again.
func (db *DB) settle() {
	w := &db.writer
	if w.busy || w.frozen == nil && w.work.Len() == 0 {
		return
	}
	if w.frozen == nil {
		w.frozen, w.upTo, w.work = w.work, w.log.Number(), &layer{}
		w.turns++
		w.log.Turn()
		db.publish() // before the file has any of it
	}
	w.busy = true
	go func(l *layer, upTo uint64) {
		w.settled <- guarded(func() error {
			return db.bolt.Update(func(tx *bbolt.Tx) error { return bring(tx, l, upTo) })
		})
	}(w.frozen, w.upTo)
}

// ended takes note of how the writing of the frozen layer has ended.
func (db *DB) ended(err error) {
	db.writer.busy = false
	before := db.unsettled.Swap(err != nil)
	if err != nil {
		if !before { // and not each time that it is tried again
			slog.Error("the writes of the log could not be moved to the data file; the log keeps them", "error", err)
		}
		return // it is still in its file of the log, and seen by readers
	}
	db.writer.frozen = nil
	db.publish()
}

// flush brings all of the log into the file.
func (db *DB) flush() error {
	w := &db.writer
	var err error
	for range 3 { // one that is under way or has failed, and the newest
		if !w.busy {
			db.settle()
		}
		if !w.busy {
			return nil
		}
		err = <-w.settled
		db.ended(err)
	}
	return err
}

// makeRoom lets writers wait for the file where the log has become too large.
func (db *DB) makeRoom() error {
	if db.writer.log.Size() < logMost {
		return nil
	}
	return db.flush()
}

// Flush brings into the file what was written before, which is on the disk all the same. Errors: Unavailable.
func (db *DB) Flush(ctx context.Context) error {
	answer := make(chan error, 1)
	select {
	case db.flushes <- answer:
		if err := <-answer; err != nil {
			return unwritten(err)
		}
		return nil
	case <-db.done:
		return closedError()
	case <-ctx.Done():
		return problem.Wrap(ctx.Err(), problem.Timeout, "The call ended before the data file was written.")
	}
}
