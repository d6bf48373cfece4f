package expr_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/expr"
)

var update = flag.Bool("update", false, "write the vectors of portable rules anew")

// vector is a rule with data and its result. TypeScript evaluates the same: web/sdk/test/portable.test.ts.
type vector struct {
	Rule   any            `json:"rule"`
	Data   map[string]any `json:"data"`
	Now    time.Time      `json:"now"`
	Truth  string         `json:"truth"`
	Server bool           `json:"server,omitempty"` // there is a date with a time in it, which a client may leave to the server
}

const (
	vectorsFile = "testdata/portable.json"
	vectorCount = 1200
)

var (
	drawnNames    = []string{"a", "b", "c.name", "c.list", "list", "absent", "c.absent.deep", "born"}
	drawnTexts    = []string{"", "x", "Berlin", "berlin", "2026-02-28", "2008-02-29", "é", "Ω", "😀x", "！", "DE-1234", "2026-01-31T12:00:00Z", "10"}
	drawnPatterns = []string{"^[A-Z]{2}-\\d{4}$", "e", "^$", "(a|é)+", "^.x$", "\\s", "[^a-z]", "^(ab?c?)*$", "x{2,3}", "^DE", "\\w+$"}
)

func drawnScalar(t *rapid.T) any {
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		return rapid.SampledFrom([]any{nil, true, false}).Draw(t, "constant")
	case 1:
		return rapid.SampledFrom([]any{0.0, 1.0, -3.5, 18.0, 1e15, float64(1<<53 - 1), 0.1}).Draw(t, "number")
	}
	return rapid.SampledFrom(drawnTexts).Draw(t, "text")
}

func drawnData(t *rapid.T) map[string]any {
	data := map[string]any{}
	for _, name := range []string{"a", "b", "born"} {
		if rapid.IntRange(0, 3).Draw(t, "there") > 0 {
			data[name] = drawnScalar(t)
		}
	}
	if rapid.Bool().Draw(t, "object") {
		inner := map[string]any{"list": []any{map[string]any{"name": "x"}}}
		if rapid.Bool().Draw(t, "name") {
			inner["name"] = drawnScalar(t)
		}
		data["c"] = inner
	}
	list := []any{}
	for range rapid.IntRange(0, 3).Draw(t, "elements") {
		if rapid.Bool().Draw(t, "is object") {
			list = append(list, map[string]any{"name": drawnScalar(t)})
			continue
		}
		list = append(list, drawnScalar(t))
	}
	data["list"] = list
	return data
}

// drawnValue is a part of an expression that gives a value.
func drawnValue(t *rapid.T, depth int) string {
	if depth == 0 {
		if rapid.IntRange(0, 2).Draw(t, "path") > 0 {
			return rapid.SampledFrom(drawnNames).Draw(t, "name")
		}
		text, _ := json.Marshal(drawnScalar(t))
		return strings.ReplaceAll(string(text), `"`, "'")
	}
	a, b := drawnValue(t, depth-1), drawnValue(t, depth-1)
	return rapid.SampledFrom([]string{
		"(" + a + " + " + b + ")", "(" + a + " - " + b + ")", "(" + a + " * " + b + ")", "(" + a + " / " + b + ")", "(" + a + " % " + b + ")", "-(" + a + ")",
		"len(" + a + ")", "abs(" + a + ")", "floor(" + a + ")", "ceil(" + a + ")", "min(" + a + ", " + b + ")", "max(" + a + ", " + b + ")", "sum(list)", "age(born)", "age(" + a + ")",
		"coalesce(" + a + ", " + b + ")", "(" + a + " ?? " + b + ")", a, b, "list[0]", "list[1].name",
	}).Draw(t, "value")
}

// drawnCondition is an expression that a client can evaluate.
func drawnCondition(t *rapid.T, depth int) string {
	v := func() string { return drawnValue(t, rapid.IntRange(0, 1).Draw(t, "depth")) }
	if depth > 0 {
		a, b := drawnCondition(t, depth-1), drawnCondition(t, depth-1)
		return rapid.SampledFrom([]string{"(" + a + " && " + b + ")", "(" + a + " || " + b + ")", "!(" + a + ")", "((" + a + ") ? (" + b + ") : (" + a + "))"}).Draw(t, "join")
	}
	op := rapid.SampledFrom([]string{"==", "!=", "<", "<=", ">", ">="}).Draw(t, "op")
	return rapid.SampledFrom([]string{
		v() + " " + op + " " + v(), v() + " " + op + " " + v(), "exists(" + v() + ")", v() + " in (" + v() + ", " + v() + ", 'x')", "contains(" + v() + ", " + v() + ")",
		"starts_with(" + v() + ", " + v() + ")", "ends_with(" + v() + ", " + v() + ")", "a == true", v(),
		v() + " =~ '" + strings.ReplaceAll(rapid.SampledFrom(drawnPatterns).Draw(t, "pattern"), `\`, `\\`) + "'",
	}).Draw(t, "condition")
}

// drawnLogic is a json-logic rule with what expressions do not have.
func drawnLogic(t *rapid.T) any {
	name := func(names ...string) any { return map[string]any{"var": rapid.SampledFrom(names).Draw(t, "name")} }
	scalar := func() any { return drawnScalar(t) }
	return rapid.SampledFrom([]any{
		map[string]any{"!!": []any{name(drawnNames...)}},
		map[string]any{rapid.SampledFrom([]string{"some", "all", "none"}).Draw(t, "quantifier"): []any{name("list", "c.list", "absent", "a"), map[string]any{"==": []any{name("", "name"), scalar()}}}},
		map[string]any{"in": []any{scalar(), name("list", "a", "b")}},
		map[string]any{"<": []any{scalar(), name("a", "b"), scalar()}},
		map[string]any{"if": []any{map[string]any{"==": []any{name("a"), scalar()}}, true, false}},
		map[string]any{"==": []any{map[string]any{"var": []any{"absent", scalar()}}, scalar()}},
		map[string]any{"==": []any{name("list"), []any{scalar()}}},
	}).Draw(t, "logic")
}

type drawnRule struct {
	source  string
	program *expr.Program
	data    map[string]any
}

var drawnRules = rapid.Custom(func(t *rapid.T) drawnRule {
	r := drawnRule{data: drawnData(t)}
	var err error
	if rapid.IntRange(0, 3).Draw(t, "form") == 0 {
		logic := drawnLogic(t)
		r.source = fmt.Sprint(logic)
		r.program, err = expr.CompileJSONLogic(logic)
	} else {
		r.source = drawnCondition(t, rapid.IntRange(0, 2).Draw(t, "depth"))
		r.program, err = expr.Compile(r.source)
	}
	if err != nil {
		t.Skip(err)
	}
	return r
})

var vectorsTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func vectorOf(r drawnRule) (vector, bool) {
	form, why := r.program.Portable()
	if why != "" {
		return vector{}, false
	}
	truth := r.program.Test(&expr.Env{Scope: expr.Map(r.data), Now: vectorsTime}).Truth
	v := vector{Rule: form, Data: r.data, Now: vectorsTime, Truth: truth.String()}
	text, _ := json.Marshal(v.Rule)
	data, _ := json.Marshal(v.Data)
	v.Server = regexp.MustCompile(`\d{4}-\d\d-\d\dT`).Match(append(text, data...))
	return v, true
}

// TestSharedVectorsOfPortableRulesHold compares the file that clients are tested with to the server's results.
func TestSharedVectorsOfPortableRulesHold(t *testing.T) {
	var lines []string
	for seed := 0; len(lines) < vectorCount; seed++ {
		v, ok := vectorOf(drawnRules.Example(seed))
		if !ok {
			continue
		}
		var line strings.Builder
		encoder := json.NewEncoder(&line)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(v); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.TrimSpace(line.String()))
	}
	made := []byte("[\n" + strings.Join(lines, ",\n") + "\n]\n")
	if *update {
		if err := os.WriteFile(vectorsFile, made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(vectorsFile)
	if err != nil || !bytes.Equal(kept, made) {
		t.Fatalf("%s is not what rules say: %v", vectorsFile, err)
	}
	truths := map[string]int{}
	var vectors []vector
	if err := json.Unmarshal(kept, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		truths[v.Truth]++
	}
	for _, truth := range []string{"true", "false", "unknown"} {
		if truths[truth] < vectorCount/20 {
			t.Errorf("%d of %d are %s", truths[truth], len(vectors), truth)
		}
	}
}

func TestWhatClientsCannotEvaluateIsNamed(t *testing.T) {
	for source, want := range map[string]string{
		"a ** 2 == 4": "powers", "lower(a) == 'x'": "the function lower", "today() > date(a)": "the function today", "a =~ '(?i)x'": "a pattern that engines read in different ways",
		"a =~ '(a+)+$'": "a pattern that engines read in different ways", "a =~ '\\\\bx'": "a pattern that engines read in different ways",
		"a =~ '^(a|aa)+$'": "a pattern that engines read in different ways", "a =~ '^(ab?c)*$'": "a pattern that engines read in different ways", "a =~ '^(a|ab){2,9}$'": "a pattern that engines read in different ways",
	} {
		program, err := expr.Compile(source)
		if err != nil {
			t.Fatal(source, err)
		}
		if form, why := program.Portable(); form != nil || why != want {
			t.Errorf("%s: %v, %q", source, form, why)
		}
	}
	query, err := expr.CompileJMESPath("length(list) > `1`")
	if err != nil {
		t.Fatal(err)
	}
	if _, why := query.Portable(); why != "JMESPath" {
		t.Error(why)
	}
	schema, err := expr.CompileSchema(map[string]any{"required": []any{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, why := expr.All(schema.Program(), query).Portable(); why != "JSON Schema" {
		t.Error(why)
	}
}

// TestAPortablePatternIsTheSamePattern reads what was written for the other engine with ours, as far as both have it.
func TestAPortablePatternIsTheSamePattern(t *testing.T) {
	braces := regexp.MustCompile(`\\u\{([0-9a-f]+)\}`)
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`\^?([a-c.x]|\[[a-z]-?\]|\\d|\(a\|b\)|é|-){1,4}[*+?]?(\{1,3\})?\$?`).Draw(t, "pattern")
		own, err := regexp.Compile(pattern)
		script, ok := expr.PortablePattern(pattern)
		if err != nil || !ok {
			t.Skip("it is no pattern, or the server's")
		}
		other, err := regexp.Compile(strings.ReplaceAll(braces.ReplaceAllString(script, `\x{$1}`), `[^]`, `(?s:.)`))
		if err != nil {
			t.Fatalf("%s became %s: %v", pattern, script, err)
		}
		for _, text := range append(slices.Clone(drawnTexts), "a", "ab", "aaa", "b1", "xx", "a-c", "é1") {
			if own.MatchString(text) != other.MatchString(text) {
				t.Fatalf("%s became %s, and differs for %q", pattern, script, text)
			}
		}
	})
}
