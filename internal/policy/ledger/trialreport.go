package ledger

import (
	"context"
	"encoding/binary"
	"maps"
	"math"
	"slices"

	"ballerine/internal/policy/rules"
)

// TrialReport is the result of a trial over some decisions. It does not depend on their order; results of the same trial
// over others are added by Merge, exactly.
type TrialReport struct {
	Trial      string        `json:"trial"`
	Decisions  int           `json:"decisions"` // that were made in it
	Unreadable int           `json:"unreadable,omitempty" doc:"stored decisions of its period that cannot be read; any of them may belong to the trial"`
	Shadow     *ShadowReport `json:"shadow,omitempty"`
	Arms       *Arms         `json:"arms,omitempty"` // of a challenger
}

// ShadowReport compares what was decided with what the draft would have decided.
type ShadowReport struct {
	Backtest
	Live  Latency `json:"live"` // of both, over the same decisions
	Draft Latency `json:"draft"`
}

// Arms compares a challenger with the live version. Intervals hold with 95 % confidence, and count subjects: what is
// decided of one subject again and again is seen once.
type Arms struct {
	Share      float64         `json:"share"` // of the challenger
	Champion   ArmReport       `json:"champion"`
	Challenger ArmReport       `json:"challenger"`
	Outcomes   []OutcomeRates  `json:"outcomes" nullable:"false"` // by name
	Rules      []RuleRates     `json:"rules" nullable:"false"`    // by id
	Split      SplitCheck      `json:"split"`
	Score      ScoreDifference `json:"score"`
}

// ArmReport is what one side decided. Decisions that the challenger could not make are among its own: the live version
// made them for the challenger's subjects.
type ArmReport struct {
	Decisions int            `json:"decisions"`
	Subjects  int            `json:"subjects"`
	Errors    map[string]int `json:"errors" nullable:"false"` // by code: what the challenger could not decide
	ScoreSum  int64          `json:"score_sum"`               // in millionths
	Latency   Latency        `json:"latency"`
	Units     []byte         `json:"units"` // which subjects, eight bytes each: so that parts are added without counting one twice
}

// Rate of the decisions of one side.
type Rate struct {
	Count int     `json:"count"`
	Rate  float64 `json:"rate"`
	Interval
}

// OutcomeRates is how often both sides reached an outcome.
type OutcomeRates struct {
	Outcome    string `json:"outcome"`
	Champion   Rate   `json:"champion"`
	Challenger Rate   `json:"challenger"`
	RateDifference
}

// RateDifference is a difference of rates: the challenger's less the champion's.
type RateDifference struct {
	Difference   float64  `json:"difference"`
	Interval     Interval `json:"interval"`
	BeyondChance bool     `json:"beyond_chance"` // the interval does not hold 0
}

// RuleRates is how often a rule fired on both sides.
type RuleRates struct {
	Rule       string `json:"rule"`
	Champion   Rate   `json:"champion"`
	Challenger Rate   `json:"challenger"`
}

// ScoreDifference compares average scores.
type ScoreDifference struct {
	Champion   float64 `json:"champion"`
	Challenger float64 `json:"challenger"`
	Difference float64 `json:"difference"`
}

// SplitCheck reports whether subjects were assigned to both sides as configured.
type SplitCheck struct {
	Expected   float64 `json:"expected"` // share of the challenger's subjects
	Observed   float64 `json:"observed"`
	Suspicious bool    `json:"suspicious"` // chance does so less than once in 1,000 trials: look for what is lost on one side
}

// ReportTrial counts the decisions of a trial; d.Share of 0 means a shadow. Errors: those of the source.
func ReportTrial(ctx context.Context, d Draft, source Source, examples int) (TrialReport, error) {
	t := newTrialTally(d.Trial, d.Share == 0, examples)
	reader := Reader{}
	err := source(ctx, func(page []Lazy) error {
		for _, lazy := range page {
			sample, err := lazy.Sample(&reader)
			if err != nil {
				t.unreadable++ // it is not known whether it was part of the trial
				continue
			}
			t.add(sample.Head)
		}
		return nil
	})
	return t.result(d.Policy, float64(d.Share)/ShareUnit), err
}

// trialTally is what has been counted, in whole numbers.
type trialTally struct {
	trial      string
	decisions  int
	unreadable int

	shadow      *Tally // nil: of a challenger
	examples    int    // of the shadow
	live, draft Latency

	arms map[rules.Arm]*armTally // nil: of a shadow
}

type armTally struct {
	decisions int
	outcomes  map[string]int
	rules     map[string]int
	errors    map[string]int
	score     int64
	latency   Latency
	units     map[uint64]struct{}
}

func newTrialTally(trial string, shadow bool, examples int) *trialTally {
	t := &trialTally{trial: trial}
	if shadow {
		t.shadow, t.examples = NewTally(), examples
		return t
	}
	t.arms = map[rules.Arm]*armTally{rules.Champion: newArmTally(), rules.Challenger: newArmTally()}
	return t
}

func newArmTally() *armTally {
	return &armTally{outcomes: map[string]int{}, rules: map[string]int{}, errors: map[string]int{}, units: map[uint64]struct{}{}}
}

func (t *trialTally) add(h *Head) {
	switch {
	case t.shadow != nil && h.Shadow != nil && h.Shadow.Trial == t.trial:
		t.decisions++
		t.addShadow(h)
	case t.arms != nil && h.Trial != nil && h.Trial.ID == t.trial && t.arms[h.Trial.Arm] != nil:
		t.decisions++
		t.arms[h.Trial.Arm].add(h)
	}
}

func (t *trialTally) addShadow(h *Head) {
	t.shadow.Decisions++
	if s := h.Shadow; s.Error != "" {
		t.shadow.Errors[s.Error]++
	} else {
		t.shadow.compare(h, s.Outcome, s.Score, s.Fired, t.examples)
		t.live.add(h.Took.Nanoseconds())
		t.draft.add(s.Took.Nanoseconds())
	}
}

func (a *armTally) add(h *Head) {
	a.decisions++
	a.outcomes[h.Outcome]++
	for _, rule := range h.Fired {
		a.rules[rule]++
	}
	if h.Trial.Error != "" {
		a.errors[h.Trial.Error]++
	}
	a.score += millionths(h.Score)
	a.latency.add(h.Took.Nanoseconds())
	a.units[h.Trial.unit()] = struct{}{}
}

func (t *trialTally) result(draft *rules.Policy, share float64) TrialReport {
	r := TrialReport{Trial: t.trial, Decisions: t.decisions, Unreadable: t.unreadable}
	if t.shadow != nil {
		r.Shadow = &ShadowReport{t.shadow.Report(draft), t.live.figures(), t.draft.figures()}
		return r
	}
	a, b := t.arms[rules.Champion], t.arms[rules.Challenger]
	r.Arms = &Arms{Share: share, Champion: a.report(), Challenger: b.report(), Outcomes: []OutcomeRates{}, Rules: []RuleRates{}, Split: splitCheck(len(a.units), len(b.units), share)}
	for _, outcome := range union(a.outcomes, b.outcomes) {
		one := OutcomeRates{Outcome: outcome, Champion: a.rate(a.outcomes[outcome]), Challenger: b.rate(b.outcomes[outcome])}
		one.RateDifference = differenceOf(one.Champion, one.Challenger)
		r.Arms.Outcomes = append(r.Arms.Outcomes, one)
	}
	for _, rule := range union(a.rules, b.rules) {
		r.Arms.Rules = append(r.Arms.Rules, RuleRates{rule, a.rate(a.rules[rule]), b.rate(b.rules[rule])})
	}
	r.Arms.Score = ScoreDifference{Champion: a.average(), Challenger: b.average()}
	if a.decisions > 0 && b.decisions > 0 {
		r.Arms.Score.Difference = r.Arms.Score.Challenger - r.Arms.Score.Champion
	}
	return r
}

func union(a, b map[string]int) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return sorted(all)
}

func (a *armTally) rate(count int) Rate {
	r := Rate{Count: count, Rate: rate(count, a.decisions)}
	r.Interval = Wilson(r.Rate, len(a.units))
	return r
}

func (a *armTally) average() float64 {
	if a.decisions == 0 {
		return 0
	}
	return float64(a.score) / 1e6 / float64(a.decisions)
}

func (a *armTally) report() ArmReport {
	units := make([]byte, 0, 8*len(a.units))
	for _, unit := range slices.Sorted(maps.Keys(a.units)) {
		units = binary.BigEndian.AppendUint64(units, unit)
	}
	return ArmReport{Decisions: a.decisions, Subjects: len(a.units), Errors: a.errors, ScoreSum: a.score, Latency: a.latency.figures(), Units: units}
}

func differenceOf(a, b Rate) RateDifference {
	d := RateDifference{Difference: b.Rate - a.Rate, Interval: Between(a.Rate, b.Rate, a.Interval, b.Interval)}
	d.BeyondChance = !d.Interval.Holds(0)
	return d
}

// suspicious is how many standard deviations chance exceeds once in 1,000 times.
const suspicious = 3.2905

func splitCheck(champion, challenger int, share float64) SplitCheck {
	all := float64(champion + challenger)
	s := SplitCheck{Expected: share, Observed: rate(challenger, champion+challenger)}
	s.Suspicious = all > 0 && math.Abs(float64(challenger)-all*share) > suspicious*math.Sqrt(all*share*(1-share))+0.5 // 0.5: subjects are whole
	return s
}

// Merge adds the results of the same trial over other decisions.
func (r TrialReport) Merge(other TrialReport, examples int) TrialReport {
	whole := other
	if whole.Shadow == nil && whole.Arms == nil {
		whole = r
	}
	t := newTrialTally(whole.Trial, whole.Shadow != nil, examples)
	share := 0.0
	for _, part := range []TrialReport{r, other} {
		t.decisions, t.unreadable = t.decisions+part.Decisions, t.unreadable+part.Unreadable
		if s := part.Shadow; s != nil && t.shadow != nil {
			t.shadow.Add(s.tally(), examples)
			t.live.merge(s.Live)
			t.draft.merge(s.Draft)
		}
		if a := part.Arms; a != nil && t.arms != nil {
			share = a.Share
			t.arms[rules.Champion].merge(a.Champion)
			t.arms[rules.Challenger].merge(a.Challenger)
			for _, one := range a.Outcomes {
				t.arms[rules.Champion].outcomes[one.Outcome] += one.Champion.Count
				t.arms[rules.Challenger].outcomes[one.Outcome] += one.Challenger.Count
			}
			for _, one := range a.Rules {
				t.arms[rules.Champion].rules[one.Rule] += one.Champion.Count
				t.arms[rules.Challenger].rules[one.Rule] += one.Challenger.Count
			}
		}
	}
	merged := t.result(nil, share)
	if merged.Shadow != nil {
		merged.Shadow.Policy, merged.Shadow.Digest = whole.Shadow.Policy, whole.Shadow.Digest
	}
	return merged
}

func (a *armTally) merge(other ArmReport) {
	a.decisions, a.score = a.decisions+other.Decisions, a.score+other.ScoreSum
	add(a.errors, other.Errors)
	a.latency.merge(other.Latency)
	for units := other.Units; len(units) >= 8; units = units[8:] {
		a.units[binary.BigEndian.Uint64(units)] = struct{}{}
	}
}
