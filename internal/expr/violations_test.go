package expr

import "testing"

func TestAllowedValuesAreListedAsPeopleWriteLists(t *testing.T) {
	many := make([]any, 25)
	for i := range many {
		many[i] = "x"
	}
	for want, values := range map[string][]any{
		"a":                    {"a"},
		"a, b or c-d":          {"a", "b", "c-d"},
		`1, true or null`:      {1.0, true, nil},
		`"1", "a b" or "null"`: {"1", "a b", "null"},
		"x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x or one of 5 others": many,
		"one of the allowed values": nil,
	} {
		if got := Alternatives(values); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
