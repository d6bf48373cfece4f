package task

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/outbox"
	"ballerine/internal/problem"
	"ballerine/internal/telemetry"
	"ballerine/internal/webhook"
)

// Outbox delivers effects. It is what dispatch and sweep share.
type Outbox struct {
	*outbox.Outbox
	Webhooks *webhook.Service
	alarm    *alarm
}

// Run delivers what is due, effects and webhooks, every so often until ctx ends, and returns when no delivery is under
// way any longer: for a process that also learns of commits itself.
func (o *Outbox) Run(ctx context.Context, every time.Duration, failed func(error)) {
	var loops sync.WaitGroup
	loops.Go(func() { o.Outbox.Run(ctx, every) })
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for ctx.Err() == nil {
		if _, err := o.Webhooks.OfferDue(ctx); err != nil && ctx.Err() == nil {
			failed(err)
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
	o.Webhooks.Close()
	loops.Wait()
}

// OutboxConfig is what an Outbox needs.
type OutboxConfig struct {
	Cases      *cases.Service
	Store      cases.Store
	Executions cases.Executions
	Webhooks   *webhook.Service
	Waker      Waker // nil where the process reads the outbox in a loop of its own
	Now        func() time.Time
	Metrics    telemetry.Metrics
	Logger     *slog.Logger
}

// NewOutbox makes an Outbox. First attempts at webhooks are made beside it: a subscriber holds up no delivery.
func NewOutbox(c OutboxConfig) *Outbox {
	s, a := &sender{OutboxConfig: c}, &alarm{waker: c.Waker, now: c.Now, logger: c.Logger}
	return &Outbox{
		Outbox: outbox.New(outbox.Config{
			Store: c.Store, Send: s.send, Bury: c.Cases.BuryEffect, Postponed: a.set, Now: c.Now, Metrics: c.Metrics, Logger: c.Logger,
		}),
		Webhooks: c.Webhooks, alarm: a,
	}
}

// sender makes effects happen.
type sender struct {
	OutboxConfig
	reports reports
}

// send delivers the effects of one bundle: reports for one parent, or a single effect.
func (s *sender) send(ctx context.Context, effects []cases.Effect) []error {
	if effects[0].Kind == cases.EffectReport {
		return s.reports.deliver(ctx, effects, s.Cases.Reported)
	}
	failures := make([]error, len(effects))
	for i, effect := range effects {
		failures[i] = s.sendOne(ctx, effect)
	}
	return failures
}

func (s *sender) sendOne(ctx context.Context, effect cases.Effect) error {
	machine := cases.Machine{Tenant: effect.Tenant, Workflow: effect.Machine}
	switch effect.Kind {
	case cases.EffectStart:
		return s.Executions.Start(ctx, machine, effect.Name, effect.Input(s.Now()))
	case cases.EffectWake:
		return s.Executions.Wake(ctx, effect.Token, effect.Input(s.Now()))
	case cases.EffectStop:
		return s.Executions.Stop(ctx, machine, effect.Name, "the case was cancelled or its execution replaced")
	case cases.EffectCancel:
		return s.Cases.CancelChildren(ctx, effect.Tenant, effect.Cancels()...)
	case cases.EffectPublish:
		return s.publish(ctx, effect)
	case cases.EffectAnswer:
		return s.Cases.Remember(ctx, effect)
	case cases.EffectWatch:
		return s.Cases.WatchSubject(ctx, effect)
	case cases.EffectUnreadable:
		return problem.New(problem.Invalid, "The stored effect cannot be read.")
	case cases.EffectNone, cases.EffectReport: // see Outbox, and send
		return nil
	default:
		return problem.New(problem.Internal, "There is no effect of kind %q.", effect.Kind)
	}
}

// publish keeps a delivery for each subscriber, and lets the first attempts at them begin. When it fails between two
// events, the others come with the next attempt: publishing twice is no error.
func (s *sender) publish(ctx context.Context, effect cases.Effect) error {
	for _, event := range effect.Published() {
		created, err := s.Webhooks.Create(ctx, webhook.Event{
			ID: event.ID, Tenant: effect.Tenant, Type: event.Type, Subject: effect.Case, Time: effect.At, Data: event.Data,
		})
		s.Webhooks.Offer(created)
		if err != nil {
			return err
		}
	}
	return nil
}

// firstAttempts is how long dispatch lets first attempts at webhooks begin before it answers, where no queue takes them; the sweep
// makes the others.
const firstAttempts = 2 * time.Second

// NewDispatch handles the cases table's stream: decode reads the effects of an event, of whatever store it is. What cannot
// be delivered is written down in the outbox, which tries it again: it never fails the event, which would come again whole.
func NewDispatch(outbox *Outbox, decode func(json.RawMessage) ([]cases.Effect, error)) Handler {
	return func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
		effects, err := decode(payload)
		if err != nil {
			return nil, problem.Wrap(err, problem.Invalid, "The event is not from the stream of the cases table.")
		}
		outbox.Deliver(ctx, effects)
		outbox.alarm.ring(ctx)
		outbox.Webhooks.Finish(ctx, firstAttempts)
		return json.RawMessage(`{}`), nil
	}
}
