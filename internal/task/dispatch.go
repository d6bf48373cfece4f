package task

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/telemetry"
	"ballerine/internal/webhook"
)

// deliverAtOnce bounds how many effects one invocation delivers side by side.
const deliverAtOnce = 16

// Outbox delivers effects. It is what dispatch and sweep share.
type Outbox struct {
	Cases      *cases.Service
	Store      cases.Store
	Executions cases.Executions
	Webhooks   *webhook.Service
	Now        func() time.Time
	Metrics    telemetry.Metrics
	Logger     *slog.Logger

	reports reports
}

// Deliver makes each effect happen and removes it from the outbox. What fails stays there for the next attempt; the
// error joins all failures. What is held back stays there, too, until somebody asks again when it is due: it may have
// been taken back by then.
func (o *Outbox) Deliver(ctx context.Context, effects []cases.Effect) error {
	now := o.Now()
	effects = slices.DeleteFunc(slices.Clone(effects), func(e cases.Effect) bool { return e.NotBefore.After(now) })
	failures := make([]error, len(effects))
	done := make([]bool, len(effects))
	var group errgroup.Group
	group.SetLimit(deliverAtOnce)
	for _, together := range bundles(effects) {
		group.Go(func() error {
			err := o.deliver(ctx, effects, together)
			for _, i := range together {
				failures[i], done[i] = err, err == nil
			}
			return nil
		})
	}
	_ = group.Wait() // the functions report through failures
	var delivered []cases.Effect
	for i, effect := range effects {
		if done[i] {
			delivered = append(delivered, effect)
			continue
		}
		o.Logger.WarnContext(ctx, "effect not delivered", "case_id", effect.Case, "kind", effect.Kind, "version", effect.Version, "error", failures[i].Error())
	}
	if len(delivered) > 0 {
		failures = append(failures, o.Store.Delivered(ctx, delivered...))
	}
	return errors.Join(failures...)
}

// bundles are the places of the effects that are delivered together: the reports for one parent, and every other one alone.
func bundles(effects []cases.Effect) (found [][]int) {
	reports := map[string]int{} // parent -> its bundle
	for i, effect := range effects {
		parent := effect.Tenant + "/" + effect.Name
		if at, ok := reports[parent]; ok && effect.Kind == cases.EffectReport {
			found[at] = append(found[at], i)
			continue
		}
		if effect.Kind == cases.EffectReport {
			reports[parent] = len(found)
		}
		found = append(found, []int{i})
	}
	return found
}

// deliver makes a bundle happen.
func (o *Outbox) deliver(ctx context.Context, effects []cases.Effect, bundle []int) (err error) {
	effect, told := effects[bundle[0]], []cases.Effect{effects[bundle[0]]}
	defer func() {
		outcome := "delivered"
		if err != nil {
			outcome = "failed"
		}
		for range bundle {
			o.Metrics.Count("effects_total", "kind", string(effect.Kind), "outcome", outcome)
		}
	}()
	switch effect.Kind {
	case cases.EffectNone:
		return nil
	case cases.EffectStart:
		return o.Executions.Start(ctx, cases.Machine{Tenant: effect.Tenant, Workflow: effect.Machine}, effect.Name, effect.Input(o.Now()))
	case cases.EffectWake:
		return o.Executions.Wake(ctx, effect.Token, effect.Input(o.Now()))
	case cases.EffectStop:
		return o.Executions.Stop(ctx, cases.Machine{Tenant: effect.Tenant, Workflow: effect.Machine}, effect.Name, "the case was cancelled or its execution replaced")
	case cases.EffectReport:
		for _, i := range bundle[1:] {
			told = append(told, effects[i])
		}
		return o.reports.deliver(ctx, told, o.Cases.Reported)
	case cases.EffectCancel:
		return o.Cases.CancelChild(ctx, effect.Tenant, effect.Name)
	case cases.EffectPublish:
		return o.Webhooks.Publish(ctx, effect.Tenant, webhook.Event{
			ID: effect.ID(), Type: effect.Type, Subject: effect.Case, Time: effect.At, Data: effect.Data,
		})
	default:
		return problem.New(problem.Internal, "No effect of kind %q is known.", effect.Kind)
	}
}

// NewDispatch handles the cases table's stream: decode reads the effects of an event, of whatever store it is.
func NewDispatch(outbox *Outbox, decode func(json.RawMessage) ([]cases.Effect, error)) Handler {
	return func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
		effects, err := decode(payload)
		if err != nil {
			return nil, problem.Wrap(err, problem.Invalid, "The event is not one of the cases table's stream.")
		}
		if err := outbox.Deliver(ctx, effects); err != nil {
			return nil, problem.Wrap(err, problem.Unavailable, "Some effects were not delivered.")
		}
		return json.RawMessage(`{}`), nil
	}
}
