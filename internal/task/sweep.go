package task

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// SweepConfig is what the sweep needs. The durations say how long the normal path may take before sweep steps in.
type SweepConfig struct {
	Cases       *cases.Service
	Store       cases.Store
	Executions  cases.Executions
	Outbox      *Outbox
	Now         func() time.Time
	Logger      *slog.Logger
	Undelivered time.Duration // an effect older than this was missed by dispatch
	Overdue     time.Duration // a deadline older than this was missed by its execution
	Quiet       time.Duration // an active case not written for this long has its execution looked at
	Batch       int           // how many of each kind at once
}

// swept is the answer, for logs and people.
type swept struct {
	Effects    int `json:"effects"`
	Deliveries int `json:"deliveries"`
	Timers     int `json:"timers"`
	Replaced   int `json:"executions_replaced"`
}

// NewSweep handles the schedule: what is due and what was missed. Each kind of work goes on when another fails.
func NewSweep(config SweepConfig) Handler {
	var mutex sync.Mutex // a function environment runs one at a time, the local stack might not
	var page string      // where the look at open cases goes on: each sweep takes one page
	return func(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) {
		mutex.Lock()
		defer mutex.Unlock()
		var result swept
		err := errors.Join(
			config.effects(ctx, &result),
			config.deliveries(ctx, &result),
			config.timers(ctx, &result),
			config.executions(ctx, &page, &result),
		)
		if result != (swept{}) {
			config.Logger.InfoContext(ctx, "swept", "effects", result.Effects, "deliveries", result.Deliveries, "timers", result.Timers, "executions_replaced", result.Replaced)
		}
		if err != nil {
			return nil, problem.Wrap(err, problem.Unavailable, "Some of the sweep failed.")
		}
		return json.Marshal(result)
	}
}

func (c SweepConfig) effects(ctx context.Context, result *swept) error {
	now := c.Now()
	effects, err := c.Store.Undelivered(ctx, now, c.Batch)
	effects = slices.DeleteFunc(effects, func(e cases.Effect) bool { // what was held back comes through here only
		return e.NotBefore.IsZero() && !e.At.Before(now.Add(-c.Undelivered))
	})
	if err != nil || len(effects) == 0 {
		return err
	}
	result.Effects = len(effects)
	return c.Outbox.Deliver(ctx, effects)
}

func (c SweepConfig) deliveries(ctx context.Context, result *swept) error {
	attempted, err := c.Outbox.Webhooks.AttemptDue(ctx, c.Batch)
	result.Deliveries = attempted
	return err
}

func (c SweepConfig) timers(ctx context.Context, result *swept) error {
	due, err := c.Store.Due(ctx, c.Now().Add(-c.Overdue), c.Batch)
	failures := []error{err}
	for _, ref := range due {
		if _, err := c.Cases.Expire(ctx, cases.Branch{Tenant: ref.Tenant, Case: ref.ID}); err != nil {
			failures = append(failures, err)
			continue
		}
		result.Timers++
	}
	return errors.Join(failures...)
}

// executions looks at a page of quiet open cases and replaces the executions that are gone.
func (c SweepConfig) executions(ctx context.Context, page *string, result *swept) error {
	refs, next, err := c.Store.Open(ctx, c.Now().Add(-c.Quiet), *page, c.Batch)
	if err != nil {
		return err
	}
	*page = next
	var failures []error
	for _, ref := range refs {
		replaced, err := c.replaceIfGone(ctx, ref)
		failures = append(failures, err)
		if replaced {
			result.Replaced++
		}
	}
	return errors.Join(failures...)
}

func (c SweepConfig) replaceIfGone(ctx context.Context, ref cases.Ref) (bool, error) {
	record, err := c.Store.Get(ctx, ref.Tenant, ref.ID)
	if err != nil || record.Status != cases.StatusActive {
		return false, err
	}
	running, err := c.Executions.Running(ctx, record.Machine(), record.Execution.Name)
	if err != nil || running {
		return false, err
	}
	c.Logger.WarnContext(ctx, "execution is gone, replacing it", "case_id", ref.ID, "execution", record.Execution.Name)
	_, err = c.Cases.ReplaceExecution(ctx, ref.Tenant, ref.ID, record.Execution.Name)
	return err == nil, err
}
