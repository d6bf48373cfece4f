package interpret

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ballerine/internal/problem"
)

// The journal's keys, where E is <machine>/<name>:
//
//	x/E          a running execution
//	p/E          the turns whose tokens their functions have parked: they need not be called again
//	h/E/<from>   history from this event on
//	d/E          a finished execution
//	e/<time>/E   when it ended: for pruning
const (
	keyRunning  = "x/"
	keyParked   = "p/"
	keyHistory  = "h/"
	keyFinished = "d/"
	keyEnded    = "e/"
)

func historyKey(key string, from int) string { return fmt.Sprintf("%s%s/%05d", keyHistory, key, from) }

func endedKey(r *record, key string) string {
	return keyEnded + r.Ended.UTC().Format("20060102T150405.000") + "/" + key
}

// changesOf is what must be kept of a run: one transaction.
func changesOf(key string, r *run) []Change {
	history := Change{historyKey(key, r.Events-len(r.log)), mustMarshal(r.log)}
	kept := mustMarshal(r.record)
	if r.Status == Running {
		return []Change{history, {keyRunning + key, kept}}
	}
	return []Change{
		history,
		{keyRunning + key, nil},
		{keyParked + key, nil},
		{keyFinished + key, kept},
		{endedKey(&r.record, key), []byte{'1'}},
	}
}

func mustMarshal(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic("states: a record is always JSON: " + err.Error())
	}
	return text
}

// write keeps changes, and the marks that wait for a ride. now reports whether they must be on the disk when it returns.
func (e *Engine) write(ctx context.Context, changes []Change, now bool) error {
	e.mutex.Lock()
	marks := make([]Change, 0, len(e.parked)+len(changes))
	for key, value := range e.parked {
		marks = append(marks, Change{key, value})
	}
	clear(e.parked)
	e.mutex.Unlock()
	changes = append(marks, changes...) // a mark first: the end of its execution removes it
	if len(changes) == 0 {
		return nil
	}
	write := e.config.Journal.Write
	if later, ok := e.config.Journal.(laterWriter); ok && !now {
		write = later.WriteLater
	}
	if err := write(ctx, changes); err != nil {
		return problem.Wrap(err, problem.Unavailable, "The execution could not be stored.")
	}
	return nil
}

// mark records that a token's function need not be called again. It needs no write of its own: a lost mark costs one
// more call. The turn in it distinguishes a stale mark from a current one.
func (e *Engine) mark(x *execution) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	var turns []string
	for _, t := range x.run.Threads {
		if t.Phase == phaseToken {
			turns = append(turns, strconv.Itoa(t.Turn))
		}
	}
	e.parked[keyParked+x.key] = []byte(strings.Join(turns, ","))
}

// Recover continues everything that the journal holds as running. An execution whose machine is not registered, or whose
// state its machine no longer has, stays where it is: the error names it, the others continue.
func (e *Engine) Recover(ctx context.Context) error {
	parked := map[string][]string{}
	err := e.config.Journal.Scan(ctx, keyParked, func(key string, value []byte) error {
		parked[strings.TrimPrefix(key, keyParked)] = strings.Split(string(value), ",")
		return nil
	})
	if err != nil {
		return problem.Wrap(err, problem.Unavailable, "The interpreter's journal could not be read.")
	}
	var failures []error
	err = e.config.Journal.Scan(ctx, keyRunning, func(key string, value []byte) error {
		key = strings.TrimPrefix(key, keyRunning)
		if err := e.revive(key, value, parked[key]); err != nil {
			failures = append(failures, fmt.Errorf("execution %s: %w", key, err))
		}
		return nil
	})
	if err != nil {
		return problem.Wrap(err, problem.Unavailable, "The interpreter's journal could not be read.")
	}
	return errors.Join(failures...)
}

func (e *Engine) revive(key string, value []byte, parked []string) error {
	x := &execution{key: key, slot: -1}
	r := &x.run
	if err := json.Unmarshal(value, &r.record); err != nil {
		return err
	}
	if err := r.migrate(value); err != nil {
		return err
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	root, err := e.machine(r.Machine)
	if err != nil {
		return err
	}
	r.root = root
	for _, t := range r.Threads {
		if err := r.reviveThread(t); err != nil {
			return err
		}
	}
	e.running[key], r.thread = x, r.Threads[0]
	for _, t := range r.Threads {
		if t.Token != "" {
			e.tokens[t.Token] = x
		}
		if t.Phase == phaseCall && t.Token != "" && slices.Contains(parked, strconv.Itoa(t.Turn)) {
			t.Phase = phaseToken
		}
		if t.Phase != phaseCall {
			continue
		}
		if r.thread = t; !r.prepare() {
			return problem.New(problem.Internal, "its call cannot be prepared")
		}
		e.enqueueCall(x, t)
	}
	e.setTimer(x, r.due())
	return nil
}

// migrate reads an execution that was kept before there were threads.
func (r *run) migrate(value []byte) error {
	if len(r.Threads) > 0 {
		return nil
	}
	only := &thread{}
	if err := json.Unmarshal(value, only); err != nil {
		return err
	}
	r.Threads, r.Turns = []*thread{only}, only.Turn
	return nil
}

// reviveThread finds the thread's machine and decodes its data. Threads come after their parents.
func (r *run) reviveThread(t *thread) (err error) {
	t.machine = r.root
	if t.ID != 0 {
		t.machine = nil
		for _, parent := range r.Threads {
			if s := parent.stateNow(); parent.ID == t.Parent && s != nil && t.Branch < len(s.branches) {
				t.machine = s.branches[t.Branch]
			}
		}
	}
	if t.stateNow() == nil {
		return problem.New(problem.NotFound, "its machine is not registered or no longer has this state")
	}
	t.data, err = decodeValue(t.Data)
	return err
}

func (t *thread) stateNow() *state {
	if t.machine == nil {
		return nil
	}
	return t.machine.states[t.State]
}

// Description states how an execution is.
type Description struct {
	Machine     string          `json:"machine"`
	Name        string          `json:"name"`
	Status      Status          `json:"status"`
	State       string          `json:"state,omitempty"` // where it is, or ended
	Started     time.Time       `json:"started"`
	Ended       time.Time       `json:"ended,omitzero"`
	Output      json.RawMessage `json:"output,omitempty"`
	Error       string          `json:"error,omitempty"`
	Cause       string          `json:"cause,omitempty"`
	Transitions int             `json:"transitions"` // states entered, and retries: what is billed
	Events      int             `json:"events"`
}

// Describe states how an execution is, running or finished. Errors: NotFound.
func (e *Engine) Describe(ctx context.Context, machine, name string) (Description, error) {
	var r record
	if x := e.find(machine, name); x != nil {
		x.mutex.Lock()
		r = x.run.record
		x.mutex.Unlock()
	} else {
		var err error
		if r, err = e.finished(ctx, machine+"/"+name); err != nil {
			return Description{}, err
		}
	}
	return Description{
		Machine: r.Machine, Name: r.Name, Status: r.Status, State: r.Last, Started: r.Started, Ended: r.Ended,
		Output: r.Output, Error: r.Error, Cause: r.Cause, Transitions: r.Transitions, Events: r.Events,
	}, nil
}

// finished finds what is kept of an execution that has ended. Errors: NotFound.
func (e *Engine) finished(ctx context.Context, key string) (record, error) {
	e.mutex.Lock()
	ended, known := e.ended[key]
	e.mutex.Unlock()
	if known {
		return ended, nil
	}
	value, err := e.config.Journal.Get(ctx, keyFinished+key)
	if err != nil {
		return record{}, problem.Wrap(err, problem.Unavailable, "The interpreter's journal could not be read.")
	}
	if value == nil {
		return record{}, problem.New(problem.NotFound, "There is no such execution.")
	}
	var r record
	if err := json.Unmarshal(value, &r); err != nil {
		return record{}, problem.Wrap(err, problem.Internal, "The journal's entry of the execution is not readable.")
	}
	return r, nil
}

// History lists an execution's events, running or finished. Errors: NotFound.
func (e *Engine) History(ctx context.Context, machine, name string) ([]Event, error) {
	if _, err := e.Describe(ctx, machine, name); err != nil {
		return nil, err
	}
	var events []Event
	err := e.config.Journal.Scan(ctx, keyHistory+machine+"/"+name+"/", func(_ string, value []byte) error {
		var chunk []Event
		err := json.Unmarshal(value, &chunk)
		events = append(events, chunk...)
		return err
	})
	if err != nil {
		return nil, problem.Wrap(err, problem.Unavailable, "The interpreter's journal could not be read.")
	}
	return events, nil
}

// pruneEvery is how often executions that ended long ago are looked for.
const pruneEvery = time.Hour

// pruneSoon lets a worker prune when it is time again; the caller holds e.mutex.
func (e *Engine) pruneSoon() {
	now := e.config.Clock.Now()
	if now.Sub(e.pruned) < pruneEvery || e.closed {
		return
	}
	e.pruned = now
	e.enqueue(func() {
		if _, err := e.Prune(context.Background()); err != nil {
			e.config.Logger.Error("finished executions not pruned", "error", err.Error())
		}
	})
}

// errEnough ends a scan early.
var errEnough = errors.New("enough")

// Prune forgets executions that ended longer ago than the retention, and returns how many.
func (e *Engine) Prune(ctx context.Context) (int, error) {
	before := keyEnded + e.config.Clock.Now().Add(-e.config.Retention).UTC().Format("20060102T150405.000")
	var ended []string
	err := e.config.Journal.Scan(ctx, keyEnded, func(key string, _ []byte) error {
		if key >= before {
			return errEnough
		}
		ended = append(ended, key)
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return 0, problem.Wrap(err, problem.Unavailable, "The interpreter's journal could not be read.")
	}
	for n, key := range ended {
		_, execution, _ := strings.Cut(strings.TrimPrefix(key, keyEnded), "/")
		e.mutex.Lock()
		delete(e.ended, execution)
		e.mutex.Unlock()
		changes := []Change{{key, nil}, {keyFinished + execution, nil}, {keyParked + execution, nil}}
		err := e.config.Journal.Scan(ctx, keyHistory+execution+"/", func(history string, _ []byte) error {
			changes = append(changes, Change{history, nil})
			return nil
		})
		if err == nil {
			err = e.write(ctx, changes, true)
		}
		if err != nil {
			return n, problem.Wrap(err, problem.Unavailable, "Some finished executions could not be pruned.")
		}
	}
	return len(ended), nil
}
