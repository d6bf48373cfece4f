// Package faulty wraps a store and injects a fault into one chosen call, for tests: a harness runs a scenario once to count
// its calls, and then once for every call and every fault.
//
// Only calls through the wrapper are counted; the wrapped store is unchanged.
package faulty

import (
	"context"
	"slices"
	"strings"
	"sync"

	"ballerine/internal/problem"
)

// Fault is a way in which one call goes wrong.
type Fault string

// The faults.
const (
	None    Fault = ""
	Before  Fault = "fails before"  // it was not executed, and the caller gets Unavailable
	After   Fault = "fails after"   // it was done, and the answer is lost: the caller gets Unavailable
	Killed  Fault = "killed before" // the call's context ends before it is executed: later calls in it fail, too
	Late    Fault = "killed after"  // it was done, but the call's context has ended by then
	Twice   Fault = "repeated"      // it is done twice, as by a client that retries what it has no answer to; the second answer counts
	Refused Fault = "conflict"      // it was not executed: the caller learns that another write came first
)

// Later is a write that is in flight when its caller gets Unavailable, and arrives just before the same call is
// repeated, or when the plan is armed again. It is not one of Faults: a store whose writes are awaited does not have it.
const Later Fault = "arrives late"

// Faults are all that can go wrong with any store.
func Faults() []Fault { return []Fault{Before, After, Killed, Late, Twice, Refused} }

// conditional are the calls that are refused when another write came first: by the contracts of their interfaces.
var conditional = []string{
	"Commit", "Park", "Keys.PutKey", "Reviews.PutView", "Registry.PutDefinition", "Registry.PutSettings", "Registry.AddProposal", "Registry.DecideProposal", "Lists.PutList",
	"Lists.Forget", "Trials.PutTrial", "Backtests.PutRun", "Backtests.PutPart", "Webhooks.PutSubscription", "Webhooks.UpdateDelivery", "Watched.PutAnswers", "Watched.PutRun",
}

// Meets reports whether a call can go wrong in a way: reads, and writes without a condition, meet no other writer.
func Meets(fault Fault, call string) bool {
	return fault != Refused || slices.Contains(conditional, call)
}

// reading are how the names of calls begin that write nothing.
var reading = []string{
	"Get", "VendorAnswer", "History", "Notes", "TaskRuns", "Results", "List", "Counts", "Overdue", "FindExternal", "Subject", "Undelivered", "Due", "Open", "Waiting", "Outstanding", "DeadLetter",
	"Backlog", "Keys.Key", "Keys.User", "Reviews.View", "Reviews.Presences", "Registry.Definition", "Registry.Settings", "Registry.Proposal", "Ledger.Decision", "Lists.Lists",
	"Lists.Heads", "Lists.Edition", "Lists.Chunks", "Trials.Trial", "Trials.RunningTrials", "Backtests.Run", "Backtests.Body", "Backtests.Part", "Backtests.Spans",
	"Webhooks.Subscription", "Webhooks.Deliver", "Webhooks.FailedDeliveries", "Webhooks.DueDeliveries", "Watched.Answers", "Watched.Watch", "Watched.Run",
}

// Writes reports whether a call writes: repeating one that only reads has no effect, and losing its answer is as if it had not been made.
func Writes(call string) bool {
	return !slices.ContainsFunc(reading, func(name string) bool {
		return strings.HasPrefix(call, name) && (strings.Contains(name, ".") || !strings.Contains(call, "."))
	})
}

// Plan states which call goes wrong, and how. It is shared by all wrappers of one scenario, and safe for concurrent use.
type Plan struct {
	mutex  sync.Mutex
	fault  Fault
	at     int                // which call, from 1; 0: none
	cancel context.CancelFunc // ends the context of a call that is killed
	calls  []string
	late   func() // a write that is in flight; nil: there is none
	name   string // of its call
}

// Arm lets call number at go wrong, counted from now on. cancel ends the context that the scenario runs in.
func (p *Plan) Arm(fault Fault, at int, cancel context.CancelFunc) {
	p.arrive(p.name)
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.fault, p.at, p.cancel, p.calls = fault, at, cancel, nil
}

// Calls are the names of the calls since the plan was armed, in their order.
func (p *Plan) Calls() []string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return append([]string(nil), p.calls...)
}

// arrive lets a write that is on its way be done, before the next call of its name.
func (p *Plan) arrive(name string) {
	p.mutex.Lock()
	late := p.late
	if p.name != name {
		late = nil
	}
	if late != nil {
		p.late = nil
	}
	p.mutex.Unlock()
	if late != nil {
		late()
	}
}

func (p *Plan) delay(name string, late func()) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.name, p.late = name, late
}

// next counts a call and returns how it fails.
func (p *Plan) next(name string) (Fault, context.CancelFunc) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.calls = append(p.calls, name); len(p.calls) == p.at {
		return p.fault, p.cancel
	}
	return None, nil
}

// doValue runs a call of whatever interface under the plan.
func doValue[T any](ctx context.Context, p *Plan, name string, call func(context.Context) (T, error)) (T, error) {
	var zero T
	if ctx.Err() != nil {
		return zero, ended(ctx) // a real store does not answer a call that has ended
	}
	p.arrive(name)
	fault, cancel := p.next(name)
	switch fault {
	case Before:
		return zero, away()
	case After:
		_, _ = call(ctx)
		return zero, away()
	case Killed:
		cancel()
		return zero, ended(ctx)
	case Late:
		_, _ = call(ctx)
		cancel()
		return zero, ended(ctx)
	case Later:
		p.delay(name, func() { _, _ = call(context.WithoutCancel(ctx)) })
		return zero, away()
	case Twice:
		_, _ = call(ctx)
	case Refused:
		if !Meets(Refused, name) { // which call it is can vary
			return call(ctx)
		}
		return zero, problem.New(problem.Conflict, "Another write came first: as planned.")
	case None:
	}
	return call(ctx)
}

// do is Do for calls without a result.
func do(ctx context.Context, p *Plan, name string, call func(context.Context) error) error {
	_, err := doValue(ctx, p, name, func(ctx context.Context) (struct{}, error) { return struct{}{}, call(ctx) })
	return err
}

// two is Do for calls that answer two things.
func two[A, B any](ctx context.Context, p *Plan, name string, call func(context.Context) (A, B, error)) (A, B, error) {
	type pair struct {
		a A
		b B
	}
	both, err := doValue(ctx, p, name, func(ctx context.Context) (both pair, err error) {
		both.a, both.b, err = call(ctx)
		return both, err
	})
	return both.a, both.b, err
}

func away() error { return problem.New(problem.Unavailable, "The store is away: as planned.") }

func ended(ctx context.Context) error {
	return problem.Wrap(context.Cause(ctx), problem.Timeout, "The call has ended: as planned.")
}
