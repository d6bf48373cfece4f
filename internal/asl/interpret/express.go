package interpret

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// Express runs machines from beginning to end while a caller waits, and stores nothing: the local counterpart of
// StartSyncExecution.
type Express struct {
	engine    *Engine
	published cases.References

	mutex   sync.Mutex
	waiting map[string]chan Status // by machine/execution
}

var _ cases.Decisions = (*Express)(nil)

// NewExpress runs machines with the functions and the clock of a config; Journal is not used. Register makes machines
// known; others are found by config.Load under their published reference.
func NewExpress(config Config, published cases.References) (*Express, error) {
	x := &Express{published: published, waiting: map[string]chan Status{}}
	config.Journal, config.Ended = nowhere{}, x.ended
	engine, err := New(config)
	x.engine = engine
	return x, err
}

// Register makes the Express machine of a shipped workflow version known.
func (x *Express) Register(ref cases.WorkflowRef, machine *Machine) error {
	return x.engine.Register(MachineName(ref), machine)
}

// Close ends what is running.
func (x *Express) Close(ctx context.Context) error { return x.engine.Close(ctx) }

// Decides implements cases.Decisions.
func (x *Express) Decides(ctx context.Context, machine cases.Machine) (bool, error) {
	_, err := x.machine(ctx, machine)
	if problem.CodeOf(err) == problem.NotFound {
		return false, nil
	}
	return err == nil, err
}

func (x *Express) machine(ctx context.Context, machine cases.Machine) (name string, err error) {
	name = MachineName(machine.Workflow)
	if x.published != nil {
		reference, err := x.published.Reference(ctx, machine, true)
		if err != nil {
			return "", err
		}
		if reference != "" {
			name = reference
		}
	}
	x.engine.mutex.Lock()
	defer x.engine.mutex.Unlock()
	_, err = x.engine.machine(name)
	return name, err
}

// Run implements cases.Decisions.
func (x *Express) Run(ctx context.Context, machine cases.Machine, name string, input cases.ExecutionInput) error {
	found, err := x.machine(ctx, machine)
	if err != nil {
		return err
	}
	data, err := json.Marshal(input)
	if err != nil {
		return fmt.Errorf("encode execution input: %w", err)
	}
	ended := make(chan Status, 1)
	x.mutex.Lock()
	x.waiting[found+"/"+name] = ended
	x.mutex.Unlock()
	defer func() {
		x.mutex.Lock()
		delete(x.waiting, found+"/"+name)
		x.mutex.Unlock()
	}()
	late := make(chan struct{})
	defer x.engine.config.Clock.AfterFunc(x.timeout(found), func() { close(late) })()
	if err := x.engine.Start(ctx, found, name, data); err != nil {
		return err
	}
	select {
	case <-ended:
		return nil
	case <-late:
	case <-ctx.Done():
	}
	return unlessGone(x.engine.Stop(context.WithoutCancel(ctx), found, name, ErrorTimeout))
}

func (x *Express) timeout(name string) time.Duration {
	x.engine.mutex.Lock()
	defer x.engine.mutex.Unlock()
	if m := x.engine.machines[name]; m != nil && m.timeout > 0 {
		return m.timeout
	}
	return maxExpress
}

// maxExpress is the longest that an Express execution lasts on AWS.
const maxExpress = 5 * time.Minute

// ended notifies the waiting caller; the engine holds its lock.
func (x *Express) ended(machine, name string, status Status) {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	if waiting := x.waiting[machine+"/"+name]; waiting != nil {
		select {
		case waiting <- status:
		default:
		}
	}
}

// nowhere is a Journal that forgets.
type nowhere struct{}

// Write implements Journal.
func (nowhere) Write(context.Context, []Change) error { return nil }

// Get implements Journal.
func (nowhere) Get(context.Context, string) ([]byte, error) { return nil, nil }

// Scan implements Journal.
func (nowhere) Scan(context.Context, string, func(string, []byte) error) error { return nil }
