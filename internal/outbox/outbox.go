package outbox

import (
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/fair"
	"ballerine/internal/problem"
	"ballerine/internal/telemetry"
)

// Config is what an Outbox needs. Store, Send and Bury are required.
type Config struct {
	Store cases.Outbox
	// Send delivers effects that belong to one bundle, and returns an error for each, in their order: see bundles.
	Send func(ctx context.Context, effects []cases.Effect) []error
	// Bury makes an effect a dead letter, with an incident on its case. NotFound if it no longer exists.
	Bury func(ctx context.Context, effect cases.Effect) error

	// Postponed is called with the time when an effect is due that is not attempted now: one that has failed, or one that is
	// held back until its cause can no longer be undone. It may be nil.
	Postponed func(at time.Time)

	Policy  Policy         // default defaultPolicy
	Limits  fair.Limits    // of the workers for what executions wait for, and of those for the others; default 64, 32, 16
	Timeout time.Duration  // of an attempt; default 10 s
	Each    int            // effects of a tenant on a page that is read; default 64
	Page    int            // effects on a page; default 1,000
	Chance  func() float64 // of jitter, from 0 to 1; default random
	Now     func() time.Time
	Metrics telemetry.Metrics
	Logger  *slog.Logger
}

// Outbox delivers effects. It is safe for concurrent use, also by several processes: an effect that is delivered twice
// happens twice, and everything that effects request tolerates that.
type Outbox struct {
	config       Config
	first, later *fair.Pool // for what executions wait for, and for events to subscribers

	mutex    sync.Mutex
	flying   map[string]struct{}  // effects that wait for an attempt here, or are being attempted
	recent   map[string]time.Time // what has just come to its end: a reader may still see it as it was
	pruned   time.Time            // when recent was last cleared of what is not
	landed   []landing            // delivered, not yet removed
	removing bool
	after    string // where reading continues
	added    int    // effects, ever
}

// landing is an effect that was delivered; done is called when it is removed.
type landing struct {
	ctx    context.Context
	effect cases.Effect
	done   func()
}

// New makes an Outbox.
func New(config Config) *Outbox {
	if config.Policy == (Policy{}) {
		config.Policy = defaultPolicy()
	}
	if config.Limits == (fair.Limits{}) {
		config.Limits = fair.Limits{Total: 64, PerTenant: 32, PerReceiver: 16, Waiting: 20_000}
	}
	if config.Timeout <= 0 {
		config.Timeout = 10 * time.Second
	}
	if config.Each <= 0 {
		config.Each = 64
	}
	if config.Page <= 0 {
		config.Page = 1000
	}
	if config.Chance == nil {
		config.Chance = rand.Float64
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Metrics == nil {
		config.Metrics = telemetry.Discard
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	return &Outbox{config: config, first: fair.New(config.Limits), later: fair.New(config.Limits), flying: map[string]struct{}{}, recent: map[string]time.Time{}}
}

// Take lets effects be delivered, and does not wait for it. What is not due yet, waits here already, or is too much for
// the tenant's share, stays in the store, where Read finds it. It returns how many it has taken.
func (o *Outbox) Take(ctx context.Context, effects []cases.Effect) int {
	return o.take(ctx, effects, func() {})
}

// Deliver lets effects be delivered and returns when each has been attempted: it is removed, or its failure is written
// down. Whatever could not even be written down stays in the outbox, where Read finds it: there is no error.
func (o *Outbox) Deliver(ctx context.Context, effects []cases.Effect) {
	var waiting sync.WaitGroup
	waiting.Add(len(effects))
	taken := o.take(ctx, effects, waiting.Done)
	for range len(effects) - taken {
		waiting.Done()
	}
	waiting.Wait()
}

// take calls done for each effect that it has taken, once it has come to its end.
func (o *Outbox) take(ctx context.Context, effects []cases.Effect, done func()) (taken int) {
	ready := o.launch(effects)
	for _, urgent := range []bool{true, false} {
		for _, bundle := range bundles(ready, urgent) {
			pool := o.later
			if urgent {
				pool = o.first
			}
			if pool.Go(bundle[0].Tenant, bundle[0].Receiver(), func() { o.attempt(ctx, bundle, done) }) {
				taken += len(bundle)
				continue
			}
			o.land(bundle...)
		}
	}
	return taken
}

// launch returns the effects that are due and not already in progress here.
func (o *Outbox) launch(effects []cases.Effect) (ready []cases.Effect) {
	now := o.config.Now()
	var early []cases.Effect
	o.mutex.Lock()
	for _, e := range effects {
		id := flight(e)
		_, flying := o.flying[id]
		switch {
		case flying || o.isRecent(e):
		case e.Due().After(now):
			early = append(early, e)
		default:
			o.flying[id] = struct{}{}
			ready = append(ready, e)
		}
	}
	o.added += len(ready)
	o.mutex.Unlock()
	o.postponed(early)
	return ready
}

// postponed reports when effects are due.
func (o *Outbox) postponed(effects []cases.Effect) {
	if o.config.Postponed == nil {
		return
	}
	for _, e := range effects {
		o.config.Postponed(e.Due())
	}
}

func flight(e cases.Effect) string { return e.Tenant + "/" + e.ID() }

func (o *Outbox) land(effects ...cases.Effect) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	for _, e := range effects {
		delete(o.flying, flight(e))
	}
}

// ended is land for effects that have come to their end, whatever it was.
func (o *Outbox) ended(effects ...cases.Effect) {
	o.land(effects...)
	o.mutex.Lock()
	defer o.mutex.Unlock()
	now := o.config.Now()
	if now.Sub(o.pruned) > cases.DispatchTime {
		maps.DeleteFunc(o.recent, func(_ string, at time.Time) bool { return now.Sub(at) >= cases.DispatchTime })
		o.pruned = now
	}
	for _, e := range effects {
		o.recent[attemptOf(e)] = now
	}
}

// isRecent reports whether just this attempt at the effect has come to its end here. Stores write that down in their own time,
// and indexes follow later still: what is read meanwhile is old. If it could not be written down, the effect is taken
// again after a while.
func (o *Outbox) isRecent(e cases.Effect) bool {
	at, ok := o.recent[attemptOf(e)]
	return ok && o.config.Now().Sub(at) < cases.DispatchTime
}

// attemptOf names an attempt at an effect: each has another time when it is due.
func attemptOf(e cases.Effect) string {
	return flight(e) + "/" + strconv.FormatInt(e.Due().UnixMilli(), 36)
}

// bundles are groups of effects that are delivered in one call: reports for one parent, and every other one alone.
func bundles(effects []cases.Effect, urgent bool) (found [][]cases.Effect) {
	parents := map[string]int{} // parent -> its bundle
	for _, e := range effects {
		if (e.Kind != cases.EffectPublish) != urgent {
			continue
		}
		parent := e.Tenant + "/" + e.Name
		if at, ok := parents[parent]; ok && e.Kind == cases.EffectReport {
			found[at] = append(found[at], e)
			continue
		}
		if e.Kind == cases.EffectReport {
			parents[parent] = len(found)
		}
		found = append(found, []cases.Effect{e})
	}
	return found
}

// attempt delivers a bundle within its time, and records the result.
func (o *Outbox) attempt(ctx context.Context, bundle []cases.Effect, done func()) {
	within, cancel := context.WithTimeout(ctx, o.config.Timeout)
	defer cancel()
	claimed := o.claim(within, bundle, done)
	if len(claimed) == 0 {
		return
	}
	var failures []error
	if live := withKind(claimed); len(live) > 0 {
		failures = o.config.Send(within, live)
	}
	for i, e := range claimed {
		var failure error
		if i < len(failures) {
			failure = failures[i]
		}
		if failure == nil {
			o.count(e, "delivered")
			o.remove(landing{context.WithoutCancel(ctx), e, done})
			continue
		}
		o.failed(ctx, e, failure)
		done()
	}
}

// withKind is the bundle unless it requests nothing: effects that were dropped are only removed.
func withKind(bundle []cases.Effect) []cases.Effect {
	if bundle[0].Kind == cases.EffectNone {
		return nil
	}
	return bundle
}

// claim takes effects that were held back, so that they can no longer be dropped, and returns those that exist.
func (o *Outbox) claim(ctx context.Context, bundle []cases.Effect, done func()) (claimed []cases.Effect) {
	for _, e := range bundle {
		if ctx.Err() != nil { // the system stops: the next one begins here
			o.land(e)
			done()
			continue
		}
		if e.Held() && !e.Delivery.Claimed && e.Kind != cases.EffectNone {
			err := o.config.Store.Claim(ctx, e)
			if err != nil {
				outcome := "gone"
				if problem.CodeOf(err) != problem.NotFound {
					outcome = "unclaimed"
					o.config.Logger.WarnContext(ctx, "effect not claimed", "case_id", e.Case, "effect", e.Ref(), "error", err.Error())
				}
				o.count(e, outcome)
				o.land(e)
				done()
				continue
			}
			e.Delivery.Claimed = true
		}
		claimed = append(claimed, e)
	}
	return claimed
}

// markTime is how long writing a failure down may take, also when the caller has gone in the meantime.
const markTime = 5 * time.Second

// failed writes down that an attempt has failed.
func (o *Outbox) failed(ctx context.Context, e cases.Effect, failure error) {
	if ctx.Err() != nil { // broken off: it is as if it had not been attempted
		o.land(e)
		return
	}
	defer o.ended(e)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), markTime)
	defer cancel()
	after := o.config.Policy.Failed(e, o.config.Now(), failure, o.config.Chance())
	level, outcome, mark := slog.LevelWarn, "failed", func() error { return o.config.Store.Postpone(ctx, e, after) }
	if !after.Delivery.DeadAt.IsZero() {
		level, outcome, mark = slog.LevelError, "dead", func() error { return o.bury(ctx, after) }
	}
	o.count(e, outcome)
	o.config.Logger.Log(ctx, level, "effect not delivered", "case_id", e.Case, "kind", e.Kind, "effect", e.Ref(), "outcome", outcome,
		"attempts", after.Delivery.Attempts, "next_at", after.Delivery.NextAt, "error", failure.Error())
	err := mark()
	if err != nil {
		o.config.Logger.ErrorContext(ctx, "a failed attempt was not recorded: it will be repeated", "case_id", e.Case, "effect", e.Ref(), "error", err.Error())
	}
	if err == nil && after.Delivery.DeadAt.IsZero() {
		o.postponed([]cases.Effect{after})
	}
}

// bury makes a dead letter, with an incident where the case takes one.
func (o *Outbox) bury(ctx context.Context, e cases.Effect) error {
	err := o.config.Bury(ctx, e)
	switch problem.CodeOf(err) {
	case "":
		return nil
	case problem.Conflict, problem.Unavailable, problem.Timeout:
		return err // it is read again
	case problem.NotFound: // the effect has been delivered meanwhile, or there is no case
	default:
		o.config.Logger.ErrorContext(ctx, "a dead letter has no incident on its case", "case_id", e.Case, "effect", e.Ref(), "error", err.Error())
	}
	return o.config.Store.Bury(ctx, e)
}

// remove deletes delivered effects from the store: those that land meanwhile are removed in one batch.
func (o *Outbox) remove(one landing) {
	o.mutex.Lock()
	o.landed = append(o.landed, one)
	if o.removing {
		o.mutex.Unlock()
		return
	}
	o.removing = true
	for len(o.landed) > 0 {
		batch := o.landed
		o.landed = nil
		o.mutex.Unlock()
		o.removeAll(batch)
		o.mutex.Lock()
	}
	o.removing = false
	o.mutex.Unlock()
}

func (o *Outbox) removeAll(batch []landing) {
	effects := make([]cases.Effect, len(batch))
	for i, each := range batch {
		effects[i] = each.effect
	}
	ctx, cancel := context.WithTimeout(batch[0].ctx, markTime)
	defer cancel()
	if err := o.config.Store.Delivered(ctx, effects...); err != nil {
		o.config.Logger.WarnContext(ctx, "delivered effects were not removed: they will be delivered again", "count", len(effects), "error", err.Error())
	}
	o.ended(effects...)
	for _, each := range batch {
		each.done()
	}
}

func (o *Outbox) count(e cases.Effect, outcome string) {
	o.config.Metrics.Count("effects_total", "kind", string(e.Kind), "outcome", outcome)
}

// State states how many effects have been taken, ever, and how many of them are on their way.
func (o *Outbox) State() (added, open int) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.added, len(o.flying)
}

// Wait returns when no effect is in flight, or when ctx ends.
func (o *Outbox) Wait(ctx context.Context) error {
	if err := o.first.Wait(ctx); err != nil {
		return err
	}
	return o.later.Wait(ctx)
}
