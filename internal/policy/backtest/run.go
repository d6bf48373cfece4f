package backtest

import (
	"context"
	"time"

	"ballerine/internal/policy/ledger"
	"ballerine/internal/problem"
)

// Status of a run.
type Status string

// The statuses of a run. All but the first are final.
const (
	Running   Status = "running"
	Done      Status = "done"
	Failed    Status = "failed"
	Cancelled Status = "cancelled"
)

// Ref names a run.
type Ref struct {
	Tenant string `json:"tenant"`
	Policy string `json:"policy"` // the policy whose decisions are evaluated
	ID     string `json:"run"`    // "backtest_" + ULID
}

// Run is a draft that is tried on the decisions of a policy. The draft and the report are kept beside it.
type Run struct {
	Ref
	Status    Status        `json:"status"`
	Filter    ledger.Filter `json:"filter"`
	Examples  int           `json:"examples"` // number of example decisions to list for each flip
	Comment   string        `json:"comment,omitempty"`
	Digest    string        `json:"digest"` // "sha256:…" of the draft
	CreatedAt time.Time     `json:"created_at"`
	CreatedBy string        `json:"created_by"`
	EndedAt   time.Time     `json:"ended_at,omitzero"`
	Planned   bool          `json:"planned"`
	Windows   []Window      `json:"windows,omitempty"` // of the parts, in their order
	Failure   *Failure      `json:"failure,omitempty"`
	Revision  int           `json:"revision"` // of the record
	// Unreadable marks a run that exists but cannot be decoded: only its place is known.
	Unreadable bool `json:"-"`
}

// UnreadableRun represents a run in lists that exists but cannot be decoded.
func UnreadableRun(ref Ref) Run { return Run{Ref: ref, Unreadable: true} }

// Failure is why a run has failed.
type Failure struct {
	Part    int    `json:"part,omitempty"` // from 1; 0: it is not about a part
	Code    string `json:"code"`
	Message string `json:"message"` // without personal data
}

// Window is a stretch of time: from From on, before To.
type Window struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Part is the decisions of a window. It is processed from the newest to the oldest. It is not stored before it is first processed.
type Part struct {
	Number    int      `json:"number"`          // from 1
	After     string   `json:"after,omitempty"` // its position in the list of decisions; "": at the beginning, or done
	Done      bool     `json:"done,omitempty"`
	Decisions int      `json:"decisions"` // that were evaluated
	Failure   *Failure `json:"failure,omitempty"`
	Revision  int      `json:"revision"` // of the record
}

// UnreadablePart represents a part that exists but cannot be decoded: the run cannot be summed up, and fails.
func UnreadablePart(number int) Part {
	return Part{Number: number, Failure: &Failure{Part: number, Code: string(problem.Internal), Message: "What is kept of the part cannot be read."}}
}

// Store keeps runs. The behaviour is defined by internal/store/storetest, which runs against every adapter.
type Store interface {
	// PutRun writes a run over the one that is still at revision prev; 0 adds it. Errors: Conflict.
	PutRun(ctx context.Context, prev int, run Run) error
	// Run reads one. Errors: NotFound.
	Run(ctx context.Context, ref Ref) (Run, error)
	// Runs lists those over the decisions of a policy, the newest first. after is the id of the last one of the page
	// before; next is "" after the last page.
	Runs(ctx context.Context, tenant, policy, after string, limit int) (page []Run, next string, err error)

	// PutBody keeps something of any size beside a run: "draft", "report". Errors: those of the adapter.
	PutBody(ctx context.Context, ref Ref, name string, body []byte) error
	// Body reads it. Errors: NotFound.
	Body(ctx context.Context, ref Ref, name string) ([]byte, error)

	// PutPart writes a part, and what was counted in it, over the one that is still at revision prev; 0 adds it.
	// Errors: Conflict.
	PutPart(ctx context.Context, ref Ref, prev int, part Part, tally []byte) error
	// Part reads one with its tally. Errors: NotFound.
	Part(ctx context.Context, ref Ref, number int) (Part, []byte, error)
	// Parts lists all that are kept, by number.
	Parts(ctx context.Context, ref Ref) ([]Part, error)

	// Spans are the stretches of time in which a policy has decided, the oldest first, as far as the store knows
	// with a few reads each: they begin with a decision and end right after one. Zero times are no bounds.
	Spans(ctx context.Context, tenant, policy string, from, to time.Time) ([]Window, error)
}

// Runner has the steps of runs called.
type Runner interface {
	// Start begins to work a run. One that has been started already is no error. Errors: Unavailable.
	Start(ctx context.Context, ref Ref) error
	// Stop ends that, soon. One that has ended, or never was, is no error. Errors: Unavailable.
	Stop(ctx context.Context, ref Ref) error
}

// Standing is how far a run is.
type Standing struct {
	PartsDone int
	Decisions int     // that were evaluated
	Progress  float64 // 0 to 1: an estimate, by the time that the decisions span
}

// Stand is the progress of a run, summed over its parts.
func (r Run) Stand(parts []Part) (s Standing) {
	for _, part := range parts {
		if part.Number < 1 || part.Number > len(r.Windows) {
			continue
		}
		s.Decisions += part.Decisions
		s.Progress += part.progress(r.Windows[part.Number-1]) / float64(len(r.Windows))
		if part.Done {
			s.PartsDone++
		}
	}
	if r.Planned && s.PartsDone == len(r.Windows) {
		s.Progress = 1
	}
	return s
}

// progress is how much of its time a part has behind it.
func (p Part) progress(w Window) float64 {
	if p.Done {
		return 1
	}
	at, err := timeOf(p.After)
	length := w.To.Sub(w.From)
	if err != nil || length <= 0 {
		return 0
	}
	return min(1, max(0, float64(w.To.Sub(at))/float64(length)))
}

// Left is how long a run takes from now on at its present pace; ok is false if that is not known yet.
func (s Standing) Left(began, now time.Time) (left time.Duration, ok bool) {
	if s.Progress <= 0 || !now.After(began) {
		return 0, false
	}
	return time.Duration(float64(now.Sub(began)) * (1 - s.Progress) / s.Progress).Round(time.Second), true
}
