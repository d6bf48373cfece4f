package embedded

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"ballerine/internal/policy/backtest"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/problem"
)

const (
	bucketBacktests      = "backtests"       // tenant, policy, id -> run
	bucketBacktestBodies = "backtest_bodies" // tenant, policy, id, name -> body
	bucketBacktestParts  = "backtest_parts"  // tenant, policy, id, number -> part
)

// Backtests is the backtest.Store of the file.
type Backtests struct{ db *DB }

var _ backtest.Store = Backtests{}

// Backtests returns the file's backtest.Store.
func (db *DB) Backtests() Backtests { return Backtests{db} }

func runKey(ref backtest.Ref) string { return join(ref.Tenant, ref.Policy, ref.ID) }

// PutRun implements backtest.Store.
func (s Backtests) PutRun(ctx context.Context, prev int, run backtest.Run) error {
	text, err := encoded(run)
	if err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *Tx) error {
		there, err := read[backtest.Run](tx, bucketBacktests, runKey(run.Ref), "backtest")
		if err != nil && problem.CodeOf(err) != problem.NotFound {
			return err
		}
		if there.Revision != prev {
			return problem.New(problem.Conflict, "Another write to the backtest came first.")
		}
		tx.Put(bucketBacktests, runKey(run.Ref), text)
		return nil
	})
}

// Run implements backtest.Store.
func (s Backtests) Run(_ context.Context, ref backtest.Ref) (backtest.Run, error) {
	return find[backtest.Run](s.db, bucketBacktests, runKey(ref), "backtest")
}

// Runs implements backtest.Store.
func (s Backtests) Runs(_ context.Context, tenant, policy, after string, limit int) (page []backtest.Run, next string, err error) {
	prefix, start := join(tenant, policy, ""), ""
	if after != "" {
		start = prefix + after
	}
	err = s.db.View(func(tx *Tx) error {
		tx.ScanBack(bucketBacktests, prefix, start, func(key string, text []byte) bool {
			if len(page) == limit {
				next = page[limit-1].ID
				return false
			}
			var run backtest.Run
			if json.Unmarshal(text, &run) != nil {
				run = backtest.UnreadableRun(backtest.Ref{Tenant: tenant, Policy: policy, ID: key[len(prefix):]})
			}
			page = append(page, run)
			return true
		})
		return nil
	})
	return page, next, err
}

// PutBody implements backtest.Store.
func (s Backtests) PutBody(ctx context.Context, ref backtest.Ref, name string, body []byte) error {
	return s.db.Update(ctx, func(tx *Tx) error {
		tx.Put(bucketBacktestBodies, join(runKey(ref), name), body)
		return nil
	})
}

// Body implements backtest.Store.
func (s Backtests) Body(_ context.Context, ref backtest.Ref, name string) (body []byte, err error) {
	err = s.db.View(func(tx *Tx) error {
		there := tx.Get(bucketBacktestBodies, join(runKey(ref), name))
		if there == nil {
			return problem.New(problem.NotFound, "The backtest has no %s.", name)
		}
		body = append([]byte{}, there...)
		return nil
	})
	return body, err
}

func tallyName(number int) string { return "tally-" + strconv.Itoa(number) }

func partKey(ref backtest.Ref, number int) string {
	return join(runKey(ref), fmt.Sprintf("%06d", number))
}

// PutPart implements backtest.Store.
func (s Backtests) PutPart(ctx context.Context, ref backtest.Ref, prev int, part backtest.Part, tally []byte) error {
	text, err := encoded(part)
	if err != nil {
		return err
	}
	key := partKey(ref, part.Number)
	return s.db.Update(ctx, func(tx *Tx) error {
		there, err := read[backtest.Part](tx, bucketBacktestParts, key, "part")
		if err != nil && problem.CodeOf(err) != problem.NotFound {
			return err
		}
		if there.Revision != prev {
			return problem.New(problem.Conflict, "Another write to the part came first.")
		}
		tx.Put(bucketBacktestParts, key, text)
		tx.Put(bucketBacktestBodies, join(runKey(ref), tallyName(part.Number)), tally)
		return nil
	})
}

// Part implements backtest.Store.
func (s Backtests) Part(_ context.Context, ref backtest.Ref, number int) (part backtest.Part, tally []byte, err error) {
	err = s.db.View(func(tx *Tx) error {
		if part, err = read[backtest.Part](tx, bucketBacktestParts, partKey(ref, number), "part"); err != nil {
			return err
		}
		tally = append([]byte{}, tx.Get(bucketBacktestBodies, join(runKey(ref), tallyName(number)))...)
		return nil
	})
	return part, tally, err
}

// Parts implements backtest.Store.
func (s Backtests) Parts(_ context.Context, ref backtest.Ref) ([]backtest.Part, error) {
	return entries(s.db, bucketBacktestParts, join(runKey(ref), ""), func(key string) backtest.Part {
		number, _ := strconv.Atoi(key) // a key of ours
		return backtest.UnreadablePart(number)
	})
}

// Spans implements backtest.Store: one for each month in which there are decisions.
func (s Backtests) Spans(_ context.Context, tenant, policy string, from, to time.Time) (spans []backtest.Window, err error) {
	prefix := join(tenant, policy, "")
	end := prefix + "~"
	if !to.IsZero() {
		end = prefix + ledger.Stamp(to)
	}
	begin := prefix
	if !from.IsZero() {
		begin = prefix + ledger.Stamp(from)
	}
	viewErr := s.db.View(func(tx *Tx) error {
		for err == nil {
			first := firstKey(tx, prefix, begin)
			if first == "" || first >= end {
				return nil
			}
			month := first[:len(prefix)+len("2006-01")]
			last := lastKey(tx, prefix, min(end, month+"~"))
			var span backtest.Window
			if span, err = backtest.Span(first[len(prefix):], last[len(prefix):]); err == nil {
				spans = append(spans, span)
			}
			begin = month + "~"
		}
		return err
	})
	return spans, viewErr
}

// firstKey of decisions that begins with a prefix and is not before a key; "" if there is none.
func firstKey(tx *Tx, prefix, from string) (found string) {
	start := from
	if from == prefix {
		start = ""
	}
	tx.Scan(bucketDecisions, prefix, start, func(key string, _ []byte) bool { // a key is longer than any bound: none is passed over
		found = key
		return false
	})
	return found
}

// lastKey of decisions before a key.
func lastKey(tx *Tx, prefix, before string) (found string) {
	tx.ScanBack(bucketDecisions, prefix, before, func(key string, _ []byte) bool {
		found = key
		return false
	})
	return found
}
