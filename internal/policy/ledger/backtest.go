package ledger

import (
	"context"
	"runtime"
	"sync"

	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
)

// BacktestOptions of a run.
type BacktestOptions struct {
	Workers  int            // default: one for each processor
	Examples int            // number of example decisions to list for each flip
	Filter   Filter         // for sources that have none of their own
	Library  rules.Library  // nil: a draft that refers to lists or other policies cannot be evaluated
	Progress func(done int) // called from time to time with the number of decisions that are done
}

// Backtest is what a draft would have decided. It does not depend on the order of the decisions.
type Backtest struct {
	Policy    string                    `json:"policy"`
	Digest    string                    `json:"digest"`                  // of the draft
	Decisions int                       `json:"decisions"`               // that were evaluated
	Evaluated int                       `json:"evaluated"`               // by the draft
	Skipped   int                       `json:"skipped"`                 // because their input is not kept
	Errors    map[string]int            `json:"errors" nullable:"false"` // by code: what the draft could not decide; "unreadable": what is kept and cannot be read
	Flipped   int                       `json:"flipped"`                 // had another outcome
	Earlier   int                       `json:"earlier_revision,omitempty" doc:"flips of decisions that were made by an earlier revision of the rules: they may be caused by a correction, not by the draft"`
	FlipRate  float64                   `json:"flip_rate"`               // of those evaluated
	Matrix    map[string]map[string]int `json:"matrix" nullable:"false"` // outcome as it was -> outcome of the draft -> decisions
	Flips     []Flip                    `json:"flips" nullable:"false"`  // the most frequent first
	Score     ScoreChange               `json:"score"`
	Rules     []RuleChange              `json:"rules" nullable:"false"` // by id
}

// Flip is an outcome that became another one.
type Flip struct {
	From     string   `json:"from"`
	To       string   `json:"to"`
	Count    int      `json:"count"`
	Rate     float64  `json:"rate"`                      // of the decisions that had the outcome From
	Examples []string `json:"examples" nullable:"false"` // ids, the first ones
}

// ScoreChange compares average scores. The sums are in millionths: parts add up exactly.
type ScoreChange struct {
	Was    float64 `json:"was"`
	Is     float64 `json:"is"`
	Change float64 `json:"change"`
	WasSum int64   `json:"was_sum" doc:"in millionths, so that parts can be summed exactly"`
	IsSum  int64   `json:"is_sum"`
}

// RuleChange is how often a rule fired.
type RuleChange struct {
	Rule string `json:"rule"`
	Was  int    `json:"was"`
	Is   int    `json:"is"`
}

// Run tries a draft on decisions. Errors: those of the source, Timeout when the context ends.
func Run(ctx context.Context, draft *rules.Policy, source Source, options BacktestOptions) (Backtest, error) {
	t, err := Count(ctx, draft, source, options)
	return t.Report(draft), err
}

// Count is Run without the report: only the counts. Errors: those of Run.
func Count(ctx context.Context, draft *rules.Policy, source Source, options BacktestOptions) (*Tally, error) {
	number := options.Workers
	if number <= 0 {
		number = runtime.GOMAXPROCS(0)
	}
	pages := make(chan []Lazy, 2*number)
	workers := make([]*worker, number)
	var group sync.WaitGroup
	report := progress{report: options.Progress}
	opened, bulk := newOpened(draft, options.Library), draft.Bulk()
	for i := range workers {
		w := &worker{Tally: NewTally(), draft: draft, reader: Reader{bulk: bulk}, filter: options.Filter, examples: options.Examples, opened: opened}
		workers[i] = w
		group.Go(func() {
			for page := range pages {
				w.page(page)
				report.add(len(page))
			}
		})
	}
	err := source(ctx, func(page []Lazy) error {
		select {
		case pages <- page:
			return nil
		case <-ctx.Done():
			return problem.Wrap(ctx.Err(), problem.Timeout, "The backtest was stopped before it was completed.")
		}
	})
	close(pages)
	group.Wait()
	all := workers[0].Tally
	for _, other := range workers[1:] {
		all.Add(other.Tally, options.Examples)
	}
	return all, err
}

type progress struct {
	mutex  sync.Mutex
	done   int
	report func(int)
}

func (p *progress) add(number int) {
	if p.report == nil {
		return
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.done += number
	p.report(p.done)
}
