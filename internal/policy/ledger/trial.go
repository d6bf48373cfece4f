package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"runtime/debug"
	"time"

	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
)

// Draft is a policy that is tried beside its live version. Its Version is 0: it is not published.
type Draft struct {
	Trial  string // id
	Policy *rules.Policy
	Share  int // of a challenger: of 10,000 subjects, how many it decides for
}

// Beside is what is tried beside a version; nil: no draft.
type Beside struct{ Shadow, Challenger *Draft }

// Trials knows the drafts that are tried.
type Trials interface {
	// Beside returns what is tried beside a version of a policy for decisions of a time. It is called for every decision.
	Beside(ctx context.Context, tenant string, live *rules.Policy, at time.Time) (Beside, error)
	// Draft returns the draft of a trial, whatever its status. Errors: NotFound.
	Draft(ctx context.Context, tenant, policy, trial string) (*rules.Policy, error)
}

// Side states which side of a trial has decided, and why.
type Side struct {
	rules.Trial
	Point float64 `json:"point"` // of the subject, from 0 to below 1; below the share it is the challenger's
}

// answer is the trial as the answer shows it.
func (s *Side) answer() *rules.Trial {
	if s == nil {
		return nil
	}
	trial := s.Trial
	return &trial
}

func (s *Side) same(other *Side) bool {
	return s == nil && other == nil || s != nil && other != nil && *s == *other
}

// challenged reports whether a challenger has made the decision.
func (h Head) challenged() bool {
	return h.Trial != nil && h.Trial.Arm == rules.Challenger && h.Trial.Error == ""
}

func (h Head) triedIn(trial string) bool {
	return h.Trial != nil && h.Trial.ID == trial || h.Shadow != nil && h.Shadow.Trial == trial
}

// ShareUnit is the whole of a share: shares are counted in hundredths of a percent.
const ShareUnit = 10_000

// points is how many positions there are for subjects: as many as a double can distinguish.
const points = 1 << 53

// Point is the position of a subject in a trial, from 0 to below 1: a hash, always the same, and unrelated to its
// position in another trial.
func Point(trial, subject string) float64 { return point(trial, "subject", []byte(subject)) }

func point(trial, kind string, id []byte) float64 {
	text := make([]byte, 0, len(trial)+len(kind)+len(id)+2)
	text = append(append(append(append(append(text, trial...), 0), kind...), 0), id...)
	sum := sha256.Sum256(text)
	return float64(binary.BigEndian.Uint64(sum[:])>>11) / points
}

// ArmAt is the side that decides for a subject at a point. A larger share takes subjects from the champion, and none back.
func ArmAt(point float64, share int) rules.Arm {
	if point*ShareUnit < float64(share) {
		return rules.Challenger
	}
	return rules.Champion
}

// sideOf a request: by its subject, else by its case, else by its input.
func (d *Draft) sideOf(r Request, input []byte) *Side {
	var p float64
	switch {
	case r.Subject != "":
		p = Point(d.Trial, r.Subject)
	case r.Case != "":
		p = point(d.Trial, "case", []byte(r.Case))
	default:
		p = point(d.Trial, "input", input)
	}
	return &Side{rules.Trial{ID: d.Trial, Arm: ArmAt(p, d.Share)}, p}
}

// unit is the place of a side's subject as a whole number.
func (s *Side) unit() uint64 { return uint64(s.Point * points) }

// beside finds what is tried. If that is not known, no draft is tried: a trial must not prevent decisions.
func (l *Ledger) beside(ctx context.Context, r Request, at time.Time) Beside {
	if l.Trials == nil || l.Store == nil || r.Pinned {
		return Beside{}
	}
	found, err := l.Trials.Beside(ctx, r.Tenant, r.Policy, at)
	if err != nil {
		l.count("trials_unknown_total", "policy", r.Policy.ID)
		if l.Logger != nil {
			l.Logger.WarnContext(ctx, "the trials of a policy could not be read: its live version decides alone", "policy", r.Policy.ID, "code", string(problem.CodeOf(err)))
		}
		return Beside{}
	}
	return found
}

// answer is that of the live version, or of a challenger for its share of subjects. A challenger that fails leaves the
// decision to the live version; the head states it.
func (l *Ledger) answer(ctx context.Context, r Request, challenger *Draft, input map[string]any, text []byte, h *Head) (rules.Answer, error) {
	if challenger == nil {
		return l.evaluate(ctx, r.Policy, input, rules.Seen{}, h)
	}
	h.Trial = challenger.sideOf(r, text)
	l.count("trial_decisions_total", "policy", h.Policy, "arm", string(h.Trial.Arm))
	if h.Trial.Arm == rules.Challenger {
		tried := *h
		tried.Version, tried.Digest = 0, digestOf(challenger.Policy)
		answer, err := l.guarded(ctx, challenger, func() (rules.Answer, error) {
			return l.evaluate(ctx, challenger.Policy, input, rules.Seen{}, &tried)
		})
		if err == nil {
			*h = tried
			return answer, nil
		}
		h.Trial.Error = string(problem.CodeOf(err))
		l.count("trial_failures_total", "policy", h.Policy, "code", h.Trial.Error)
	}
	return l.evaluate(ctx, r.Policy, input, rules.Seen{}, h)
}

// guarded runs a draft; a panic in it is an error.
func (l *Ledger) guarded(ctx context.Context, draft *Draft, run func() (rules.Answer, error)) (answer rules.Answer, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = problem.New(problem.Internal, "The draft could not be evaluated.")
			if l.Logger != nil {
				l.Logger.ErrorContext(ctx, "panic in a draft that is tried", "trial", draft.Trial, "stack", string(debug.Stack()))
			}
		}
	}()
	return run()
}

func (l *Ledger) count(name string, dimensions ...string) {
	if l.Metrics != nil {
		l.Metrics.Count(name, dimensions...)
	}
}

// ShareOf is a part of the whole as a share. ok is false for what is finer than a hundredth of a percent.
func ShareOf(part float64) (share int, ok bool) {
	counted := part * ShareUnit
	rounded := math.Round(counted)
	return int(rounded), math.Abs(counted-rounded) < 1e-6 && math.Abs(rounded) <= ShareUnit
}
