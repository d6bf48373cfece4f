package task

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/fair"
	"ballerine/internal/problem"
)

// SweepConfig is what the sweep needs. The durations define how long the normal path may take before sweep intervenes.
type SweepConfig struct {
	Cases      *cases.Service
	Store      cases.Store
	Executions cases.Executions
	Outbox     *Outbox // nil where the process delivers it in a loop of its own
	Now        func() time.Time
	Logger     *slog.Logger
	Overdue    time.Duration // a deadline older than this was missed by its execution
	Quiet      time.Duration // the execution of an active case is checked if the case was not written for this long
	Batch      int           // how many cases at once
}

// swept is the answer, for logs and people.
type swept struct {
	Effects    int `json:"effects"`
	Deliveries int `json:"deliveries"`
	Timers     int `json:"timers"`
	Replaced   int `json:"executions_replaced"`
	Uploads    int `json:"uploads_found"`
}

// attributes are what is logged of it: all.
func (s swept) attributes() []any {
	return []any{"effects", s.Effects, "deliveries", s.Deliveries, "timers", s.Timers, "executions_replaced", s.Replaced, "uploads_found", s.Uploads}
}

func (s *swept) add(more swept) {
	s.Effects, s.Deliveries = s.Effects+more.Effects, s.Deliveries+more.Deliveries
	s.Timers, s.Replaced, s.Uploads = s.Timers+more.Timers, s.Replaced+more.Replaced, s.Uploads+more.Uploads
}

// reserve is how much of a call's time is left for what is under way when no more is begun: an attempt at a webhook has
// ten seconds.
const reserve = 13 * time.Second

// hangingReserve is that after a round in which something failed: what hangs in the next one uses all the time that it gets.
const hangingReserve = 35 * time.Second

// mostRounds bounds a call without a deadline.
const mostRounds = 100

// NewSweep handles the schedule: what is due and what was missed. Each kind of work continues when another fails, and
// each has its own time, so that one that hangs takes no time from the others.
func NewSweep(config SweepConfig) Handler {
	s := &sweep{SweepConfig: config, pool: fair.New(fair.Limits{Total: 32, PerTenant: 8, PerReceiver: 8, Waiting: 10_000}), resting: &resting{until: map[cases.Ref]time.Time{}}}
	return func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		wake := isWake(payload)
		result, err := s.run(ctx, wake)
		if result != (swept{}) {
			config.Logger.InfoContext(ctx, "swept", result.attributes()...)
		}
		if err != nil && wake { // its message has served its purpose, and the schedule follows
			config.Logger.WarnContext(ctx, "parts of the sweep failed: the schedule's next one repeats them", "error", err.Error())
			err = nil
		}
		if err != nil {
			return nil, problem.Wrap(err, problem.Unavailable, "Parts of the sweep failed.")
		}
		return json.Marshal(result)
	}
}

// isWake reports whether an event is a Waker's, and not the schedule's.
func isWake(payload json.RawMessage) bool {
	var batch messages
	return json.Unmarshal(payload, &batch) == nil && len(batch.Records) > 0
}

// sweep is the work of the schedule's function.
type sweep struct {
	SweepConfig
	pool *fair.Pool

	mutex   sync.Mutex // a function environment runs one at a time, the local stack might not
	page    string     // where the scan of open cases continues
	resting *resting   // cases whose timers could not be applied
}

const (
	measureTime    = 5 * time.Second
	timersTime     = 8 * time.Second
	executionsTime = 12 * time.Second
	deliveriesTime = 5 * time.Second
	finishTime     = 2 * time.Second
)

// within bounds the time of work.
func within(ctx context.Context, limit time.Duration, work func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return work(ctx)
}

// run makes rounds until nothing is due, or its time is nearly over: a failure in one round does not keep the rest from
// the next. A Waker's call does only that; the schedule's calls also check some open cases, and continue where the last
// one ended, in whatever process.
func (s *sweep) run(ctx context.Context, wake bool) (total swept, err error) {
	failures := []error{}
	if !wake {
		if s.Outbox != nil {
			failures = append(failures, within(ctx, measureTime, s.Outbox.Measure))
		}
		marks := s.open(ctx, &failures)
		defer func() { s.keep(ctx, marks) }()
	}
	for n := 0; n < mostRounds; n++ {
		result, err := s.round(ctx)
		if n == 0 && !wake {
			err = errors.Join(err, within(ctx, executionsTime, func(ctx context.Context) error { return s.looks(ctx, &result) }))
		}
		if s.Outbox != nil {
			err = errors.Join(err, s.Outbox.Wait(ctx))
		}
		failures = append(failures, err)
		total.add(result)
		needed := reserve
		if err != nil {
			needed = hangingReserve
		}
		if result == (swept{}) || !timeLeft(ctx, needed) {
			break
		}
	}
	if s.Outbox != nil {
		s.Outbox.alarm.ring(ctx)
		s.Outbox.Webhooks.Finish(ctx, finishTime) // where no queue takes them
	}
	return total, errors.Join(failures...)
}

// timeLeft reports whether there is time for another round.
func timeLeft(ctx context.Context, needed time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() == nil && (!ok || time.Until(deadline) >= needed)
}

// round starts what is due, without waiting for it: a case that hangs does not delay the next round. What cases wait for
// comes first, subscribers last.
func (s *sweep) round(ctx context.Context) (result swept, err error) {
	if s.Outbox != nil {
		result.Effects, err = s.Outbox.Read(ctx, s.Now().Add(-cases.DispatchTime)) // it bounds its time itself
	}
	err = errors.Join(err, within(ctx, timersTime, func(ctx context.Context) error { return s.timers(ctx, &result) }))
	if s.Outbox != nil {
		err = errors.Join(err, within(ctx, deliveriesTime, func(ctx context.Context) (err error) {
			result.Deliveries, err = s.Outbox.Webhooks.OfferDue(ctx)
			return err
		}))
	}
	return result, err
}

// timers applies deadlines that were missed. A case whose timers cannot be applied rests, so that those behind it are seen.
func (s *sweep) timers(ctx context.Context, result *swept) error {
	now := s.Now()
	due, err := s.Store.Due(ctx, now.Add(-s.Overdue), lookedThrough*s.Batch+s.resting.count(now))
	applied, failures := 0, []error{err}
	s.each(ctx, s.shares(due, now), func(ctx context.Context, ref cases.Ref) error {
		_, err := s.Cases.Expire(ctx, cases.Branch{Tenant: ref.Tenant, Case: ref.ID})
		return err
	}, func(ref cases.Ref, err error) {
		if err != nil {
			s.resting.add(ref, s.Now(), restOf(err)) // also one that has hung until its time was over
			failures = append(failures, err)
			return
		}
		applied++
	})
	result.Timers += applied
	return errors.Join(failures...)
}

// lookedThrough is how many times as many missed deadlines are looked through as are applied in a round, so that a tenant with
// very many does not hide those of the others.
const lookedThrough = 5

// shares are the cases of a round: those that do not rest, the longest overdue first, and of one tenant a quarter at most.
func (s *sweep) shares(due []cases.Ref, now time.Time) (chosen []cases.Ref) {
	of := map[string]int{}
	for _, ref := range due {
		if len(chosen) == s.Batch {
			break
		}
		if of[ref.Tenant] >= max(1, s.Batch/4) || s.resting.is(ref, now) {
			continue
		}
		of[ref.Tenant]++
		chosen = append(chosen, ref)
	}
	return chosen
}

// caseTime bounds what is done for one case.
const caseTime = 5 * time.Second

// each runs a function for cases, tenants in turns, and reports the results one at a time. What has not begun when ctx
// ends is left to the next round.
func (s *sweep) each(ctx context.Context, refs []cases.Ref, do func(context.Context, cases.Ref) error, finished func(cases.Ref, error)) {
	var mutex sync.Mutex
	var all sync.WaitGroup
	for _, ref := range refs {
		all.Add(1)
		taken := s.pool.Go(ref.Tenant, "", func() {
			defer all.Done()
			if ctx.Err() != nil {
				return
			}
			within, cancel := context.WithTimeout(ctx, caseTime)
			defer cancel()
			err := do(within, ref)
			mutex.Lock()
			defer mutex.Unlock()
			finished(ref, err)
		})
		if !taken {
			all.Done()
		}
	}
	all.Wait()
}

const (
	// mostLooks bounds how many open cases one call checks, a minute: Step Functions answers 250 queries about executions in
	// a burst, and then 10 a second.
	mostLooks = 300
	// lookPage is how many cases are checked before the place to continue is stored: what one tenant's cases take at the
	// worst (twice caseTime, eight at a time) is less than executionsTime, so that every call makes progress.
	lookPage = 15
	// hangs is after how many cases that took all their time the other ones of their tenant are passed over by this call.
	hangs = 8
)

// looks checks pages of open cases, a bounded number of cases in total. A page whose time ran out is checked again by the next call.
func (s *sweep) looks(ctx context.Context, result *swept) error {
	var failures []error
	size, hung := min(lookPage, s.Batch), map[string]int{}
	for looked := 0; looked+size <= min(mostLooks, 3*s.Batch) && ctx.Err() == nil; looked += size {
		more, err := s.executions(ctx, size, hung, result)
		failures = append(failures, err)
		if !more {
			break
		}
	}
	return errors.Join(failures...)
}

// executions checks a page of quiet open cases, finds the uploads whose notices were lost, and replaces the executions
// that are gone. hung counts cases that used all their time, by tenant. more: there are more pages, and most queries
// were answered.
func (s *sweep) executions(ctx context.Context, size int, hung map[string]int, result *swept) (more bool, err error) {
	refs, next, err := s.Store.Open(ctx, s.Now().Add(-s.Quiet), s.page, size)
	if err != nil {
		if problem.CodeOf(err) == problem.Invalid { // a bookmark of another kind of store
			s.page = ""
		}
		return false, err
	}
	var failures []error
	var replaced, uploads atomic.Int64
	looked, refused := 0, 0
	refs = slices.DeleteFunc(refs, func(ref cases.Ref) bool { return hung[ref.Tenant] >= hangs })
	s.each(ctx, refs, func(ctx context.Context, ref cases.Ref) error {
		record, err := s.Store.Get(ctx, ref.Tenant, ref.ID)
		if err != nil || record.Status != cases.StatusActive {
			return err
		}
		found, missed := s.Cases.ReconcileUploads(ctx, record)
		uploads.Add(int64(found))
		done, err := s.replaceIfGone(ctx, record)
		if done {
			replaced.Add(1)
		}
		return errors.Join(missed, err)
	}, func(ref cases.Ref, err error) {
		looked, failures = looked+1, append(failures, err)
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			hung[ref.Tenant]++
		case err != nil:
			refused++
		}
	})
	result.Replaced += int(replaced.Load())
	result.Uploads += int(uploads.Load())
	if looked < len(refs) { // the time is over
		return false, errors.Join(failures...)
	}
	s.page = next
	return next != "" && 2*refused <= looked, errors.Join(failures...)
}

func (s *sweep) replaceIfGone(ctx context.Context, record cases.Record) (bool, error) {
	if !record.Replaceable(s.Now()) {
		return false, nil
	}
	running, err := s.Executions.Running(ctx, record.Machine(), record.Execution.Name)
	if err != nil || running {
		return false, err
	}
	if starting, err := s.starting(ctx, record); err != nil || starting {
		return false, err
	}
	s.Logger.WarnContext(ctx, "execution is gone", "case_id", record.ID, "execution", record.Execution.Name)
	after, err := s.Cases.ReplaceExecution(ctx, record.Tenant, record.ID, record.Execution.Name)
	return err == nil && after.Execution.Name != record.Execution.Name, err
}

// starting reports whether the outbox still has the start of the case's execution: another one would not begin sooner. When
// it is a dead letter, its incident is where a person finds it.
func (s *sweep) starting(ctx context.Context, record cases.Record) (bool, error) {
	execution := record.Execution
	effects, err := s.Store.Outstanding(ctx, record.Tenant, record.ID, max(1, execution.Since), execution.StartedAt)
	return slices.ContainsFunc(effects, func(e cases.Effect) bool {
		return e.Kind == cases.EffectStart && e.Name == execution.Name
	}), err
}

// resting are cases that are left alone for a while.
type resting struct {
	mutex sync.Mutex
	until map[cases.Ref]time.Time
}

// restOf is how long a case rests after a failure.
func restOf(failure error) time.Duration {
	if problem.CodeOf(failure).Retryable() {
		return 20 * time.Second
	}
	return 5 * time.Minute
}

func (r *resting) add(ref cases.Ref, now time.Time, rest time.Duration) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.until[ref] = now.Add(rest)
}

func (r *resting) is(ref cases.Ref, now time.Time) bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return now.Before(r.until[ref])
}

// count states how many rest, and forgets those that do no more.
func (r *resting) count(now time.Time) int {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	maps.DeleteFunc(r.until, func(_ cases.Ref, until time.Time) bool { return !now.Before(until) })
	return len(r.until)
}
