package trial

import (
	"context"
	"time"

	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
)

const (
	// fresh is how long a process goes by what it has read. A trial that is started or ended counts at once where that
	// was done, and everywhere after this time.
	fresh = 5 * time.Second
	// ahead is how far the time of a decision may be ahead of the clock for the decision to be part of a trial.
	ahead = time.Minute
	// after is how long after its end decisions may still be made in a trial, by their time: fresh and ahead, and what a
	// decision takes.
	after = 5 * time.Minute
	// maxKnown bounds how many policies, and how many drafts, a process keeps.
	maxKnown = 1000
)

// place is a policy of a tenant.
type place struct{ tenant, policy string }

// running is what has a place beside a policy, as it was read.
type running struct {
	read   time.Time
	trials []Trial
}

var _ ledger.Trials = (*Service)(nil)

// Beside implements ledger.Trials. Decisions take part whose time is within the trial's; those at another time
// are questions about the past or the future. When the store does not answer, what was read before counts on.
func (s *Service) Beside(ctx context.Context, tenant string, live *rules.Policy, at time.Time) (found ledger.Beside, err error) {
	now := s.Now()
	trials, err := s.runs(ctx, place{tenant, live.ID}, now)
	for _, t := range trials {
		if !t.beside(live) || at.Before(t.StartedAt) || at.After(now.Add(ahead)) {
			continue
		}
		draft, parseErr := s.Draft(ctx, tenant, t.Policy, t.ID)
		if parseErr != nil {
			return ledger.Beside{}, parseErr
		}
		tried := &ledger.Draft{Trial: t.ID, Policy: draft, Share: t.Share}
		if t.Kind == Shadow {
			found.Shadow = tried
		} else {
			found.Challenger = tried
		}
	}
	return found, err
}

// runs are the trials that have a place beside a policy.
func (s *Service) runs(ctx context.Context, p place, now time.Time) ([]Trial, error) {
	known, ok := s.known.Get(p)
	if age := now.Sub(known.read); ok && age >= 0 && age < fresh {
		return known.trials, nil
	}
	trials, err := s.Store.RunningTrials(ctx, p.tenant, p.policy)
	if err != nil {
		if ok {
			return known.trials, nil
		}
		return nil, err
	}
	s.known.Put(p, running{now, trials})
	return trials, nil
}

// forget what was read of a policy: it is read again for the next decision.
func (s *Service) forget(tenant, policy string) { s.known.Remove(place{tenant, policy}) }

// Draft implements ledger.Trials. A draft never changes: it is read once.
func (s *Service) Draft(ctx context.Context, tenant, policy, id string) (*rules.Policy, error) {
	if !ledger.Named(policy, id) {
		return nil, problem.New(problem.NotFound, "There is no such trial.")
	}
	key := tenant + "\x00" + policy + "\x00" + id
	if draft, ok := s.drafts.Get(key); ok {
		return draft, nil
	}
	t, err := s.Store.Trial(ctx, tenant, policy, id)
	if err != nil {
		return nil, err
	}
	draft, diagnostics := rules.Reread(id, []byte(t.Source))
	if diagnostics.Failed() {
		return nil, problem.Wrap(diagnostics.Err(), problem.Internal, "The draft of a trial can no longer be read.")
	}
	draft.Version = 0
	s.drafts.Put(key, draft)
	return draft, nil
}

// Report is a part of the results of a trial, over as many decisions as the pages allow; they name the policy, trial and
// time range, and where to continue. Errors: NotFound; those of the ledger.
func (s *Service) Report(ctx context.Context, tenant, policy, id string, pages *ledger.Pages, examples int) (ledger.TrialReport, error) {
	t, err := s.Get(ctx, tenant, policy, id)
	if err != nil {
		return ledger.TrialReport{}, err
	}
	draft, err := s.Draft(ctx, tenant, policy, id)
	if err != nil {
		return ledger.TrialReport{}, err
	}
	source := func(context.Context, func([]ledger.Lazy) error) error { return nil }
	if pages.Store != nil && !t.StartedAt.IsZero() {
		pages.Tenant, pages.Policy, pages.Heads = tenant, policy, true
		pages.Filter = ledger.Filter{Trial: id, From: t.StartedAt}
		if !t.EndedAt.IsZero() {
			pages.Filter.To = t.EndedAt.Add(after)
		}
		source = pages.Source
	}
	return ledger.ReportTrial(ctx, ledger.Draft{Trial: id, Policy: draft, Share: t.Share}, source, examples)
}
