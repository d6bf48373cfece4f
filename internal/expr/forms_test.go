package expr

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/diegoholiveira/jsonlogic/v3"
	"pgregory.net/rapid"
)

func decode(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestJSONLogic(t *testing.T) {
	for rule, want := range map[string]Truth{
		`{"<": [{"var": "risk.score"}, 40]}`: True, `{"<": [{"var": "risk.scor"}, 40]}`: Unknown, `{"<": [{"var": ["risk.scor", 1]}, 40]}`: True,
		`{"and": [{"var": "yes"}, {">": [{"var": "count"}, 2]}]}`: True, `{"or": [{"var": "no"}, {"var": "yes"}]}`: True,
		`{"in": [{"var": "applicant.country"}, ["DE", "FR"]]}`: True, `{"some": [{"var": "hits"}, {">": [{"var": "score"}, 0.9]}]}`: True,
		`{"all": [{"var": "hits"}, {">": [{"var": "score"}, 0.99]}]}`: False, `{"!": {"var": "yes"}}`: False, `{"<": [1, 2, 3]}`: True,
		`{"if": [{"var": "yes"}, {"==": [1, 1]}, false]}`: True, `{"==": [{"missing": ["a", "yes"]}, ["a"]]}`: True, `{"==": [1, "1"]}`: Unknown, `{">": [{"var": "hits.0.score"}, 0.5]}`: True,
	} {
		p, err := CompileJSONLogic(decode(t, rule))
		if err != nil {
			t.Errorf("%s: %v", rule, err)
			continue
		}
		if got := p.Test(env()).Truth; got != want {
			t.Errorf("%s is %v, want %v", rule, got, want)
		}
	}
	for _, rule := range []string{`{"a": 1, "b": 2}`, `{"nope": [1]}`, `{"var": []}`, `{"==": [1]}`, `{"var": {"var": "a"}}`} {
		if _, err := CompileJSONLogic(decode(t, rule)); err == nil {
			t.Errorf("%s: want an error", rule)
		}
	}
}

// Where nothing is missing and types agree, json-logic means what the reference library says it means.
func TestJSONLogicAgreesWithAnotherImplementation(t *testing.T) {
	data := map[string]any{"a": 3.0, "b": 7.0, "list": []any{1.0, 3.0}}
	operand := rapid.SampledFrom([]any{map[string]any{"var": "a"}, map[string]any{"var": "b"}, 1.0, 3.0, 7.0})
	rapid.Check(t, func(t *rapid.T) {
		var rule func(depth int) any
		rule = func(depth int) any {
			if depth == 0 || rapid.Bool().Draw(t, "leaf") {
				op := rapid.SampledFrom([]string{"<", "<=", ">", ">=", "==", "!="}).Draw(t, "op")
				return map[string]any{op: []any{operand.Draw(t, "l"), operand.Draw(t, "r")}}
			}
			op := rapid.SampledFrom([]string{"and", "or", "if"}).Draw(t, "join")
			if op == "if" {
				return map[string]any{op: []any{rule(depth - 1), rule(depth - 1), rule(depth - 1)}}
			}
			return map[string]any{op: []any{rule(depth - 1), rule(depth - 1)}}
		}
		r := rule(3)
		p, err := CompileJSONLogic(r)
		if err != nil {
			t.Fatal(err)
		}
		want, err := jsonlogic.ApplyInterface(r, data) //nolint:staticcheck // Apply takes text; the values are at hand
		if err != nil {
			t.Skip("the other implementation cannot evaluate it")
		}
		if got := p.Test(&Env{Scope: Map(data)}).Truth; got != Of(want.(bool)) {
			t.Errorf("%v is %v here and %v there", r, got, want)
		}
	})
}

func TestJMESPath(t *testing.T) {
	for query, want := range map[string]Truth{"risk.score < `40`": True, "hits[?score > `0.9`] | length(@) == `1`": True, "risk.nope": Unknown, "risk.score": Unknown} {
		p, err := CompileJMESPath(query)
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		if got := p.Test(env()).Truth; got != want {
			t.Errorf("%s is %v, want %v", query, got, want)
		}
	}
	if _, err := CompileJMESPath("a ||"); err == nil {
		t.Error("want an error")
	}
}

func TestSchemaViolationsNamePlacesAndNoValues(t *testing.T) {
	s, err := CompileSchema(decode(t, `{"type":"object","required":["name"],"additionalProperties":false,"properties":{"name":{"type":"string"},"born":{"type":"string","format":"date"},"n":{"type":"number","minimum":3,"enum":[4,5]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	got := s.Check(decode(t, `{"born":"secret","n":1,"secret_field":1}`))
	var lines []string
	for _, v := range got {
		lines = append(lines, v.Path+" "+v.Code)
		if strings.Contains(v.Message, "secret") {
			t.Errorf("the value is in the message: %s", v.Message)
		}
	}
	if strings.Join(lines, ", ") != "born format, n enum, name required, secret_field unknown" {
		t.Errorf("got %v", lines)
	}
	if _, err := CompileSchema(decode(t, `{"type": 3}`)); err == nil {
		t.Error("a schema that is none must be refused")
	}
	if _, err := CompileSchema(decode(t, `{"$ref": "http://127.0.0.1:1/x.json"}`)); err == nil {
		t.Error("a reference to another document must be refused")
	}
}

func TestThreeValuedLawsHold(t *testing.T) {
	all := []Truth{Unknown, False, True}
	for _, a := range all {
		for _, b := range all {
			if a.And(b).Not() != a.Not().Or(b.Not()) || a.Or(b).Not() != a.Not().And(b.Not()) {
				t.Errorf("De Morgan fails for %v, %v", a, b)
			}
			if a.And(b) != b.And(a) || a.Or(b) != b.Or(a) || a.Not().Not() != a {
				t.Errorf("laws fail for %v, %v", a, b)
			}
			for _, c := range all {
				if a.And(b.Or(c)) != a.And(b).Or(a.And(c)) {
					t.Errorf("distribution fails for %v, %v, %v", a, b, c)
				}
			}
		}
	}
}

// Whatever we run, govaluate's own evaluation agrees where it is defined.
func TestProgramsAgreeWithGovaluate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaf := rapid.SampledFrom([]string{"a", "b", "c", "1", "2.5", "7"})
		var number, condition func(depth int) string
		number = func(depth int) string {
			if depth == 0 || rapid.Bool().Draw(t, "leaf") {
				return leaf.Draw(t, "n")
			}
			return "(" + number(depth-1) + rapid.SampledFrom([]string{" + ", " - ", " * "}).Draw(t, "op") + number(depth-1) + ")"
		}
		condition = func(depth int) string {
			if depth == 0 || rapid.Bool().Draw(t, "compare") {
				return number(2) + rapid.SampledFrom([]string{" < ", " <= ", " > ", " >= ", " == ", " != "}).Draw(t, "cmp") + number(2)
			}
			if rapid.Bool().Draw(t, "not") {
				return "!(" + condition(depth-1) + ")"
			}
			return "(" + condition(depth-1) + ")" + rapid.SampledFrom([]string{" && ", " || "}).Draw(t, "join") + "(" + condition(depth-1) + ")"
		}
		source := condition(3)
		data := map[string]any{"a": 3.0, "b": -2.0, "c": 0.5}
		p, err := Compile(source)
		if err != nil {
			t.Fatal(err)
		}
		lexemes, _ := scan(source)
		theirs, _ := read(lexemes)
		parameters := map[string]any{}
		for i, l := range lexemes {
			if l.kind == lexPath {
				parameters["v"+itoa(i)] = data[l.text]
			}
		}
		want, failed := theirs.Evaluate(parameters)
		if failed != nil {
			t.Fatal(failed)
		}
		if got := p.Test(&Env{Scope: Map(data)}).Truth; got != Of(want.(bool)) {
			t.Errorf("%s is %v here and %v in govaluate", source, got, want)
		}
	})
}

func itoa(i int) string { b, _ := json.Marshal(i); return string(b) }

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{`a.b < 1`, `"\\`, `age(x) in (1,2)`, `a ? b : c ?? d`, `((((`, `a[0]["b"].c =~ "x"`, "\xff", `1e999`, `-(-1)**2`, `a\`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		p, err := Compile(source)
		if err != nil {
			return
		}
		if !utf8.ValidString(source) {
			t.Error("invalid UTF-8 was accepted")
		}
		e := env()
		first := p.Test(e)
		if again := p.Test(env()); again.Truth != first.Truth {
			t.Error("not deterministic")
		}
		p.Value(e)
	})
}

func FuzzJSONLogic(f *testing.F) {
	f.Add(`{"<": [{"var": "a.0.b"}, 40]}`)
	f.Add(`{"some": [{"var": "hits"}, {"if": [1]}]}`)
	f.Fuzz(func(_ *testing.T, source string) {
		var rule any
		if json.Unmarshal([]byte(source), &rule) != nil {
			return
		}
		if p, err := CompileJSONLogic(rule); err == nil {
			p.Test(env())
		}
	})
}

func FuzzJMESPath(f *testing.F) {
	f.Add("a.b[?c > `1`]")
	f.Fuzz(func(_ *testing.T, source string) {
		if p, err := CompileJMESPath(source); err == nil {
			p.Test(env())
		}
	})
}
