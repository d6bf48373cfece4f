package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/store/embedded/redo"
	"ballerine/internal/store/limits"
)

// maxGroup bounds how many writers share one fsync.
const maxGroup = 512

// maxValue bounds one value, in bytes: far above every record, far below what the file's format ends at.
const maxValue = 64 << 20

// DB is the file, with a log of what it does not have yet. It is safe for concurrent use; one process at a time can have it
// open.
type DB struct {
	bolt    *bbolt.DB
	state   atomic.Pointer[state]
	queue   chan *request
	flushes chan chan error // requests to bring the log into the file
	closed  chan struct{}
	done    chan struct{}
	once    sync.Once
	step    func(string) // see open

	closing  sync.Once
	closeErr error

	decoded   decoded
	calls     calls       // under Idempotency-Keys
	underway  underway    // commits
	failed    atomic.Bool // the newest group of writes failed
	unsettled atomic.Bool // the file did not take what is in the log

	lookFrom string // where checking the next snapshot's values begins

	writer writer

	mutex sync.Mutex
	feeds []func([]cases.Effect)
	lost  []func(error)
}

// request is a queued write transaction.
type request struct {
	run    func(tx *Tx) error
	answer chan error // nil: no caller waits
	early  bool       // answered when it has run, before the disk has it
}

// Open opens or creates the file. Errors: Unavailable if another process has it open, or the disk is full; Internal if
// it or its log is damaged: the message states what to do.
func Open(path string) (*DB, error) { return open(path, func(string) {}) }

// open reports each step once it is on the disk, so that a test can simulate a power failure between them.
func open(path string, step func(string)) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("create data folder: %w", unwritten(err))
	}
	bolt, err := openWhole(path, fileOptions())
	if err != nil {
		return nil, err
	}
	step("the file is open")
	var log *redo.Log
	if err := guarded(func() error {
		state, err := recovered(bolt, false)
		if err != nil {
			return err
		}
		step("the file contains the content of the log")
		if err := errors.Join(rebuild(bolt), moveEffects(bolt), movePending(bolt), indexFailed(bolt)); err != nil {
			return err
		}
		log, err = beginLog(bolt, state, step)
		return err
	}); err != nil {
		_ = bolt.Close() // the first error is the one to report
		return nil, fmt.Errorf("open %s: %w", path, unwritten(err))
	}
	step("the file states that the log is required")
	db := &DB{bolt: bolt, step: step, decoded: newDecoded(), queue: make(chan *request, maxGroup), flushes: make(chan chan error), closed: make(chan struct{}), done: make(chan struct{})}
	db.writer = writer{log: log, work: &layer{}, settled: make(chan error, 1)}
	db.publish()
	go db.write()
	return db, nil
}

func fileOptions() *bbolt.Options {
	options := *bbolt.DefaultOptions
	options.Timeout = 500 * time.Millisecond
	options.FreelistType = bbolt.FreelistMapType
	options.NoFreelistSync = true
	options.InitialMmapSize = 256 << 20
	return &options
}

// Close waits for the writes that are under way, brings them into the file and closes it. Later writes fail with
// Unavailable. Closing again has no effect.
func (db *DB) Close() error {
	db.once.Do(func() { close(db.closed) })
	<-db.done
	db.closing.Do(func() { db.closeErr = db.close() })
	return db.closeErr
}

func (db *DB) close() error {
	db.step("the file has all")
	whole := !db.unsettled.Load() // what the file did not take stays in the log, for the next time that it is opened
	var err error
	if whole {
		err = endLog(db.bolt, db.writer.log)
		db.step("the file states that no log is required")
	}
	err = errors.Join(err, db.bolt.Close())
	return errors.Join(err, db.writer.log.Close(whole && err == nil))
}

// Update runs a write transaction and returns when it is on the disk. run sees all writes before it; if it fails,
// nothing of it is written. It may run while others wait: it must be quick and do no I/O.
func (db *DB) Update(ctx context.Context, run func(tx *Tx) error) error {
	return db.do(ctx, &request{run: run, answer: make(chan error, 1)})
}

func (db *DB) do(ctx context.Context, r *request) error {
	if err := db.enqueue(ctx, r); err != nil {
		return err
	}
	select { // once queued it will be run, even if ctx ends
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
// again. It is written in its place in the order of all writes. Should it fail, the functions of OnLost are called.
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
	err := guarded(func() error {
		tx, err := db.begin()
		if err != nil {
			return err
		}
		defer tx.bolt.Rollback() //nolint:errcheck // it was only read
		return run(tx)
	})
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return problem.Wrap(err, problem.Unavailable, "The data file is closed.")
	}
	return err
}

// OnLost registers a function that is called with the reason why a write of UpdateLater failed, to count or to log it:
// no caller waits for such a write. Until one is registered, the default logger logs it. It must not block.
func (db *DB) OnLost(report func(error)) {
	db.mutex.Lock()
	defer db.mutex.Unlock()
	db.lost = append(db.lost, report)
}

func (db *DB) reportLost(err error) {
	db.mutex.Lock()
	lost := db.lost
	db.mutex.Unlock()
	if len(lost) == 0 {
		slog.Error("a background write was lost", "error", err)
	}
	for _, report := range lost {
		report(err)
	}
}

// OnCommit registers a function that is called with the outbox effects of each group of commits, after they are on the disk.
// It must not block.
func (db *DB) OnCommit(feed func([]cases.Effect)) {
	db.mutex.Lock()
	defer db.mutex.Unlock()
	db.feeds = append(db.feeds, feed)
}

// begin is a read transaction over what is on the disk now.
func (db *DB) begin() (*Tx, error) {
	for {
		seen := db.state.Load()
		b, err := db.bolt.Begin(false)
		if err != nil {
			return nil, err
		}
		// The file has no more than the layers, unless another of them has been written to it meanwhile.
		if db.state.Load().turns == seen.turns {
			return &Tx{bolt: b, layers: seen.layers}, nil
		}
		if err := b.Rollback(); err != nil {
			return nil, err
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
	if db.writer.last >= loaded {
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
	db.writer.last = len(group)
	return group
}

// group runs the writes of a group, keeps in the log what they write, and answers them.
func (db *DB) group(group []*request) {
	results := make([]error, len(group))
	var effects []cases.Effect
	err := guarded(func() (err error) {
		effects, err = db.run(group, results)
		return err
	})
	db.failed.Store(err != nil)
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
			results[i] = unwritten(err)
		}
		if r.answer != nil && (!r.early || err != nil) {
			select {
			case r.answer <- results[i]:
			default: // answered early
			}
		}
		if results[i] != nil && (r.answer == nil || (r.early && err != nil)) {
			db.reportLost(results[i])
		}
	}
}

// run runs the writes of a group, each over those before it. Those that fail write nothing; the others' are on the disk,
// and visible, when it returns without an error.
func (db *DB) run(group []*request, results []error) (effects []cases.Effect, err error) {
	w := &db.writer
	if err := db.makeRoom(); err != nil {
		return nil, err
	}
	b, err := db.bolt.Begin(false)
	if err != nil {
		return nil, err
	}
	defer b.Rollback() //nolint:errcheck // it was only read
	next := w.work.Copy()
	layers := w.layers(next)
	w.writes = w.writes[:0]
	for i, r := range group {
		tx := &Tx{bolt: b, layers: layers, pending: map[string]map[string][]byte{}}
		if results[i] = tx.attempt(r.run); results[i] == nil {
			w.writes = tx.flush(next, w.writes)
			effects = append(effects, tx.effects...)
		}
		if r.early {
			r.answer <- results[i]
		}
	}
	if len(w.writes) == 0 {
		return effects, nil
	}
	if err := w.log.Append(w.writes); err != nil {
		return nil, err
	}
	w.work = next
	db.publish()
	return effects, nil
}

// Tx is a transaction. Keys are in buckets, which come into being when they are first written.
type Tx struct {
	bolt    *bbolt.Tx
	layers  []*layer                     // what the file does not have yet, the newest first
	pending map[string]map[string][]byte // bucket -> key -> value; nil value: delete
	effects []cases.Effect
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
		if bucket == "" || strings.Contains(bucket, "\x00") {
			return problem.New(problem.Internal, "A write names no bucket.")
		}
		for key, value := range values {
			switch {
			case key == "":
				return problem.New(problem.Invalid, "A key of %s is empty.", bucket)
			case len(key) > bbolt.MaxKeySize:
				return problem.New(problem.TooLarge, "A key of %s is longer than %d KB.", bucket, bbolt.MaxKeySize>>10)
			case len(value) > largest(bucket):
				return limits.TooLarge("A value of "+bucket, len(value), largest(bucket))
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
	for _, l := range tx.layers {
		if value, ok := l.Get(inLayer(bucket, key)); ok {
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

// flush adds the pending writes to a layer and to a group of the log.
func (tx *Tx) flush(to *layer, writes []redo.Write) []redo.Write {
	for bucket, values := range tx.pending {
		for key, value := range values {
			to.Set(inLayer(bucket, key), value)
			writes = append(writes, redo.Write{Bucket: bucket, Key: key, Value: value})
		}
	}
	return writes
}

// Scan visits the keys of a bucket that begin with prefix, ascending, from the first after start (if it is not ""),
// until visit returns false. In a write transaction it does not see the transaction's own writes.
func (tx *Tx) Scan(bucket, prefix, start string, visit func(key string, value []byte) bool) {
	b := tx.bucket(bucket, false)
	b.from(max(prefix, start))
	key, value := b.next()
	if start != "" && key == start {
		key, value = b.next()
	}
	for ; key != "" && strings.HasPrefix(key, prefix); key, value = b.next() {
		if !visit(key, value) {
			return
		}
	}
}

// ScanBack is Scan in descending order; start is the last key of a former page.
func (tx *Tx) ScanBack(bucket, prefix, start string, visit func(key string, value []byte) bool) {
	from := start
	if from == "" {
		from = prefix + "\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	}
	b := tx.bucket(bucket, true)
	b.from(from)
	for key, value := b.next(); key != "" && strings.HasPrefix(key, prefix); key, value = b.next() {
		if !visit(key, value) {
			return
		}
	}
}

// Used reports whether anything is stored that was made by the first start of a system, or after it.
func (tx *Tx) Used() (used bool) {
	for _, bucket := range []string{bucketRecords, bucketKeys, bucketUsers, bucketSubscriptions} {
		tx.Scan(bucket, "", "", func(string, []byte) bool { used = true; return false })
	}
	return used
}
