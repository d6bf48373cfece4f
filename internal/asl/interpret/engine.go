package interpret

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"maps"
	mathrand "math/rand/v2"
	"regexp"
	"slices"
	"sync"
	"time"

	"ballerine/internal/problem"
)

// Config is what an Engine needs.
type Config struct {
	Journal Journal
	Clock   Clock // nil: the machine's
	// Invoke calls a function. Errors: *InvokeError; any other is reported as Lambda.Unknown.
	Invoke func(ctx context.Context, function string, payload []byte) ([]byte, error)
	// Load finds a machine that is not registered; nil: there are no others. Errors: NotFound.
	Load func(name string) (*Machine, error)
	// Ended is called for every execution that has ended, and nothing else is stored of it; it must not block. nil: they are stored.
	Ended func(machine, name string, status Status)
	// Moved is called with how many transitions a step of an execution was billed; it must not block. nil: they are not counted.
	Moved func(transitions int)
	// Patient reports whether a function may wait long for an external system: its calls do not occupy a worker. nil: none does.
	Patient   func(function string) bool
	Workers   int           // how many functions and writes run at once; 0: 128
	Retention time.Duration // how long a finished execution is remembered; 0: 90 days, as on AWS
	Random    func() float64
	NewToken  func() string // nil: 24 random bytes
	Logger    *slog.Logger  // nil: none
}

// Engine runs executions of the machines that are registered with it. It is safe for concurrent use.
type Engine struct {
	config Config

	mutex    sync.Mutex
	machines map[string]*Machine
	running  map[string]*execution // by machine/name
	tokens   map[string]*execution
	timers   timerHeap
	alarm    time.Time // when the clock will call ring; zero: it will not
	silence  func()
	jobs     []func()
	busy     int // workers at work, and patient calls
	patient  int // calls of patient functions that are not a worker's
	idle     *sync.Cond
	closed   bool
	parked   map[string][]byte // marks that are written with the next write: without them only time is lost
	pruned   time.Time
	ended    map[string]record // the newest that have ended: the journal may not show them yet
	endings  []string          // their keys, oldest first
}

// execution is a running one. mutex guards its run; the engine's mutex guards the rest and is taken second.
type execution struct {
	key    string
	mutex  sync.Mutex
	run    run
	cancel map[int]context.CancelFunc // of the calls in flight, by turn

	due  time.Time
	slot int // in the timer heap; -1: none
}

// drop ends the calls in flight that the run no longer waits for.
func (x *execution) drop() {
	for turn, cancel := range x.cancel {
		if !slices.ContainsFunc(x.run.Threads, func(t *thread) bool { return t.Turn == turn }) {
			cancel()
			delete(x.cancel, turn)
		}
	}
}

// New makes an engine. Register its machines, then call Recover once.
func New(config Config) (*Engine, error) {
	if config.Journal == nil || config.Invoke == nil {
		return nil, problem.New(problem.Invalid, "The interpreter needs a Journal and an Invoke function.")
	}
	if config.Clock == nil {
		config.Clock = systemClock{}
	}
	if config.Workers <= 0 {
		config.Workers = 128
	}
	if config.Retention <= 0 {
		config.Retention = 90 * 24 * time.Hour
	}
	if config.Random == nil {
		config.Random = mathrand.Float64
	}
	if config.NewToken == nil {
		config.NewToken = newToken
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	e := &Engine{
		config: config, machines: map[string]*Machine{}, running: map[string]*execution{},
		tokens: map[string]*execution{}, parked: map[string][]byte{}, ended: map[string]record{}, silence: func() {}, pruned: config.Clock.Now(),
	}
	e.idle = sync.NewCond(&e.mutex)
	return e, nil
}

func newToken() string {
	var bytes [24]byte
	_, _ = rand.Read(bytes[:]) // never fails: crypto/rand ends the process instead
	return base64.RawURLEncoding.EncodeToString(bytes[:])
}

// Register makes a machine known under a name. Executions belong to the name: register it before Recover.
func (e *Engine) Register(name string, machine *Machine) error {
	if !validName.MatchString(name) {
		return problem.New(problem.Invalid, "The name of a machine must be 1 to 80 of A-Z, a-z, 0-9, dot, dash and underscore.")
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.machines[name] = machine
	return nil
}

// machine finds one that is registered, or loads it. Errors: NotFound.
func (e *Engine) machine(name string) (*Machine, error) {
	if found := e.machines[name]; found != nil {
		return found, nil
	}
	if e.config.Load != nil {
		found, err := e.config.Load(name)
		if err != nil {
			return nil, err
		}
		e.machines[name] = found
		return found, nil
	}
	return nil, problem.New(problem.NotFound, "No state machine %q is registered.", name)
}

var validName = regexp.MustCompile(`^[0-9A-Za-z._-]{1,80}$`)

// Start begins an execution; when it returns, it is stored. A second call with the same machine and name has no effect
// and is no error, also after the execution has ended. Errors: NotFound for an unknown machine, Invalid, TooLarge.
func (e *Engine) Start(ctx context.Context, machine, name string, input []byte) error {
	if !validName.MatchString(name) {
		return problem.New(problem.Invalid, "The name of an execution must be 1 to 80 of A-Z, a-z, 0-9, dot, dash and underscore.")
	}
	data, err := checkData(input)
	if err != nil {
		return err
	}
	e.mutex.Lock()
	loaded, err := e.machine(machine)
	if err != nil {
		e.mutex.Unlock()
		return err
	}
	if e.closed {
		e.mutex.Unlock()
		return errClosed()
	}
	if loaded.timeout > 0 && e.config.Ended == nil {
		e.mutex.Unlock()
		return problem.New(problem.Invalid, "The machine %q is an Express machine: it must be run, not started.", machine)
	}
	key := machine + "/" + name
	if other := e.running[key]; other != nil {
		e.mutex.Unlock()
		return other.kept()
	}
	x := &execution{key: key, slot: -1}
	x.mutex.Lock()
	defer x.mutex.Unlock()
	e.running[key] = x
	e.mutex.Unlock()

	_, err = e.finished(ctx, key)
	if problem.CodeOf(err) != problem.NotFound {
		e.forget(x)
		return err
	}
	next := run{record: record{Machine: machine, Name: name, Status: Running, Input: encodeValue(data), Started: e.config.Clock.Now()}, root: loaded}
	if err := e.commit(ctx, x, next, func(r *run) { r.start(data) }); err != nil {
		e.forget(x)
		return err
	}
	return nil
}

// kept waits until the start of an execution is durable.
func (x *execution) kept() error {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	if x.run.root == nil && x.run.Status == "" {
		return problem.New(problem.Unavailable, "The execution could not be stored.")
	}
	return nil
}

func (e *Engine) forget(x *execution) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	delete(e.running, x.key)
}

// SendTaskSuccess passes a waiting task its result; when it returns, the execution has continued and that is stored.
// Errors: NotFound if no task waits for the token, or no longer, Invalid, TooLarge.
func (e *Engine) SendTaskSuccess(ctx context.Context, token string, output []byte) error {
	result, err := checkData(output)
	if err != nil {
		return err
	}
	return e.settle(ctx, token, func(r *run) { r.completed(result) })
}

// SendTaskFailure lets a waiting task fail. Errors: NotFound if no task waits for the token, or no longer.
func (e *Engine) SendTaskFailure(ctx context.Context, token, errorName, cause string) error {
	return e.settle(ctx, token, func(r *run) { r.failTask(errorName, cause) })
}

// SendTaskHeartbeat states that a waiting task is alive. Errors: NotFound if no task waits for the token, or no longer.
func (e *Engine) SendTaskHeartbeat(ctx context.Context, token string) error {
	return e.settle(ctx, token, func(r *run) {
		s := r.machine.states[r.State]
		if seconds, ok := r.secondsOf(s.heartbeat, s.heartbeatPath); ok && seconds > 0 {
			r.Beat = r.now.Add(time.Duration(seconds) * time.Second)
		}
	})
}

func (e *Engine) settle(ctx context.Context, token string, change func(*run)) error {
	gone := problem.New(problem.NotFound, "No task waits for this token.")
	e.mutex.Lock()
	x, closed := e.tokens[token], e.closed
	e.mutex.Unlock()
	if closed {
		return errClosed()
	}
	if x == nil {
		return gone
	}
	x.mutex.Lock()
	defer x.mutex.Unlock()
	if !x.run.on(func(t *thread) bool { return t.Token == token }) {
		return gone
	}
	return e.commit(ctx, x, x.run, change)
}

// Stop ends an execution as aborted. One that has ended is no error. Errors: NotFound.
func (e *Engine) Stop(ctx context.Context, machine, name, cause string) error {
	x := e.find(machine, name)
	if x == nil {
		_, err := e.finished(ctx, machine+"/"+name)
		return err
	}
	x.mutex.Lock()
	defer x.mutex.Unlock()
	if x.run.Status != Running {
		return nil
	}
	return e.commit(ctx, x, x.run, func(r *run) {
		r.Cause = cause
		r.end(Aborted)
	})
}

func (e *Engine) find(machine, name string) *execution {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return e.running[machine+"/"+name]
}

// commit lets change work on a copy of the run, stores the outcome in one write, and only then acts on it. The caller
// holds x.mutex. If the write fails, nothing has changed.
func (e *Engine) commit(ctx context.Context, x *execution, next run, change func(*run)) error {
	return e.commitRun(ctx, x, next, true, change)
}

// commitLater is commit for changes that are not visible outside: if one is lost, the same call or deadline repeats it.
// A new token and the end are exceptions: they must be on the disk before anybody can ask for them.
func (e *Engine) commitLater(ctx context.Context, x *execution, next run, change func(*run)) error {
	return e.commitRun(ctx, x, next, false, change)
}

func (e *Engine) commitRun(ctx context.Context, x *execution, next run, durable bool, change func(*run)) error {
	next = next.copied()
	next.now, next.random, next.newToken = e.config.Clock.Now(), e.config.Random, e.config.NewToken
	next.log = nil
	before, counted := x.run.Threads, next.Transitions
	change(&next)
	durable = durable || next.Status != Running || slices.ContainsFunc(next.Threads, func(t *thread) bool {
		return t.Token != "" && !slices.ContainsFunc(before, func(b *thread) bool { return b.Token == t.Token })
	})
	if err := e.write(ctx, changesOf(x.key, &next), durable); err != nil {
		return err
	}
	next.log = nil
	x.run = next
	if moved := next.Transitions - counted; moved > 0 && e.config.Moved != nil {
		e.config.Moved(moved)
	}
	e.follow(x, before)
	return nil
}

// follow acts on a run that has been kept: tokens, timers, calls.
func (e *Engine) follow(x *execution, before []*thread) {
	x.drop()
	e.mutex.Lock()
	defer e.mutex.Unlock()
	for _, t := range before {
		delete(e.tokens, t.Token)
	}
	for _, t := range x.run.Threads {
		if t.Token != "" {
			e.tokens[t.Token] = x
		}
	}
	if x.run.Status != Running {
		delete(e.running, x.key)
		e.remember(x.key, x.run.record)
		e.setTimer(x, time.Time{})
		e.pruneSoon()
		return
	}
	e.setTimer(x, x.run.due())
	for _, t := range x.run.Threads {
		turn := t.Turn
		if t.Phase == phaseCall && !slices.ContainsFunc(before, func(b *thread) bool { return b.Turn == turn }) {
			e.enqueueCall(x, t)
		}
	}
}

// remembered is how many ended executions are kept in memory.
const remembered = 1024

// remember keeps an execution that has ended until the journal surely shows it; the caller holds e.mutex.
func (e *Engine) remember(key string, ended record) {
	if e.config.Ended != nil {
		e.config.Ended(ended.Machine, ended.Name, ended.Status)
		return
	}
	e.ended[key], e.endings = ended, append(e.endings, key)
	if len(e.endings) > remembered {
		delete(e.ended, e.endings[0])
		e.endings = e.endings[1:]
	}
}

// due is when some thread has to continue; zero: none does by itself.
func (r *run) due() (due time.Time) {
	for _, t := range r.Threads {
		if next := t.next(); !next.IsZero() && (due.IsZero() || next.Before(due)) {
			due = next
		}
	}
	return due
}

// later tries a piece of work again in a second: the journal could not keep its outcome.
func (e *Engine) later(x *execution, err error, work func()) {
	e.config.Logger.Error("execution not stored, trying again", "execution", x.key, "error", err.Error())
	e.config.Clock.AfterFunc(time.Second, func() {
		e.mutex.Lock()
		defer e.mutex.Unlock()
		if !e.closed {
			e.enqueue(work)
		}
	})
}

func (e *Engine) isClosed() bool {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return e.closed
}

// Close stops the engine without ending executions: no call is begun any longer, those in flight are waited for until
// ctx ends, and then cancelled. Recover of the next engine continues them.
func (e *Engine) Close(ctx context.Context) error {
	e.mutex.Lock()
	e.closed, e.jobs = true, nil
	e.silence()
	stop := context.AfterFunc(ctx, e.cancelAll)
	for e.busy > 0 {
		e.idle.Wait()
	}
	e.mutex.Unlock()
	stop()
	return e.write(context.WithoutCancel(ctx), nil, true)
}

func (e *Engine) cancelAll() {
	e.mutex.Lock()
	running := maps.Clone(e.running)
	e.mutex.Unlock()
	for _, x := range running {
		x.mutex.Lock()
		for _, cancel := range x.cancel {
			cancel()
		}
		x.mutex.Unlock()
	}
}

func errClosed() error { return problem.New(problem.Unavailable, "The interpreter is shutting down.") }

func checkData(text []byte) (any, error) {
	if len(text) > MaxData {
		return nil, problem.New(problem.TooLarge, "The data of an execution is limited to %d bytes.", MaxData)
	}
	value, err := decodeValue(text)
	if err != nil {
		return nil, problem.Wrap(err, problem.Invalid, "The data of an execution must be one JSON value.")
	}
	return value, nil
}
