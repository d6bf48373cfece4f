// Package demo creates demo cases of fictitious people on a simulated clock, on which weeks pass in seconds.
package demo

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"ballerine/internal/asl/simclock"
	"ballerine/internal/backoffice"
	"ballerine/internal/cases"
	"ballerine/internal/local"
)

// Made is what was set up.
type Made struct {
	Cases    int `json:"cases"`     // 0: the tenant has had some, so none were made
	ToDecide int `json:"to_decide"` // that wait for a reviewer
	UnderWay int `json:"under_way"`
	Ended    int `json:"ended"`
}

// Seed sets demo cases up in a data folder whose tenant has none, before a Start with the same options. progress is called with
// how many of how many are done; nil: it is not reported. Errors: Invalid with a DynamoDB, Unavailable when the data is in use.
func Seed(ctx context.Context, options local.Options, progress func(done, total int)) (made Made, err error) {
	if progress == nil {
		progress = func(int, int) {}
	}
	err = local.Fill(ctx, options, func(ctx context.Context, folder string) (err error) {
		now := time.Now()
		clock := simclock.New(now.Add(-past))
		faults := &faults{}
		stack, err := local.Start(ctx, local.Options{
			Data: folder, Address: "127.0.0.1:0", Definitions: options.Definitions, Version: options.Version, Cast: Cast(),
			Logger: errorsOnly(options.Logger), Now: clock.Now, Simulation: &local.Simulation{Clock: clock, Fault: faults.of},
		})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, stack.Close(context.WithoutCancel(ctx))) }()
		s := &seeder{stack: stack, clock: clock, now: now, faults: faults, progress: progress}
		if err := s.run(ctx); err != nil {
			return err
		}
		made, err = s.count(ctx)
		return err
	})
	return made, err
}

// claimedCase is the external id of the case that a demo colleague is deciding, and claimTime how long they have it open.
const (
	claimedCase = "demo-claimed"
	claimTime   = 12 * time.Hour
)

// Attend lets a demo colleague claim one of the demo cases on a running stack, if it exists: others see it locked, and
// may take it over. Claims are not stored in the data folder, and end half a minute after the last sign of their holder;
// this one after hours.
func Attend(ctx context.Context, stack *local.Stack) error {
	colleague, now := local.DemoPerson(robin), time.Now().UTC()
	page, err := stack.Core.Cases.List(ctx, colleague, cases.Query{ExternalID: claimedCase, Status: cases.StatusActive, Limit: 1})
	if err != nil || len(page.Records) == 0 {
		return err
	}
	return stack.Core.Reviews.PutClaim(ctx, backoffice.Claim{
		Tenant: local.DemoTenant, Case: page.Records[0].ID, User: colleague.ID, Name: colleague.Name, Since: now, Until: now.Add(claimTime),
	}, now, false)
}

// count states what there is now.
func (s *seeder) count(ctx context.Context) (made Made, err error) {
	for query := (cases.Query{Limit: 200}); ; {
		page, err := s.stack.Core.Cases.List(ctx, s.client, query)
		if err != nil {
			return Made{}, err
		}
		for _, record := range page.Records {
			made.Cases++
			switch {
			case record.Status != cases.StatusActive:
				made.Ended++
			case slices.Contains(record.Tags, cases.TagReview):
				made.ToDecide++
			default:
				made.UnderWay++
			}
		}
		if query.After = page.Next; query.After == "" {
			return made, nil
		}
	}
}

// errorsOnly keeps the log quiet about what demo vendors do on purpose.
func errorsOnly(logger *slog.Logger) *slog.Logger {
	if logger == nil {
		logger = slog.Default()
	}
	return slog.New(quiet{logger.Handler()})
}

type quiet struct{ slog.Handler }

// Enabled implements slog.Handler.
func (quiet) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }

// WithAttrs implements slog.Handler.
func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name)} }
