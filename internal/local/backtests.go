package local

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"time"

	"ballerine/internal/asl/interpret"
	"ballerine/internal/policy/backtest"
	"ballerine/internal/problem"
	"ballerine/internal/store/embedded"
)

// backtests calls the steps of runs, as infra/backtest.asl.json has them called on AWS: parts concurrently, each until
// it is done, with retries. What is under way is recorded in the file, and continues after a start.
type backtests struct {
	db     *embedded.DB
	invoke func(ctx context.Context, function string, payload []byte) ([]byte, error)
	pause  func(ctx context.Context, attempt int) // before a retry
	logger *slog.Logger
	slots  chan struct{} // a part that is worked takes one

	mutex   sync.Mutex
	work    context.Context //nolint:containedctx // that of the background; nil: it has not begun
	spawn   func(run func())
	running map[backtest.Ref]context.CancelFunc
}

var _ backtest.Runner = (*backtests)(nil)

const bucketOpenBacktests = "backtests_open" // tenant, policy, id -> ref

// settings of runs on one machine: short turns, as people watch, and a goroutine for each processor.
const (
	localParts = 48
	localTurn  = time.Second
)

// stepAttempts is how often a step is tried that fails with something that may pass.
const stepAttempts = 6

func newBacktests(db *embedded.DB, invoke func(ctx context.Context, function string, payload []byte) ([]byte, error), logger *slog.Logger) *backtests {
	return &backtests{db: db, invoke: invoke, pause: backOff, logger: logger, slots: make(chan struct{}, runtime.GOMAXPROCS(0)), running: map[backtest.Ref]context.CancelFunc{}}
}

// backOff waits for half a second, and twice as long each time.
func backOff(ctx context.Context, attempt int) {
	timer := time.NewTimer(500 * time.Millisecond << min(attempt, 6))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func openKey(ref backtest.Ref) string {
	return strings.Join([]string{ref.Tenant, ref.Policy, ref.ID}, "\x00")
}

// Start implements backtest.Runner.
func (b *backtests) Start(ctx context.Context, ref backtest.Ref) error {
	text, err := json.Marshal(ref)
	if err != nil {
		return problem.Wrap(err, problem.Internal, "The name of a backtest could not be encoded.")
	}
	err = b.db.Update(ctx, func(tx *embedded.Tx) error {
		tx.Put(bucketOpenBacktests, openKey(ref), text)
		return nil
	})
	if err != nil {
		return err
	}
	b.begin(ref)
	return nil
}

// Stop implements backtest.Runner.
func (b *backtests) Stop(ctx context.Context, ref backtest.Ref) error {
	b.mutex.Lock()
	cancel := b.running[ref]
	b.mutex.Unlock()
	if cancel != nil {
		cancel()
	}
	return b.forget(ctx, ref)
}

// stopNamed ends the run of an id, if it is under way.
func (b *backtests) stopNamed(ctx context.Context, id string) error {
	refs, err := b.open()
	if err != nil {
		return err
	}
	for _, ref := range refs {
		if ref.ID == id {
			return b.Stop(ctx, ref)
		}
	}
	return problem.New(problem.NotFound, "There is no such execution.")
}

func (b *backtests) forget(ctx context.Context, ref backtest.Ref) error {
	return b.db.Update(ctx, func(tx *embedded.Tx) error {
		tx.Delete(bucketOpenBacktests, openKey(ref))
		return nil
	})
}

// open are the runs that are under way.
func (b *backtests) open() (refs []backtest.Ref, err error) {
	viewErr := b.db.View(func(tx *embedded.Tx) error {
		tx.Scan(bucketOpenBacktests, "", "", func(_ string, text []byte) bool {
			var ref backtest.Ref
			if err = json.Unmarshal(text, &ref); err != nil {
				return false
			}
			refs = append(refs, ref)
			return true
		})
		return err
	})
	return refs, viewErr
}

// resume lets runs go on, and those that are started from now on begin, until work ends.
func (b *backtests) resume(work context.Context, spawn func(run func())) error {
	b.mutex.Lock()
	b.work, b.spawn = work, spawn
	b.mutex.Unlock()
	refs, err := b.open()
	for _, ref := range refs {
		b.begin(ref)
	}
	return err
}

func (b *backtests) begin(ref backtest.Ref) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.work == nil || b.work.Err() != nil || b.running[ref] != nil {
		return
	}
	ctx, cancel := context.WithCancel(b.work)
	b.running[ref] = cancel
	b.spawn(func() {
		b.run(ctx, ref)
		cancel()
		b.mutex.Lock()
		defer b.mutex.Unlock()
		delete(b.running, ref)
	})
}

// step is what the function is called with.
type step struct {
	backtest.Ref
	Action string      `json:"action"`
	Part   int         `json:"part,omitempty"`
	Error  *stepFailed `json:"error,omitempty"`
}

type stepFailed struct {
	Error string `json:"Error"`
}

type stepAnswer struct {
	Parts []int `json:"parts"`
	Done  bool  `json:"done"`
}

// run processes a run to its end. If ctx ends before that, it continues after the next start.
func (b *backtests) run(ctx context.Context, ref backtest.Ref) {
	failed := b.parts(ctx, ref)
	if ctx.Err() != nil {
		return
	}
	_, err := b.call(ctx, step{Ref: ref, Action: "sum", Error: failed})
	if err != nil && ctx.Err() == nil {
		_, err = b.call(ctx, step{Ref: ref, Action: "sum", Error: failureOf(err)})
	}
	if err == nil {
		err = b.forget(ctx, ref)
	}
	if err != nil && ctx.Err() == nil {
		b.logger.Error("a backtest could not be stopped; it continues after the next start", "backtest", ref.ID, "code", string(problem.CodeOf(err)))
	}
}

// parts plans a run and processes its parts. It returns what has ended that.
func (b *backtests) parts(ctx context.Context, ref backtest.Ref) *stepFailed {
	plan, err := b.call(ctx, step{Ref: ref, Action: "plan"})
	if err != nil {
		return failureOf(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var group sync.WaitGroup
	var once sync.Once
	var failed *stepFailed
	for _, number := range plan.Parts {
		select {
		case b.slots <- struct{}{}:
		case <-ctx.Done():
			continue
		}
		group.Go(func() {
			defer func() { <-b.slots }()
			if err := b.part(ctx, ref, number); err != nil {
				once.Do(func() { failed = failureOf(err) })
				cancel() // what is left can no longer help
			}
		})
	}
	group.Wait()
	return failed
}

// part works a part until it is done, and notes why it could not be.
func (b *backtests) part(ctx context.Context, ref backtest.Ref, number int) error {
	for {
		answer, err := b.call(ctx, step{Ref: ref, Action: "part", Part: number})
		if err == nil && !answer.Done {
			continue
		}
		if err != nil && ctx.Err() == nil {
			_, noteErr := b.call(ctx, step{Ref: ref, Action: "fail", Part: number, Error: failureOf(err)})
			err = errors.Join(err, noteErr)
		}
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the run has ended, or continues later
		}
		return err
	}
}

// call has the function do a step, again when what fails may pass.
func (b *backtests) call(ctx context.Context, s step) (answer stepAnswer, err error) {
	payload, err := json.Marshal(s)
	if err != nil {
		return answer, problem.Wrap(err, problem.Internal, "A step of a backtest could not be encoded.")
	}
	for attempt := range stepAttempts {
		var text []byte
		if text, err = b.invoke(ctx, "backtest", payload); err == nil {
			err = json.Unmarshal(text, &answer)
			return answer, err
		}
		if ctx.Err() != nil || !passing(err) {
			return answer, err
		}
		if attempt < stepAttempts-1 {
			b.pause(ctx, attempt)
		}
	}
	return answer, err
}

// passing reports whether a failure may not come again: of a service, or of the function's process.
func passing(err error) bool {
	var invoke *interpret.InvokeError
	if !errors.As(err, &invoke) {
		return true
	}
	return problem.Code(invoke.Type).Retryable() || strings.HasPrefix(invoke.Type, "Sandbox.") || strings.HasPrefix(invoke.Type, "Runtime.")
}

func failureOf(err error) *stepFailed {
	var invoke *interpret.InvokeError
	if errors.As(err, &invoke) {
		return &stepFailed{invoke.Type}
	}
	return &stepFailed{string(problem.CodeOf(err))}
}
