package expr

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawnJSON is any JSON value, near enough to what the operators ask for.
func drawnJSON(t *rapid.T, depth int) any {
	switch kind := rapid.IntRange(0, 9).Draw(t, "kind"); {
	case kind == 0:
		return nil
	case kind == 1:
		return rapid.Bool().Draw(t, "bool")
	case kind < 5:
		return rapid.SampledFrom([]any{0.0, 5.0, -3.5, 80.0, 1e300, float64(1 << 60)}).Draw(t, "number")
	case kind < 8 || depth == 0:
		return rapid.SampledFrom([]any{"", "x", "Berlin", "2026-02-28", "2008-03-01T00:00:00Z", "\xff"}).Draw(t, "text")
	case kind == 8:
		list := []any{}
		for range rapid.IntRange(0, 3).Draw(t, "elements") {
			list = append(list, drawnJSON(t, depth-1))
		}
		return list
	}
	object := map[string]any{}
	for range rapid.IntRange(0, 3).Draw(t, "members") {
		object[rapid.SampledFrom([]string{"name", "hits", "pep", "warnings", "given"}).Draw(t, "member")] = drawnJSON(t, depth-1)
	}
	return object
}

// drawnOperator is a condition of any operator over a, b or c.
func drawnOperator(t *rapid.T) *Program {
	c := rapid.SampledFrom(boundaries).Draw(t, "operator")
	field, err := CompilePath(rapid.SampledFrom([]string{"a", "b", "c.name"}).Draw(t, "field"))
	if err != nil {
		t.Fatal(err)
	}
	var value any
	switch rapid.IntRange(0, 2).Draw(t, "value") {
	case 0:
		value, err = CompilePath("b")
		if err != nil {
			t.Fatal(err)
		}
		if p, err := Operator(c.operator, field, value); err == nil {
			return p
		}
	case 1:
		if p, err := Operator(c.operator, field, drawnJSON(t, 2)); err == nil {
			return p
		}
	}
	p, err := Compile("a == 5")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Not, and, and or keep the laws of Kleene's logic whatever they join: what is unknown is never taken for either.
func TestConditionsKeepTheLawsOfThreeValuedLogic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, q, r := drawnOperator(t), drawnOperator(t), drawnOperator(t)
		scope := Map{}
		for _, name := range []string{"a", "b", "c"} {
			if rapid.Bool().Draw(t, "there") {
				scope[name] = drawnJSON(t, 3)
			}
		}
		is := func(p *Program) Truth { return p.Test(&Env{Now: noon, Scope: scope, Lists: someLists}).Truth }
		for law, sides := range map[string][2]*Program{
			"twice not":         {Not(Not(p)), p},
			"De Morgan, and":    {Not(All(p, q)), AnyOf(Not(p), Not(q))},
			"De Morgan, or":     {Not(AnyOf(p, q)), All(Not(p), Not(q))},
			"and, turned round": {All(p, q), All(q, p)},
			"or, turned round":  {AnyOf(p, q), AnyOf(q, p)},
			"and, in brackets":  {All(p, All(q, r)), All(All(p, q), r)},
			"or, in brackets":   {AnyOf(p, AnyOf(q, r)), AnyOf(AnyOf(p, q), r)},
			"and over or":       {All(p, AnyOf(q, r)), AnyOf(All(p, q), All(p, r))},
			"or over and":       {AnyOf(p, All(q, r)), All(AnyOf(p, q), AnyOf(p, r))},
			"with itself":       {All(p, p), p},
			"absorbed":          {AnyOf(p, All(p, q)), p},
		} {
			if left, right := is(sides[0]), is(sides[1]); left != right {
				t.Fatalf("%s: %v and %v", law, left, right)
			}
		}
		if and, or := is(All(p, q)), is(AnyOf(p, q)); and != is(p).And(is(q)) || or != is(p).Or(is(q)) {
			t.Fatalf("and is %v, or is %v of %v and %v", and, or, is(p), is(q))
		}
		verdict := p.Test(&Env{Now: noon, Scope: scope, Lists: someLists})
		if verdict.Truth == Unknown && len(verdict.Missing) == 0 && verdict.Reason == "" {
			t.Fatal("unknown without a reason")
		}
		if again := p.Test(&Env{Now: noon, Scope: scope, Lists: someLists}); !reflect.DeepEqual(again, verdict) {
			t.Fatalf("%+v and then %+v", verdict, again)
		}
	})
}

// mutants of a node: in each, one comparison is another one.
func mutants(n node) []node {
	var found []node
	wrap := func(inner node, make func(node) node) {
		for _, m := range mutants(inner) {
			found = append(found, make(m))
		}
	}
	switch n := n.(type) {
	case compareNode:
		for op := equal; op <= greaterEqual; op++ {
			if op != n.op {
				m := n
				m.op = op
				found = append(found, m)
			}
		}
	case notNode:
		found = append(found, n.inner)
		wrap(n.inner, func(m node) node { return notNode{m} })
	case andNode:
		found = append(found, n.left, n.right, orNode(n))
		wrap(n.left, func(m node) node { return andNode{m, n.right} })
		wrap(n.right, func(m node) node { return andNode{n.left, m} })
	case screeningNode:
		m := n
		m.length = !n.length
		found = append(found, m)
		wrap(n.test, func(inner node) node { m := n; m.test = inner; return m })
	case resultNode:
		for i := range n.tests {
			m := resultNode{n.result, slices.Clone(n.tests)}
			m.tests[i].below, m.tests[i].texts = n.tests[i].below-50, append([]string{"blurred", "approved", "open", "verified"}, n.tests[i].texts[min(1, len(n.tests[i].texts)):]...)
			if n.tests[i].texts == nil {
				m.tests[i].texts = nil
			}
			found = append(found, m, notNode{n})
			if len(n.tests) > 1 {
				found = append(found, resultNode{n.result, n.tests[i : i+1]})
			}
		}
	case categoryNode:
		m := n
		m.scored = !n.scored
		found = append(found, notNode{n})
		if n.scored {
			other := n
			other.least = 0.95
			found = append(found, m, other)
		}
	case ownersNode, memberNode, foldedNode, matchNode, callNode, existsNode:
		found = append(found, notNode{n})
	}
	return found
}

// TestEveryMutantOfAnOperatorIsCaught changes each comparison within each operator: the examples must tell it from the
// right one. What the examples of one value cannot tell, those of the operator's other values must.
func TestEveryMutantOfAnOperatorIsCaught(t *testing.T) {
	tried := 0
	for _, c := range boundaries {
		p := built(t, c.operator, read1(t, c.value))
		for i, mutant := range mutants(p.root) {
			tried++
			caught := false
			for _, other := range boundaries {
				if other.operator != c.operator || other.value != c.value {
					continue
				}
				for text, want := range map[string]Truth{other.holds: True, other.fails: False} {
					got := (&Program{root: mutant}).Test(&Env{Now: noon, Lists: someLists, Scope: Map{"a": read1(t, text)}}).Truth
					caught = caught || got != want
				}
			}
			if !caught {
				t.Errorf("%s %s: mutant %d is not caught: %#v", c.operator, c.value, i, mutant)
			}
		}
	}
	if tried < 100 {
		t.Errorf("only %d mutants", tried)
	}
}

// unsettled is a program without anything computed in advance.
func unsettled(t *rapid.T, source string) *Program {
	lexemes, failed := scan(source)
	if failed != nil {
		t.Fatal(failed)
	}
	p := parser{lexemes: lexemes}
	root, failed := p.expression(precTernary)
	if failed != nil {
		t.Fatal(failed)
	}
	return &Program{root: root, source: source, paths: p.paths}
}

func TestWhatIsComputedInAdvanceIsWhatWouldBeComputed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var write func(depth int) string
		write = func(depth int) string {
			leaf := rapid.SampledFrom([]string{"1", "2.5", "0", `"x"`, `"Berlin"`, "true", "false", "null", "a", "gone", "9007199254740991", "now()", `date("2026-01-01")`})
			if depth == 0 || rapid.IntRange(0, 3).Draw(t, "leaf") == 0 {
				return leaf.Draw(t, "value")
			}
			one, two := write(depth-1), write(depth-1)
			switch kind := rapid.IntRange(0, 6).Draw(t, "kind"); kind {
			case 0:
				return "!(" + one + ")"
			case 1:
				return "((" + one + ") ? (" + two + ") : (" + write(depth-1) + "))"
			case 2:
				return rapid.SampledFrom([]string{"len", "lower", "abs", "floor", "exists", "age"}).Draw(t, "function") + "(" + one + ")"
			case 3:
				return "contains(" + one + ", " + two + ")"
			}
			op := rapid.SampledFrom([]string{"&&", "||", "==", "!=", "<", ">=", "+", "-", "*", "/", "%", "in", "??"}).Draw(t, "op")
			return "((" + one + ") " + op + " (" + two + "))"
		}
		source := write(3)
		p, err := Compile(source)
		if err != nil {
			return
		}
		plain := unsettled(t, source)
		scope := Map{"a": rapid.SampledFrom([]any{1.0, "x", true, nil}).Draw(t, "a")}
		got, why := p.Value(&Env{Now: noon, Scope: scope, Lists: someLists})
		want, because := plain.Value(&Env{Now: noon, Scope: scope, Lists: someLists})
		if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(why, because) {
			t.Fatalf("%s is %v (%+v), and %v (%+v) when nothing is computed in advance", source, got, why, want, because)
		}
	})
}

func TestWhatIsTheSameInEveryEvaluationIsComputedOnce(t *testing.T) {
	for source, want := range map[string]bool{
		"1 + 2 * 3": true, `lower("X") == "x" && 2 > 1`: true, "abs(-3) > 2 ? 4 : 5": true, `contains("abc", "b")`: true,
		"a + (1 + 2)": false, "now() == now()": false, `age("2000-01-01") > 18`: false, "1 / 0": false, "2 in (1, 2)": true, "a in (1, 2)": false,
	} {
		p, err := Compile(source)
		if err != nil {
			t.Fatal(err)
		}
		if _, got := p.root.(constant); got != want {
			t.Errorf("%s is computed in advance: %v, want %v", source, got, want)
		}
	}
}
