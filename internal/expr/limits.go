package expr

import "math"

// Limits are the values that a schema allows at a path.
type Limits struct {
	Enum              []any   // nil: not listed
	Low, High         float64 // of a number; infinite where there is no limit
	LowOpen, HighOpen bool    // the limit itself is not allowed
}

// Limits of a path. If the schema has alternatives, or does not restrict it, everything is allowed.
func (s *Shape) Limits(steps []string) Limits {
	all := Limits{Low: math.Inf(-1), High: math.Inf(1)}
	if s == nil {
		return all
	}
	at := []map[string]any{s.root}
	for _, step := range steps {
		next, _, _ := s.children(s.expand(at), step)
		if len(next) != 1 {
			return all
		}
		at = next
	}
	here := s.expand(at)
	if len(here) != 1 {
		return all
	}
	all.Enum, _ = here[0]["enum"].([]any)
	for _, limit := range []struct {
		name  string
		value *float64
		open  *bool
		is    bool
	}{{"minimum", &all.Low, &all.LowOpen, false}, {"exclusiveMinimum", &all.Low, &all.LowOpen, true}, {"maximum", &all.High, &all.HighOpen, false}, {"exclusiveMaximum", &all.High, &all.HighOpen, true}} {
		if f, ok, good := number(here[0][limit.name]); ok && good {
			*limit.value, *limit.open = f, limit.is
		}
	}
	return all
}
