package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// maxGroup bounds how many writers share one fsync.
const maxGroup = 512

// maxValue bounds one value, in bytes: far above every record, far below what the file's format ends at.
const maxValue = 64 << 20

// DB is the file. It is safe for concurrent use; one process at a time can have it open.
type DB struct {
	bolt   *bbolt.DB
	queue  chan *request
	closed chan struct{}
	done   chan struct{}
	once   sync.Once

	last int // members of the group before; the writer's own

	mutex sync.Mutex
	feeds []func([]cases.Effect)
	lost  []func(error)
}

// request is a queued write transaction.
type request struct {
	run    func(tx *Tx) error
	answer chan error // nil: nobody waits
	early  bool       // answered when it has run, before the disk has it
}

// Open opens or creates the file. Errors: Unavailable when another process has it open.
func Open(path string) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("create data folder: %w", err)
	}
	options := *bbolt.DefaultOptions
	options.Timeout = 500 * time.Millisecond
	options.FreelistType = bbolt.FreelistMapType
	options.NoFreelistSync = true
	options.InitialMmapSize = 256 << 20
	bolt, err := bbolt.Open(path, 0o600, &options)
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, problem.Wrap(err, problem.Unavailable, "Another process has the data open (%s). Stop it, or talk to it with --endpoint.", path)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := rebuild(bolt); err != nil {
		_ = bolt.Close() // the first error is the one to tell
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db := &DB{bolt: bolt, queue: make(chan *request, maxGroup), closed: make(chan struct{}), done: make(chan struct{})}
	go db.write()
	return db, nil
}

// Close waits for the writes that are under way and closes the file. Later writes fail with Unavailable.
func (db *DB) Close() error {
	db.once.Do(func() { close(db.closed) })
	<-db.done
	return db.bolt.Close()
}

// Update runs a write transaction and returns when it is on the disk. run sees the writes of all that came before it;
// when it fails, nothing of it is written. It may be run while others wait: it must be quick and do no I/O.
func (db *DB) Update(ctx context.Context, run func(tx *Tx) error) error {
	return db.do(ctx, &request{run: run, answer: make(chan error, 1)})
}

func (db *DB) do(ctx context.Context, r *request) error {
	if err := db.enqueue(ctx, r); err != nil {
		return err
	}
	select { // once queued it will be run, whatever becomes of ctx
	case err := <-r.answer:
		return err
	case <-db.done:
	}
	select {
	case err := <-r.answer: // it was in the writer's last group
		return err
	default: // it was queued after that
		return closedError()
	}
}

// UpdateInOrder runs a write transaction and returns when it has run, before it is on the disk. Writes reach the disk in
// their order, so whatever is durable later proves that this one is: good for what only later writes build upon, such
// as the steps of an execution. Readers (View) see it once it is on the disk.
func (db *DB) UpdateInOrder(ctx context.Context, run func(tx *Tx) error) error {
	return db.do(ctx, &request{run: run, answer: make(chan error, 1), early: true})
}

func closedError() error { return problem.New(problem.Unavailable, "The data file is closed.") }

// UpdateLater queues a write transaction without waiting for the disk: for what may be lost in a crash and is found
// again. It is written in its place in the order of all writes. Should it fail, the functions of OnLost are told.
func (db *DB) UpdateLater(ctx context.Context, run func(tx *Tx) error) error {
	return db.enqueue(ctx, &request{run: run})
}

func (db *DB) enqueue(ctx context.Context, r *request) error {
	select {
	case <-db.closed:
		return closedError()
	default:
	}
	select {
	case db.queue <- r:
		return nil
	case <-db.closed:
		return closedError()
	case <-ctx.Done():
		return problem.Wrap(ctx.Err(), problem.Timeout, "The call ended before it could be written.")
	}
}

// View runs a read transaction over a snapshot of the file.
func (db *DB) View(run func(tx *Tx) error) error {
	err := db.bolt.View(func(b *bbolt.Tx) error { return run(&Tx{bolt: b}) })
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return problem.Wrap(err, problem.Unavailable, "The data file is closed.")
	}
	return err
}

// OnLost registers a function that is told why a write of UpdateLater came to nothing, to count or to log it: nobody
// waits for such a write. Until there is one, the default logger is told. It must not block.
func (db *DB) OnLost(tell func(error)) {
	db.mutex.Lock()
	defer db.mutex.Unlock()
	db.lost = append(db.lost, tell)
}

func (db *DB) tellLost(err error) {
	db.mutex.Lock()
	lost := db.lost
	db.mutex.Unlock()
	if len(lost) == 0 {
		slog.Error("a write that nobody waits for was lost", "error", err)
	}
	for _, tell := range lost {
		tell(err)
	}
}

// OnCommit registers a function that is told the outbox effects of each group of commits, after they are on the disk.
// It must not block.
func (db *DB) OnCommit(feed func([]cases.Effect)) {
	db.mutex.Lock()
	defer db.mutex.Unlock()
	db.feeds = append(db.feeds, feed)
}

// write is the one writer: it takes all that wait, writes them in one transaction of the file, and answers them.
func (db *DB) write() {
	defer close(db.done)
	for {
		select {
		case r := <-db.queue:
			db.group(db.drain(r))
		case <-db.closed:
			for {
				select {
				case r := <-db.queue:
					db.group(db.drain(r))
				default:
					return
				}
			}
		}
	}
}

// Under load the writer gathers: a little more waiting for each, and far fewer syncs for all.
const (
	loaded = 8                    // members of the group before, from which on the next one gathers
	gather = 2 * time.Millisecond // how long
	ample  = 48                   // members that are enough
)

// drain takes all that wait. When the group before was large, others are about to come: it waits for them a little.
func (db *DB) drain(first *request) []*request {
	group := []*request{first}
	var enough <-chan time.Time
	if db.last >= loaded {
		timer := time.NewTimer(gather)
		defer timer.Stop()
		enough = timer.C
	}
	for len(group) < maxGroup {
		select {
		case r := <-db.queue:
			group = append(group, r)
			continue
		default:
		}
		if enough == nil || len(group) >= ample {
			break
		}
		select {
		case r := <-db.queue:
			group = append(group, r)
		case <-enough:
			enough = nil
		case <-db.closed:
			enough = nil
		}
	}
	db.last = len(group)
	return group
}

func (db *DB) group(group []*request) {
	results := make([]error, len(group))
	var effects []cases.Effect
	err := db.bolt.Update(func(b *bbolt.Tx) error {
		effects = nil
		for i, r := range group {
			tx := &Tx{bolt: b, writable: true, pending: map[string]map[string][]byte{}}
			if results[i] = tx.attempt(r.run); results[i] == nil {
				if err := tx.flush(); err != nil {
					return err
				}
				effects = append(effects, tx.effects...)
			}
			if r.early {
				r.answer <- results[i]
			}
		}
		return nil
	})
	if err == nil && len(effects) > 0 {
		db.mutex.Lock()
		feeds := db.feeds
		db.mutex.Unlock()
		for _, feed := range feeds {
			feed(effects)
		}
	}
	for i, r := range group {
		if err != nil {
			results[i] = problem.Wrap(err, problem.Unavailable, "The data file could not be written.")
		}
		if r.answer != nil && (!r.early || err != nil) {
			select {
			case r.answer <- results[i]:
			default: // answered early
			}
		}
		if results[i] != nil && (r.answer == nil || (r.early && err != nil)) {
			db.tellLost(results[i])
		}
	}
}

// Tx is a transaction. Keys are in buckets, which come into being when they are first written.
type Tx struct {
	bolt     *bbolt.Tx
	writable bool
	pending  map[string]map[string][]byte // bucket -> key -> value; nil value: delete
	effects  []cases.Effect
}

func (tx *Tx) attempt(run func(*Tx) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = problem.New(problem.Internal, "A write transaction panicked: %v", r)
		}
	}()
	if err := run(tx); err != nil {
		return err
	}
	return tx.check()
}

// check refuses what the file cannot hold, so that a transaction fails by itself and not the group that it is in.
func (tx *Tx) check() error {
	for bucket, values := range tx.pending {
		if bucket == "" {
			return problem.New(problem.Internal, "A write names no bucket.")
		}
		for key, value := range values {
			switch {
			case key == "":
				return problem.New(problem.Invalid, "A key of %s is empty.", bucket)
			case len(key) > bbolt.MaxKeySize:
				return problem.New(problem.TooLarge, "A key of %s is longer than %d KB.", bucket, bbolt.MaxKeySize>>10)
			case len(value) > maxValue:
				return problem.New(problem.TooLarge, "A value of %s is larger than %d MB.", bucket, maxValue>>20)
			}
		}
	}
	return nil
}

// Get returns the value of a key, or nil. It is valid until the transaction ends.
func (tx *Tx) Get(bucket, key string) []byte {
	if values, ok := tx.pending[bucket]; ok {
		if value, ok := values[key]; ok {
			return value
		}
	}
	b := tx.bolt.Bucket([]byte(bucket))
	if b == nil {
		return nil
	}
	return b.Get([]byte(key))
}

// Put writes a key. The value must not be changed afterwards.
func (tx *Tx) Put(bucket, key string, value []byte) { tx.set(bucket, key, value) }

// Delete removes a key; one that is not there is no error.
func (tx *Tx) Delete(bucket, key string) { tx.set(bucket, key, nil) }

func (tx *Tx) set(bucket, key string, value []byte) {
	values, ok := tx.pending[bucket]
	if !ok {
		values = map[string][]byte{}
		tx.pending[bucket] = values
	}
	values[key] = value
}

// flush applies the pending writes to the file's transaction.
func (tx *Tx) flush() error {
	for bucket, values := range tx.pending {
		b, err := tx.bolt.CreateBucketIfNotExists([]byte(bucket))
		if err != nil {
			return err
		}
		for key, value := range values {
			if value == nil {
				err = b.Delete([]byte(key))
			} else {
				err = b.Put([]byte(key), value)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Scan visits the keys of a bucket that begin with prefix, ascending, from the first after start (if it is not ""),
// until visit returns false. In a write transaction it does not see the transaction's own writes.
func (tx *Tx) Scan(bucket, prefix, start string, visit func(key string, value []byte) bool) {
	b := tx.bolt.Bucket([]byte(bucket))
	if b == nil {
		return
	}
	cursor := b.Cursor()
	key, value := cursor.Seek([]byte(max(prefix, start)))
	if start != "" && string(key) == start {
		key, value = cursor.Next()
	}
	for ; key != nil && bytes.HasPrefix(key, []byte(prefix)); key, value = cursor.Next() {
		if !visit(string(key), value) {
			return
		}
	}
}

// ScanBack is Scan in descending order; start is the last key of a former page.
func (tx *Tx) ScanBack(bucket, prefix, start string, visit func(key string, value []byte) bool) {
	b := tx.bolt.Bucket([]byte(bucket))
	if b == nil {
		return
	}
	cursor := b.Cursor()
	from := start
	if from == "" {
		from = prefix + "\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	}
	key, value := cursor.Seek([]byte(from))
	if key == nil {
		key, value = cursor.Last()
	}
	for key != nil && string(key) >= from {
		key, value = cursor.Prev()
	}
	for ; key != nil && bytes.HasPrefix(key, []byte(prefix)); key, value = cursor.Prev() {
		if !visit(string(key), value) {
			return
		}
	}
}
