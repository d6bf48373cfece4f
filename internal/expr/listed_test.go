package expr

import (
	"slices"
	"testing"
	"time"
)

// fixed is a List of texts.
type fixed []string

func (f fixed) Holds(v any, _ time.Time) (holds, fits bool) {
	text, ok := v.(string)
	return ok && slices.Contains(f, text), ok
}

func (fixed) Edition() string { return "1" }

var someLists = map[string]List{"blocked": fixed{"x"}}

// yearly is a List whose entry counts until 2027.
type yearly struct{ fixed }

func (yearly) Holds(v any, at time.Time) (holds, fits bool) {
	return v == "x" && at.Year() < 2027, true
}

func TestWhatAListCannotDecideIsUnknownWithAReason(t *testing.T) {
	for name, c := range map[string]struct {
		list    string
		value   any
		truth   Truth
		reason  string
		missing []string
	}{
		"it is there":                        {"blocked", "x", True, "", nil},
		"it is not there":                    {"blocked", "y", False, "", nil},
		"one of many is there":               {"blocked", []any{5.0, "x"}, True, "", nil},
		"one of many cannot be in it":        {"blocked", []any{5.0, "y"}, Unknown, "a number cannot be in the list blocked", nil},
		"a type that the list does not hold": {"blocked", map[string]any{}, Unknown, "an object cannot be in the list blocked", nil},
		"null":                               {"blocked", nil, Unknown, "null cannot be in the list blocked", nil},
		"there is no such list":              {"gone", "x", Unknown, "the list gone is not there", nil},
	} {
		verdict := InList(mustPath(t, "a"), c.list).Test(&Env{Now: noon, Scope: Map{"a": c.value}, Lists: someLists})
		if verdict.Truth != c.truth || verdict.Reason != c.reason {
			t.Errorf("%s: %+v", name, verdict)
		}
	}
	verdict := InList(mustPath(t, "a.b"), "blocked").Test(&Env{Now: noon, Scope: Map{}, Lists: someLists})
	if verdict.Truth != Unknown || !slices.Equal(verdict.Missing, []string{"a.b"}) {
		t.Errorf("missing: %+v", verdict)
	}
}

func TestAListIsAskedWithTheTimeOfTheEvaluation(t *testing.T) {
	env := func(at time.Time) *Env {
		return &Env{Now: at, Scope: Map{"a": "x"}, Lists: map[string]List{"l": yearly{}}}
	}
	p := InList(mustPath(t, "a"), "l")
	if before, after := p.Test(env(noon)), p.Test(env(noon.AddDate(2, 0, 0))); before.Truth != True || after.Truth != False {
		t.Errorf("%+v %+v", before, after)
	}
}

func mustPath(t *testing.T, path string) *Program {
	t.Helper()
	p, err := CompilePath(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// fixedVerdict is a Custom condition that always returns the same verdict.
type fixedVerdict Verdict

func (c fixedVerdict) Test(env *Env) Verdict {
	env.lacks("what is met on the way")
	return Verdict(c)
}

func TestAConditionThatIsEvaluatedElsewhereCountsLikeAnyOther(t *testing.T) {
	unknown := External(fixedVerdict{Unknown, []string{"b"}, "it is not known"}, mustPath(t, "c"))
	for name, c := range map[string]struct {
		p    *Program
		want Truth
	}{
		"true":            {External(fixedVerdict{Truth: True}), True},
		"not true":        {Not(External(fixedVerdict{Truth: True})), False},
		"unknown":         {unknown, Unknown},
		"unknown or true": {AnyOf(unknown, Constant(true)), True},
	} {
		verdict := c.p.Test(&Env{Scope: Map{}})
		if verdict.Truth != c.want {
			t.Errorf("%s: %+v", name, verdict)
		}
		if c.want == Unknown && (!slices.Equal(verdict.Missing, []string{"b"}) || verdict.Reason != "it is not known") {
			t.Errorf("%s: %+v", name, verdict)
		}
	}
	if paths := unknown.Paths(); len(paths) != 1 || paths[0].Path != "c" {
		t.Errorf("%+v", paths)
	}
}
