package ledger

import (
	"maps"
	"math"
	"slices"
	"strings"

	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
)

// Tally is the counts over some decisions. Everything in it is a whole number or sorted, so that the sum of tallies
// depends neither on the order nor on how the decisions were split.
type Tally struct {
	Decisions int                            `json:"decisions"`
	Evaluated int                            `json:"evaluated"`
	Skipped   int                            `json:"skipped"`
	Earlier   int                            `json:"earlier,omitempty"` // flips of decisions that an earlier revision of the rules made
	Was       int64                          `json:"was"`               // sums of scores, in millionths
	Is        int64                          `json:"is"`
	Errors    map[string]int                 `json:"errors,omitempty"`   // by code
	Matrix    map[string]map[string]int      `json:"matrix,omitempty"`   // outcome as it was -> outcome of the draft -> decisions
	Examples  map[string]map[string][]string `json:"examples,omitempty"` // of flips: the first ids, sorted
	Before    map[string]int                 `json:"before,omitempty"`   // how often rules fired
	After     map[string]int                 `json:"after,omitempty"`
}

// errorUnreadable counts, among the errors, decisions that are kept and cannot be read.
const errorUnreadable = "unreadable"

// NewTally returns an empty Tally.
func NewTally() *Tally {
	return &Tally{
		Errors: map[string]int{}, Matrix: map[string]map[string]int{}, Examples: map[string]map[string][]string{}, Before: map[string]int{}, After: map[string]int{},
	}
}

// worker counts what a draft makes of samples.
type worker struct {
	*Tally
	draft    *rules.Policy
	reader   Reader
	entire   Reader // for inputs of which the reader's part raises a doubt
	filter   Filter
	examples int
	opened   *opened
	last     lastOptions
}

func (w *worker) page(page []Lazy) {
	for _, lazy := range page {
		sample, err := lazy.Sample(&w.reader)
		if err == nil && sample.values != nil && sample.values.Doubtful() {
			sample, err = lazy.Sample(&w.entire)
		}
		switch {
		case err != nil:
			w.Decisions++
			w.Errors[errorUnreadable]++
		case w.filter.Matches(*sample.Head):
			w.Decisions++
			w.sample(sample)
		}
	}
}

func (w *worker) sample(s Sample) {
	if s.Input == nil && s.values == nil {
		w.Skipped++
		return
	}
	answer, err := w.answer(s)
	if err != nil {
		w.Errors[string(problem.CodeOf(err))]++
		return
	}
	if s.Outcome != answer.Outcome && rules.Corrected(s.Engine) != "" {
		w.Earlier++
	}
	w.compare(s.Head, answer.Outcome, answer.Score, answer.Fired, w.examples)
}

// compare counts what was decided and what a draft decides.
func (t *Tally) compare(s *Head, outcome string, score float64, fired []string, examples int) {
	t.Evaluated++
	t.Was, t.Is = t.Was+millionths(s.Score), t.Is+millionths(score)
	for _, rule := range s.Fired {
		t.Before[rule]++
	}
	for _, rule := range fired {
		t.After[rule]++
	}
	t.row(s.Outcome)[outcome]++
	if s.Outcome != outcome {
		t.example(s.Outcome, outcome, s.ID, examples)
	}
}

func (w *worker) answer(s Sample) (rules.Answer, error) {
	options, err := w.options(s.Head)
	if err != nil {
		return rules.Answer{}, err
	}
	options.Now, options.Untraced = s.At, true
	if s.values != nil {
		return w.reader.bulk.Evaluate(s.values, options)
	}
	return w.draft.Evaluate(s.Input, options)
}

// lastOptions are the options of the decision before: most saw the same editions.
type lastOptions struct {
	editions map[string]string
	options  rules.Options
	known    bool
}

func (w *worker) options(h *Head) (options rules.Options, err error) {
	if w.last.known && maps.Equal(w.last.editions, h.Editions) {
		return w.last.options, nil
	}
	if options, err = w.opened.options(h); err == nil {
		w.last = lastOptions{maps.Clone(h.Editions), options, true}
	}
	return options, err
}

func millionths(score float64) int64 { return int64(math.Round(score * 1e6)) }

func (t *Tally) row(from string) map[string]int {
	row, ok := t.Matrix[from]
	if !ok {
		row = map[string]int{}
		t.Matrix[from] = row
	}
	return row
}

// example keeps the first ids of a flip.
func (t *Tally) example(from, to, id string, most int) {
	ids := t.Examples[from][to]
	if len(ids) >= most && (len(ids) == 0 || id >= ids[len(ids)-1]) {
		return
	}
	at, there := slices.BinarySearch(ids, id)
	if there {
		return
	}
	if t.Examples[from] == nil {
		t.Examples[from] = map[string][]string{}
	}
	ids = slices.Insert(ids, at, id)
	t.Examples[from][to] = ids[:min(len(ids), most)]
}

// Add adds what was counted over other decisions; examples bounds the ids for each flip.
func (t *Tally) Add(other *Tally, examples int) {
	t.Decisions, t.Evaluated, t.Skipped = t.Decisions+other.Decisions, t.Evaluated+other.Evaluated, t.Skipped+other.Skipped
	t.Was, t.Is, t.Earlier = t.Was+other.Was, t.Is+other.Is, t.Earlier+other.Earlier
	add(t.Errors, other.Errors)
	add(t.Before, other.Before)
	add(t.After, other.After)
	for from, row := range other.Matrix {
		add(t.row(from), row)
	}
	for from, flips := range other.Examples {
		for to, ids := range flips {
			for _, id := range ids {
				t.example(from, to, id, examples)
			}
		}
	}
}

func add(sums, more map[string]int) {
	for name, number := range more {
		sums[name] += number
	}
}

// Report is the result of a tally for a draft, also of its rules that never fired; without a draft it does not name it.
func (t *Tally) Report(draft *rules.Policy) Backtest {
	b := Backtest{
		Decisions: t.Decisions, Evaluated: t.Evaluated, Skipped: t.Skipped, Errors: t.Errors, Matrix: t.Matrix, Earlier: t.Earlier,
		Flips: []Flip{}, Rules: []RuleChange{},
	}
	for from, row := range t.Matrix {
		all := 0
		for _, number := range row {
			all += number
		}
		for to, number := range row {
			if from == to {
				continue
			}
			b.Flipped += number
			b.Flips = append(b.Flips, Flip{from, to, number, rate(number, all), append([]string{}, t.Examples[from][to]...)})
		}
	}
	slices.SortFunc(b.Flips, func(a, b Flip) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.From+"\x00"+a.To, b.From+"\x00"+b.To)
	})
	b.FlipRate = rate(b.Flipped, b.Evaluated)
	b.Score.WasSum, b.Score.IsSum = t.Was, t.Is
	if n := float64(t.Evaluated); n > 0 {
		b.Score.Was, b.Score.Is, b.Score.Change = float64(t.Was)/1e6/n, float64(t.Is)/1e6/n, float64(t.Is-t.Was)/1e6/n
	}
	var rules []string
	if draft != nil {
		b.Policy, b.Digest, rules = draft.ID, digestOf(draft), draft.Rules()
	}
	ids := map[string]bool{}
	for _, id := range slices.Concat(rules, slices.Collect(maps.Keys(t.Before)), slices.Collect(maps.Keys(t.After))) {
		ids[id] = true
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		b.Rules = append(b.Rules, RuleChange{id, t.Before[id], t.After[id]})
	}
	return b
}

func rate(part, all int) float64 {
	if all == 0 {
		return 0
	}
	return float64(part) / float64(all)
}

// tally is what a report was computed from. A report without sums has averages, from which they are computed.
func (b Backtest) tally() *Tally {
	t := &Tally{
		Decisions: b.Decisions, Evaluated: b.Evaluated, Skipped: b.Skipped, Errors: b.Errors, Matrix: b.Matrix, Earlier: b.Earlier, Was: b.Score.WasSum, Is: b.Score.IsSum,
		Examples: map[string]map[string][]string{}, Before: map[string]int{}, After: map[string]int{},
	}
	if t.Was == 0 && t.Is == 0 {
		t.Was, t.Is = millionths(b.Score.Was*float64(b.Evaluated)), millionths(b.Score.Is*float64(b.Evaluated))
	}
	for _, flip := range b.Flips {
		if t.Examples[flip.From] == nil {
			t.Examples[flip.From] = map[string][]string{}
		}
		t.Examples[flip.From][flip.To] = flip.Examples
	}
	for _, rule := range b.Rules {
		t.Before[rule.Rule], t.After[rule.Rule] = rule.Was, rule.Is
	}
	return t
}

// Merge adds the results of the same draft over other decisions.
func (b Backtest) Merge(other Backtest, examples int) Backtest {
	sum := NewTally()
	sum.Add(b.tally(), examples)
	sum.Add(other.tally(), examples)
	merged := sum.Report(nil)
	merged.Policy, merged.Digest = other.Policy, other.Digest
	return merged
}
