package rescreening

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/telemetry"
	"ballerine/internal/watched"
	"ballerine/internal/watchlists"
)

// Config is what a Service needs.
type Config struct {
	Store watched.Store
	News  func(ctx context.Context, tenant, list, since string) (watchlists.News, error)
	Open  func(ctx context.Context, w watched.Watch, id string, about map[string]any) (cases.Record, error)

	// Counts reports whether a case that was opened is still open, or was decided by a person: else its hits are open again. Default: always.
	Counts func(ctx context.Context, tenant, id string) (bool, error)

	Now     func() time.Time
	Logger  *slog.Logger
	Metrics telemetry.Metrics // default telemetry.Discard
	Page    int               // subjects that are read at once; default 1,000
}

// Service screens subjects again.
type Service struct{ Config }

// Bounds of runs.
const (
	lease    = 2 * time.Minute // longer than any turn
	settling = 2 * time.Minute // within which an announced edition counts, or never does
	share    = 2 * time.Second // of a turn that each run gets at least
	rounds   = 3               // in which subjects that have failed are tried again
	maxAgain = 2000            // subjects that fail and are noted by name
	rests    = 5               // turns in a row after which a run continues though more than these fail
	maxTries = 10              // turns that fail in a row
)

// New makes a Service.
func New(c Config) *Service {
	if c.Page <= 0 {
		c.Page = 1000
	}
	if c.Counts == nil {
		c.Counts = func(context.Context, string, string) (bool, error) { return true, nil }
	}
	if c.Metrics == nil {
		c.Metrics = telemetry.Discard
	}
	return &Service{c}
}

// Announce is for watchlists.Service: it notes that a list is about to change.
func (s *Service) Announce(ctx context.Context, tenant, list, current, edition string) error {
	_, err := watched.ChangeRun(ctx, s.Store, tenant, list, func(r *watched.Run) bool {
		r.Announce(current, edition, s.Now())
		return true
	})
	return err
}

// Begin lets a list's run compare all subjects with the whole list. Errors: UnknownList, NotReady while a run is under way, Conflict, Unavailable.
func (s *Service) Begin(ctx context.Context, p identity.Principal, list string) (watched.Run, error) {
	news, err := s.News(ctx, p.Tenant, list, "")
	if err != nil {
		return watched.Run{}, err
	}
	running := false
	run, err := watched.ChangeRun(ctx, s.Store, p.Tenant, list, func(r *watched.Run) bool {
		if running = r.State == watched.Running && r.By != p.ID; running || r.State == watched.Running {
			return false // by the same person: the call is repeated
		}
		r.Edition = news.Edition
		r.Whole(p.ID, s.Now())
		return true
	})
	if err == nil && running {
		err = problem.New(problem.NotReady, "Subjects are being screened again already.")
	}
	return run, err
}

// Runs are a tenant's, by list.
func (s *Service) Runs(ctx context.Context, tenant string) ([]watched.Run, error) {
	return s.Store.Runs(ctx, tenant)
}

// Turn works the runs of all tenants until a time, those first that have waited the longest, each for a share of the time. It reports how many are
// not done. A run that fails does not keep the others. Errors: Unavailable when the runs cannot be read.
func (s *Service) Turn(ctx context.Context, until time.Time) (open int, err error) {
	all, err := s.Store.Runs(ctx, "")
	if err != nil {
		return 0, err
	}
	s.measure(all)
	all = slices.DeleteFunc(all, func(r watched.Run) bool { return r.State != watched.Running || r.Lease.After(s.Now()) })
	slices.SortStableFunc(all, func(a, b watched.Run) int { return a.TurnAt.Compare(b.TurnAt) })
	for i, r := range all {
		left := until.Sub(s.Now())
		if left <= 0 {
			return open + len(all) - i, nil
		}
		part := max(left/time.Duration(len(all)-i), min(share, left))
		if !s.turn(ctx, r, s.Now().Add(part)) {
			open++
		}
	}
	return open, nil
}

// measure states how long the oldest run that is not done has owed a comparison, whether it is under way or has failed. It is reported each time: a missing value means that the runs are not processed.
func (s *Service) measure(all []watched.Run) {
	oldest := time.Duration(0)
	for _, r := range all {
		if r.State != watched.Done && !r.OwedAt.IsZero() {
			oldest = max(oldest, s.Now().Sub(r.OwedAt))
		}
	}
	s.Metrics.Gauge("rescreening_oldest_seconds", oldest.Seconds())
}

// turn works a run for a while. It reports whether the run is done.
func (s *Service) turn(ctx context.Context, r watched.Run, until time.Time) bool {
	r.Lease, r.TurnAt = s.Now().Add(lease), s.Now()
	w := &work{Service: s, run: r}
	if err := w.keep(ctx); err != nil {
		return false // another worker processes it, or it has changed
	}
	err := w.until(ctx, until)
	if problem.CodeOf(err) == problem.Conflict {
		return false // it starts over: what was done is done again
	}
	if err != nil {
		w.fails(ctx, err)
	}
	w.run.Lease = time.Time{}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := w.keep(ctx); err != nil {
		s.Logger.WarnContext(ctx, "the place of a screening was not kept: the page is repeated", "list", r.List, "error", err.Error())
		return false
	}
	return w.run.State != watched.Running
}
