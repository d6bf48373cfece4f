package ledger

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"ballerine/internal/problem"
	"ballerine/internal/rules"
)

// Sample is a decision as a backtest sees it.
type Sample struct {
	*Head
	Input map[string]any // nil: it is not kept
}

// Lazy gives a sample when it is asked for: decoding is the workers' part.
type Lazy interface{ Sample() (Sample, error) }

// Source yields decisions, some at a time, in any order.
type Source func(ctx context.Context, yield func([]Lazy) error) error

// BacktestOptions of a run.
type BacktestOptions struct {
	Workers  int            // default: one for each processor
	Examples int            // ids of decisions for each flip
	Filter   Filter         // for sources that have none of their own
	Library  rules.Library  // nil: a draft that asks for lists or other policies cannot be tried
	Progress func(done int) // told of the decisions that are done, from time to time
}

// Backtest is what a draft would have decided. It does not depend on the order of the decisions.
type Backtest struct {
	Policy    string                    `json:"policy"`
	Digest    string                    `json:"digest"`                  // of the draft
	Decisions int                       `json:"decisions"`               // that were looked at
	Evaluated int                       `json:"evaluated"`               // by the draft
	Skipped   int                       `json:"skipped"`                 // because their input is not kept
	Errors    map[string]int            `json:"errors" nullable:"false"` // by code: what the draft could not decide
	Flipped   int                       `json:"flipped"`                 // had another outcome
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
	WasSum int64   `json:"was_sum"`
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
	workers := options.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	pages := make(chan []Lazy, 2*workers)
	tallies := make([]*tally, workers)
	var group sync.WaitGroup
	report := progress{tell: options.Progress}
	opened := newOpened(draft, options.Library)
	for i := range tallies {
		tallies[i] = newTally(options)
		tallies[i].opened = opened
		group.Go(func() {
			for page := range pages {
				tallies[i].page(draft, page)
				report.add(len(page))
			}
		})
	}
	err := source(ctx, func(page []Lazy) error {
		select {
		case pages <- page:
			return nil
		case <-ctx.Done():
			return problem.Wrap(ctx.Err(), problem.Timeout, "The backtest was ended before it was done.")
		}
	})
	close(pages)
	group.Wait()
	for _, other := range tallies[1:] {
		tallies[0].merge(other)
	}
	return tallies[0].result(draft), err
}

type progress struct {
	mutex sync.Mutex
	done  int
	tell  func(int)
}

func (p *progress) add(number int) {
	if p.tell == nil {
		return
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.done += number
	p.tell(p.done)
}

// tally is what one worker has counted. Everything in it is a whole number, so that sums do not depend on the order.
type tally struct {
	filter    Filter
	opened    *opened
	examples  int
	looked    int
	evaluated int
	skipped   int
	was, is   int64 // sums of scores, in millionths
	errors    map[string]int
	matrix    map[string]map[string]int
	ids       map[[2]string][]string // of flips, sorted, at most examples
	before    map[string]int         // rules
	after     map[string]int
}

func newTally(options BacktestOptions) *tally {
	return &tally{
		filter: options.Filter, examples: options.Examples, errors: map[string]int{}, matrix: map[string]map[string]int{}, ids: map[[2]string][]string{},
		before: map[string]int{}, after: map[string]int{},
	}
}

func (t *tally) page(draft *rules.Policy, page []Lazy) {
	for _, lazy := range page {
		sample, err := lazy.Sample()
		switch {
		case err != nil:
			t.looked++
			t.errors[string(problem.CodeOf(err))]++
		case t.filter.Matches(*sample.Head):
			t.looked++
			t.sample(draft, sample)
		}
	}
}

func (t *tally) sample(draft *rules.Policy, s Sample) {
	if s.Input == nil {
		t.skipped++
		return
	}
	options, err := t.opened.options(s.Head)
	options.Now, options.Untraced = s.At, true
	var answer rules.Answer
	if err == nil {
		answer, err = draft.Evaluate(s.Input, options)
	}
	if err != nil {
		t.errors[string(problem.CodeOf(err))]++
		return
	}
	t.compare(s.Head, answer.Outcome, answer.Score, answer.Fired)
}

// compare counts what was decided and what a draft says of it.
func (t *tally) compare(s *Head, outcome string, score float64, fired []string) {
	t.evaluated++
	t.was, t.is = t.was+millionths(s.Score), t.is+millionths(score)
	for _, rule := range s.Fired {
		t.before[rule]++
	}
	for _, rule := range fired {
		t.after[rule]++
	}
	row, ok := t.matrix[s.Outcome]
	if !ok {
		row = map[string]int{}
		t.matrix[s.Outcome] = row
	}
	row[outcome]++
	if s.Outcome != outcome {
		t.example([2]string{s.Outcome, outcome}, s.ID)
	}
}

func millionths(score float64) int64 { return int64(math.Round(score * 1e6)) }

// example keeps the first ids of a flip.
func (t *tally) example(flip [2]string, id string) {
	ids := t.ids[flip]
	if len(ids) >= t.examples && (len(ids) == 0 || id >= ids[len(ids)-1]) {
		return
	}
	at, there := slices.BinarySearch(ids, id)
	if there {
		return
	}
	ids = slices.Insert(ids, at, id)
	t.ids[flip] = ids[:min(len(ids), t.examples)]
}

func (t *tally) merge(other *tally) {
	t.looked, t.evaluated, t.skipped = t.looked+other.looked, t.evaluated+other.evaluated, t.skipped+other.skipped
	t.was, t.is = t.was+other.was, t.is+other.is
	add(t.errors, other.errors)
	add(t.before, other.before)
	add(t.after, other.after)
	for from, row := range other.matrix {
		if t.matrix[from] == nil {
			t.matrix[from] = map[string]int{}
		}
		add(t.matrix[from], row)
	}
	for flip, ids := range other.ids {
		for _, id := range ids {
			t.example(flip, id)
		}
	}
}

func add(sums, more map[string]int) {
	for name, number := range more {
		sums[name] += number
	}
}

func (t *tally) result(draft *rules.Policy) Backtest {
	b := Backtest{
		Decisions: t.looked, Evaluated: t.evaluated, Skipped: t.skipped, Errors: t.errors, Matrix: t.matrix,
		Flips: []Flip{}, Rules: []RuleChange{},
	}
	for from, row := range t.matrix {
		all := 0
		for _, number := range row {
			all += number
		}
		for to, number := range row {
			if from == to {
				continue
			}
			b.Flipped += number
			b.Flips = append(b.Flips, Flip{from, to, number, rate(number, all), append([]string{}, t.ids[[2]string{from, to}]...)})
		}
	}
	slices.SortFunc(b.Flips, func(a, b Flip) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.From+"\x00"+a.To, b.From+"\x00"+b.To)
	})
	b.FlipRate = rate(b.Flipped, b.Evaluated)
	b.Score = ScoreChange{WasSum: t.was, IsSum: t.is}
	if n := float64(t.evaluated); n > 0 {
		b.Score.Was, b.Score.Is, b.Score.Change = float64(t.was)/1e6/n, float64(t.is)/1e6/n, float64(t.is-t.was)/1e6/n
	}
	ids := map[string]bool{}
	var rules []string
	if draft != nil {
		b.Policy, b.Digest, rules = draft.ID, digestOf(draft), draft.Rules()
	}
	for _, id := range slices.Concat(rules, slices.Collect(maps.Keys(t.before)), slices.Collect(maps.Keys(t.after))) {
		ids[id] = true
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		b.Rules = append(b.Rules, RuleChange{id, t.before[id], t.after[id]})
	}
	return b
}

func rate(part, all int) float64 {
	if all == 0 {
		return 0
	}
	return float64(part) / float64(all)
}

// Sample implements Lazy: a sample that is there.
func (s Sample) Sample() (Sample, error) { return s, nil }

// buffers are what bodies unfold into while they are decoded.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// Sample implements Lazy: it reads the input and leaves the answer.
func (s Sealed) Sample() (Sample, error) {
	sample := Sample{Head: &s.Head}
	if len(s.Body) == 0 {
		return sample, nil
	}
	buffer, _ := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	text, err := unpack((*buffer)[:0], s.Body)
	if err != nil {
		return sample, err
	}
	*buffer = text
	input, _, _ := bytes.Cut(text, []byte{'\n'})
	if len(input) > 0 {
		err = json.Unmarshal(input, &sample.Input)
	}
	return sample, unreadable(err)
}

// Line is a decision of an exported file: JSON of a Decision.
type Line []byte

// Sample implements Lazy.
func (l Line) Sample() (Sample, error) {
	var d struct {
		Head
		Input map[string]any `json:"input"`
	}
	err := json.Unmarshal(l, &d)
	if err == nil && d.Outcome == "" {
		err = errors.New("no outcome")
	}
	return Sample{&d.Head, d.Input}, unreadable(err)
}

func unreadable(err error) error {
	if err == nil {
		return nil
	}
	return problem.Wrap(err, problem.Invalid, "A kept decision cannot be read.")
}

// pageSize is how many decisions a source yields at a time.
const (
	pageSize  = 200
	headsSize = 1000 // without bodies
)

// Lines are the decisions of an exported file, one a line.
func Lines(file io.Reader) Source {
	return func(_ context.Context, yield func([]Lazy) error) error {
		lines := bufio.NewReaderSize(file, 1<<20)
		var page []Lazy
		for {
			line, err := lines.ReadBytes('\n')
			if line = bytes.TrimSpace(line); len(line) > 0 {
				page = append(page, Line(line))
			}
			if len(page) == pageSize || err != nil && len(page) > 0 {
				if err := yield(page); err != nil {
					return err
				}
				page = nil
			}
			switch {
			case errors.Is(err, io.EOF):
				return nil
			case err != nil:
				return problem.Wrap(err, problem.Unavailable, "The decisions could not be read.")
			}
		}
	}
}

// Pages are decisions of a store, the newest first.
type Pages struct {
	Store          Store
	Tenant, Policy string
	Filter         Filter
	After          string    // where a former run ended
	Max            int       // decisions; 0: all
	Deadline       time.Time // no page is begun after it; zero: none
	Heads          bool      // without what the decisions saw

	Next string // when it is done: where the next run begins; "": there is no more
}

// Source implements the type Source.
func (p *Pages) Source(ctx context.Context, yield func([]Lazy) error) error {
	p.Next = p.After
	for given := 0; ; {
		size := pageSize
		if p.Heads {
			size = headsSize
		}
		if p.Max > 0 {
			size = min(size, p.Max-given)
		}
		found, next, err := p.Store.Decisions(ctx, p.Tenant, p.Policy, Query{Filter: p.Filter, After: p.Next, Limit: size, Bodies: !p.Heads})
		if err != nil {
			return err
		}
		page := make([]Lazy, len(found))
		for i := range found {
			page[i] = &found[i]
		}
		if len(page) > 0 {
			if err := yield(page); err != nil {
				return err
			}
		}
		given, p.Next = given+len(page), next
		if next == "" || p.Max > 0 && given >= p.Max || !p.Deadline.IsZero() && time.Now().After(p.Deadline) {
			return nil
		}
	}
}

// Merge adds what came of the same draft over other decisions.
func (b Backtest) Merge(other Backtest, examples int) Backtest {
	t := newTally(BacktestOptions{Examples: examples})
	t.addParts(b, other)
	merged := t.result(nil)
	merged.Policy, merged.Digest = other.Policy, other.Digest
	return merged
}

// addParts adds what came of the same draft.
func (t *tally) addParts(parts ...Backtest) {
	for _, one := range parts {
		part := newTally(BacktestOptions{Examples: t.examples})
		part.looked, part.evaluated, part.skipped, part.errors, part.matrix = one.Decisions, one.Evaluated, one.Skipped, one.Errors, one.Matrix
		part.was, part.is = one.Score.WasSum, one.Score.IsSum
		for _, rule := range one.Rules {
			part.before[rule.Rule], part.after[rule.Rule] = rule.Was, rule.Is
		}
		for _, flip := range one.Flips {
			part.ids[[2]string{flip.From, flip.To}] = flip.Examples
		}
		t.merge(part)
	}
}
