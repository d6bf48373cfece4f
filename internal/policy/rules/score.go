package rules

import (
	"cmp"
	"math"
	"slices"

	"go.yaml.in/yaml/v3"
)

// points are what a rule adds to the score when it fires.
type points struct{ base, additional float64 }

// combination states how the points of the fired rules become one score.
type combination string

// The combinations. Each returns the same score whatever the order of the rules.
const (
	highestPlusAdditional combination = "highest_plus_additional" // the highest base, and what the others add
	sumOfBases            combination = "sum"
	maxOfBases            combination = "max"
)

// scoring is how a policy scores.
type scoring struct {
	combine    combination
	floor, cap float64
	bands      []band // ascending
}

// band is a severity from a score on.
type band struct {
	name    string
	from    float64
	outcome string // that the decision has at least; "": none
}

// defaultScoring is that of a policy that sets none.
func defaultScoring() scoring {
	return scoring{
		combine: highestPlusAdditional, floor: 0, cap: 100,
		bands: []band{{name: "low"}, {name: "medium", from: 40}, {name: "high", from: 70}, {name: "critical", from: 85}},
	}
}

// total of the points of all fired rules. The slice is reordered.
func (s scoring) total(fired []points) float64 {
	slices.SortFunc(fired, func(a, b points) int { // a fixed order of additions has one result, bit for bit
		return cmp.Or(cmp.Compare(b.base, a.base), cmp.Compare(a.additional, b.additional))
	})
	score := 0.0
	for i, p := range fired {
		switch {
		case s.combine == sumOfBases, i == 0:
			score += p.base
		case s.combine == highestPlusAdditional:
			score += p.additional
		}
	}
	return math.Min(math.Max(score, s.floor), s.cap)
}

// band is the highest that the score reaches; the lowest for a score below all.
func (s scoring) band(score float64) band {
	at := s.bands[0]
	for _, b := range s.bands {
		if score >= b.from {
			at = b
		}
	}
	return at
}

// decides reports whether a band has an outcome.
func (s scoring) decides() bool {
	return slices.ContainsFunc(s.bands, func(b band) bool { return b.outcome != "" })
}

func (r *reader) points(n *yaml.Node, path string) points {
	var p points
	if n == nil || !r.only(n, path, []string{"base", "additional"}) {
		return p
	}
	for _, m := range members(n) {
		f, _ := r.number(m.value, join(path, m.key.Value))
		switch m.key.Value {
		case "base":
			p.base = f
		case "additional":
			p.additional = f
		}
	}
	return p
}

func (r *reader) scoring(n *yaml.Node, p *Policy) scoring {
	s := defaultScoring()
	if n == nil || !r.only(n, "score", []string{"combine", "floor", "cap", "bands"}) {
		return s
	}
	for _, m := range members(n) {
		switch path := join("score", m.key.Value); m.key.Value {
		case "combine":
			s.combine = combination(r.text(m.value, path))
			names := []string{string(highestPlusAdditional), string(sumOfBases), string(maxOfBases)}
			if !slices.Contains(names, string(s.combine)) {
				r.add(m.value, path, "invalid", didYouMean(string(s.combine), names), "combine is highest_plus_additional, sum or max")
			}
		case "floor":
			s.floor, _ = r.number(m.value, path)
		case "cap":
			s.cap, _ = r.number(m.value, path)
		case "bands":
			s.bands = r.bands(m.value, path, p)
		}
	}
	if s.floor > s.cap {
		r.add(n, "score.floor", "invalid", "", "floor must not be above cap")
	}
	return s
}

func (r *reader) bands(n *yaml.Node, path string, p *Policy) []band {
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		r.add(n, path, "type", "{low: 0, high: 70}", "bands must be an object of names and the scores at which they start")
		return defaultScoring().bands
	}
	var bands []band
	for _, m := range members(n) {
		b, ok := r.band(m, join(path, m.key.Value), p)
		if ok && slices.ContainsFunc(bands, func(other band) bool { return other.from == b.from }) {
			r.add(m.value, join(path, m.key.Value), "duplicate", "", "two bands start at the same score")
		}
		bands = append(bands, b)
	}
	slices.SortFunc(bands, func(a, b band) int { return cmp.Compare(a.from, b.from) })
	return bands
}

// band reads the score that a band starts at, or {from, outcome}.
func (r *reader) band(m member, path string, p *Policy) (b band, ok bool) {
	b.name = m.key.Value
	if m.value.Kind != yaml.MappingNode {
		b.from, ok = r.number(m.value, path)
		return b, ok
	}
	r.only(m.value, path, []string{"from", "outcome"})
	if outcome := lookup(m.value, "outcome"); outcome != nil {
		b.outcome = r.outcome(outcome, path+".outcome", p)
	}
	from := lookup(m.value, "from")
	if from == nil {
		r.add(m.value, path+".from", "required", "{from: 70, outcome: review}", "from is missing: the score at which the band starts")
		return b, false
	}
	b.from, ok = r.number(from, path+".from")
	return b, ok
}

// Severities are the names of the bands of the score, ascending.
func (p *Policy) Severities() []string {
	names := make([]string, len(p.scoring.bands))
	for i, b := range p.scoring.bands {
		names[i] = b.name
	}
	return names
}
