package table

import (
	"math"
	"slices"
	"strconv"
	"time"
)

// atoms divide a column's values into parts that no test of the column divides further, in order. For texts, the last
// part is every value that no test names. Numbers and dates are divided at the ends of the tests' intervals, see
// segment.
type atoms struct {
	typed    Type
	texts    []string
	bounds   []float64
	allowed  []reach // what the schema allows
	location *time.Location
}

// reach is parts from and to, both included. A cell is a sorted list of them.
type reach struct{ from, to int }

func (t *Table) atoms(k int) atoms {
	col := &t.columns[k]
	a := atoms{typed: col.typed, location: t.location}
	for i := range t.rows {
		one := t.test(i, k)
		a.texts = append(a.texts, one.texts...)
		for _, s := range one.spans {
			a.bounds = append(a.bounds, s.low, s.high)
		}
	}
	for _, v := range col.limits.Enum {
		if text, ok := v.(string); ok {
			a.texts = append(a.texts, text)
		}
	}
	if col.typed == Number {
		a.bounds = append(a.bounds, col.limits.Low, col.limits.High)
	}
	a.bounds = slices.DeleteFunc(a.bounds, func(f float64) bool { return math.IsInf(f, 0) })
	slices.Sort(a.texts)
	slices.Sort(a.bounds)
	a.texts, a.bounds = slices.Compact(a.texts), slices.Compact(a.bounds)
	a.allowed = a.allows(col)
	return a
}

// last is the last part.
func (a *atoms) last() int {
	switch a.typed {
	case Text:
		return len(a.texts)
	case Bool:
		return 1
	}
	return 2 * len(a.bounds)
}

// allows are the parts that the schema allows.
func (a *atoms) allows(col *column) []reach {
	limits := col.limits
	if a.typed == Text && limits.Enum != nil {
		var found []reach
		for i, text := range a.texts {
			if slices.Contains(limits.Enum, any(text)) {
				found = append(found, reach{i, i})
			}
		}
		return found
	}
	whole := reach{0, a.last()}
	if a.typed == Number {
		s := a.span(span{limits.Low, limits.High, limits.LowOpen, limits.HighOpen})
		return []reach{s}
	}
	return []reach{whole}
}

func (a *atoms) span(s span) reach {
	r := reach{segment(a.bounds, s.low), segment(a.bounds, s.high)}
	if s.lowOpen && !math.IsInf(s.low, 0) {
		r.from++
	}
	if s.highOpen && !math.IsInf(s.high, 0) {
		r.to--
	}
	return r
}

// of a cell: the parts that it is met in.
func (a *atoms) of(one *test) []reach {
	if one.all {
		return a.allowed
	}
	var found []reach
	for _, text := range one.texts {
		i, _ := slices.BinarySearch(a.texts, text)
		found = append(found, reach{i, i})
	}
	for i, wanted := range one.bools {
		if wanted {
			found = append(found, reach{i, i})
		}
	}
	for _, s := range one.spans {
		found = append(found, a.span(s))
	}
	if one.negated {
		found = without([]reach{{0, a.last()}}, found)
	}
	return common(a.allowed, found)
}

// common parts of two lists.
func common(a, b []reach) []reach {
	var found []reach
	for i, j := 0, 0; i < len(a) && j < len(b); {
		if r := (reach{max(a[i].from, b[j].from), min(a[i].to, b[j].to)}); r.from <= r.to {
			found = append(found, r)
		}
		if a[i].to < b[j].to {
			i++
		} else {
			j++
		}
	}
	return found
}

// meet reports whether two lists have a part in common.
func meet(a, b []reach) bool {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		if max(a[i].from, b[j].from) <= min(a[i].to, b[j].to) {
			return true
		}
		if a[i].to < b[j].to {
			i++
		} else {
			j++
		}
	}
	return false
}

// has reports whether a has all parts of b.
func has(a, b []reach) bool {
	i := 0
	for _, r := range b {
		for i < len(a) && a[i].to < r.from {
			i++
		}
		need := r.from
		for i < len(a) && a[i].from <= need && need <= r.to {
			if need = a[i].to + 1; need <= r.to {
				i++
			}
		}
		if need <= r.to {
			return false
		}
	}
	return true
}

// without are the parts of a that b does not have.
func without(a, b []reach) []reach {
	var found []reach
	for _, r := range a {
		for _, s := range b {
			if s.to < r.from || s.from > r.to {
				continue
			}
			if s.from > r.from {
				found = append(found, reach{r.from, s.from - 1})
			}
			r.from = s.to + 1
		}
		if r.from <= r.to {
			found = append(found, r)
		}
	}
	return found
}

// example is an example of a part, as a cell would test for it.
func (a *atoms) example(part int) string {
	switch a.typed {
	case Text:
		if part == len(a.texts) {
			return "anything else"
		}
		return strconv.Quote(a.texts[part])
	case Bool:
		return strconv.FormatBool(part == 1)
	case Date:
		when := time.UnixMilli(int64(a.number(part))).In(place(a.location))
		if when.Hour() == 0 && when.Minute() == 0 && when.Second() == 0 {
			return when.Format(time.DateOnly)
		}
		return when.Format(time.RFC3339)
	}
	return strconv.FormatFloat(a.number(part), 'f', -1, 64)
}

func place(l *time.Location) *time.Location {
	if l == nil {
		return time.UTC
	}
	return l
}

// number within a part: a whole one where there is one.
func (a *atoms) number(part int) float64 {
	i, step := part/2, 1.0
	if a.typed == Date {
		step = 24 * 60 * 60 * 1000
	}
	switch {
	case part%2 == 1:
		return a.bounds[i]
	case len(a.bounds) == 0:
		return 0
	case i == 0:
		return a.bounds[0] - step
	case i == len(a.bounds):
		return a.bounds[i-1] + step
	}
	low, high := a.bounds[i-1], a.bounds[i]
	if low+step < high {
		return low + step
	}
	return low + (high-low)/2
}
