package rules

import (
	"cmp"
	"math"
	"slices"

	"go.yaml.in/yaml/v3"
)

// points are what a rule adds to the score when it fires.
type points struct{ base, additional float64 }

// combination says how the points of the fired rules become one score.
type combination string

// The combinations. Each gives the same score whatever the order of the rules.
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
	name string
	from float64
}

// defaultScoring is that of a policy that says nothing.
func defaultScoring() scoring {
	return scoring{
		combine: highestPlusAdditional, floor: 0, cap: 100,
		bands: []band{{"low", 0}, {"medium", 40}, {"high", 70}, {"critical", 85}},
	}
}

// total of the points of all fired rules. The slice is reordered.
func (s scoring) total(fired []points) float64 {
	slices.SortFunc(fired, func(a, b points) int { // additions in one order give one result, bit for bit
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

// severity is the highest band that the score reaches; the lowest for a score below all.
func (s scoring) severity(score float64) string {
	name := s.bands[0].name
	for _, b := range s.bands {
		if score >= b.from {
			name = b.name
		}
	}
	return name
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

func (r *reader) scoring(n *yaml.Node) scoring {
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
			s.bands = r.bands(m.value, path)
		}
	}
	if s.floor > s.cap {
		r.add(n, "score.floor", "invalid", "", "floor is above cap")
	}
	return s
}

func (r *reader) bands(n *yaml.Node, path string) []band {
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		r.add(n, path, "type", "{low: 0, high: 70}", "bands is an object of names and the scores that they start at")
		return defaultScoring().bands
	}
	var bands []band
	for _, m := range members(n) {
		from, ok := r.number(m.value, join(path, m.key.Value))
		if ok && slices.ContainsFunc(bands, func(b band) bool { return b.from == from }) {
			r.add(m.value, join(path, m.key.Value), "duplicate", "", "two bands start at the same score")
		}
		bands = append(bands, band{m.key.Value, from})
	}
	slices.SortFunc(bands, func(a, b band) int { return cmp.Compare(a.from, b.from) })
	return bands
}
