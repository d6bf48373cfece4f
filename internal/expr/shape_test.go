package expr

import (
	"strings"
	"testing"
)

const personShape = `{
  "$defs": {"money": {"type": "object", "properties": {"amount": {"type": "integer"}}}},
  "properties": {
    "applicant": {"personal": true, "type": "object", "properties": {"date_of_birth": {"type": "string", "format": "date"}, "name": {"properties": {"given": {"type": "string"}}}}},
    "risk": {"type": "object", "properties": {"score": {"type": "number"}, "label": {"enum": ["low", "high"]}, "ok": {"type": "boolean"}, "maybe": {"type": ["boolean", "null"]}}},
    "hits": {"type": "array", "items": {"properties": {"score": {"type": "number"}, "name": {"type": "string", "personal": true}}}},
    "income": {"$ref": "#/$defs/money"}, "open": {"type": "object"}, "map": {"type": "object", "additionalProperties": {"type": "number"}},
    "either": {"oneOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"b": {"type": "number"}}}]}
  }
}`

func shape(t *testing.T) *Shape {
	return NewShape(decode(t, personShape).(map[string]any))
}

func TestAShapeKnowsFieldsTypesAndWhatIsPersonal(t *testing.T) {
	s := shape(t)
	for path, want := range map[string]Field{
		"risk.score": {Known: true, Declared: true, Types: TypeNumber}, "risk.label": {Known: true, Declared: true, Types: TypeText},
		"risk.maybe": {Known: true, Declared: true, Types: TypeBool | TypeNull}, "hits[0].score": {Known: true, Declared: true, Types: TypeNumber},
		"hits": {Known: true, Declared: true, Types: TypeList, Personal: true}, "hits[3].name": {Known: true, Declared: true, Types: TypeText, Personal: true},
		"applicant.name.given": {Known: true, Declared: true, Types: TypeText, Personal: true}, "income.amount": {Known: true, Declared: true, Types: TypeNumber},
		"open.x.y": {Known: true, Types: Any}, "map.x": {Known: true, Declared: true, Types: TypeNumber}, "either.b": {Known: true, Declared: true, Types: TypeNumber},
		"risk.scor": {Types: Any, Step: 1}, "rsk": {Types: Any}, "risk.score.x": {Types: Any, Step: 2}, "hits.score": {Types: Any, Step: 1}, "risk[0]": {Types: Any, Step: 1},
	} {
		p, err := CompilePath(path)
		if err != nil {
			t.Fatal(err)
		}
		got := s.Find(p.Paths()[0].Steps)
		got.Names = nil
		if got.Known != want.Known || got.Declared != want.Declared || got.Types != want.Types || got.Personal != want.Personal || got.Step != want.Step {
			t.Errorf("%s: got %+v, want %+v", path, got, want)
		}
	}
	if hint := s.Suggest([]string{"risk", "scor"}); hint != "did you mean risk.score?" {
		t.Errorf("hint %q", hint)
	}
	var none *Shape
	if f := none.Find([]string{"x"}); !f.Known || f.Types != Any {
		t.Errorf("no schema allows everything, got %+v", f)
	}
}

func TestCheckFindsWhatCanNeverBeRight(t *testing.T) {
	s := shape(t)
	for source, want := range map[string]string{
		`risk.score < 40`: "", `risk.score == null`: "", `risk.label == "low"`: "", `open.x < 3`: "", `risk.maybe == true`: "", `exists(hits) && hits[0].score > 0`: "",
		`date(applicant.date_of_birth) < now()`: "", `(risk.ok ? 1 : 2) == 1`: "", `risk.score + 1 > max(1, 2)`: "", `age(applicant.date_of_birth) < 18`: "",
		`risk.scor < 40`: "1:1: unknown field risk.scor", "risk.ok &&\n  risk.scor < 40": "2:3: unknown field risk.scor", "risk.ok ||\n risk.label == 4": "2:13: text is never equal to a number",
		`risk.score < "40"`: "1:12: a number cannot be compared with text", `applicant.date_of_birth < now()`: "1:25: text cannot be compared with a date",
		`risk.ok > false`: "1:9: true or false cannot be compared with true or false", `risk.label + 1 > 2`: "1:12: arithmetic requires numbers, not text and a number",
		`lower(risk.score) == "a"`: "1:1: lower needs text, not a number", `len(lower(risk.score)) > 0`: "1:5: lower needs text, not a number", `risk.score`: "1:1: a condition must be true or false, and this is a number",
	} {
		p, err := Compile(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		var got []string
		for _, e := range p.CheckCondition(s) {
			got = append(got, e.Error())
		}
		if strings.Join(got, "; ") != want {
			t.Errorf("%s: got %v, want %s", source, got, want)
		}
	}
}

func TestTemplatesAreFilled(t *testing.T) {
	for source, want := range map[string]string{
		"plain": "plain", "{risk.score} of 100": "39 of 100", "{{x}}": "{x}", `{lower("A}")}!`: "a}!", "{gone.x}": "{gone.x}", "{yes} {hits[0].score + 1} {applicant.middle}": "true 1.97 nothing",
		`{1 / 0}`: "{1 / 0}", "{date(applicant.date_of_birth)}": "2008-03-02", "{applicant.country}, {age(applicant.date_of_birth)}": "DE, 17",
	} {
		template, err := CompileTemplate(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got := template.Render(env(), nil); got != want {
			t.Errorf("%s gives %q, want %q", source, got, want)
		}
	}
	for source, want := range map[string]string{
		"a {b": "1:3: the brace is not closed", "a } b": "1:3: there is no { before this }", "ab {c d}": "1:5: the expression", "ab\ncd {agee(x)}": "2:5: there is no function agee", "{}": "1:2: the expression is empty",
	} {
		if _, err := CompileTemplate(source); err == nil || !strings.HasPrefix(err.Error(), want[:4]) {
			t.Errorf("%q: %v, want %s", source, err, want)
		}
	}
	template, err := CompileTemplate("ab\ncd {risk.score}")
	if err != nil {
		t.Fatal(err)
	}
	if r := template.Programs()[0].Paths()[0]; r.Line != 2 || r.Column != 5 {
		t.Errorf("the path is at %d:%d, want 2:5", r.Line, r.Column)
	}
	hidden := template.Render(env(), func(*Program, any) (string, bool) { return "***", true })
	if hidden != "ab\ncd ***" {
		t.Errorf("hidden: %q", hidden)
	}
}

func TestErrorsInLaterLinesHaveTheirLineAndACaret(t *testing.T) {
	source := "risk.score < 40 &&\n  nope(1)"
	_, err := Compile(source)
	e := AsError(err)
	if e.Line != 2 || e.Column != 3 || e.Width != 4 {
		t.Fatalf("at %d:%d+%d", e.Line, e.Column, e.Width)
	}
	if got, want := e.Caret(source), "    2 |   nope(1)\n      |   ^^^^"; got != want {
		t.Errorf("caret\n%s\nwant\n%s", got, want)
	}
}

func TestOperatorsAreCombinedInThreeValuedLogic(t *testing.T) {
	program := func(source string) *Program {
		p, err := Compile(source)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	yes, no, gone := program("yes"), program("!yes"), program("gone")
	for name, c := range map[string]struct {
		p    *Program
		want Truth
	}{
		"all": {All(yes, yes), True}, "all with false": {All(yes, gone, no), False}, "all with unknown": {All(yes, gone), Unknown}, "all of none": {All(), True},
		"any": {AnyOf(no, yes), True}, "any with unknown": {AnyOf(no, gone), Unknown}, "any of none": {AnyOf(), False}, "not": {Not(no), True}, "not unknown": {Not(gone), Unknown},
	} {
		if got := c.p.Test(env()).Truth; got != c.want {
			t.Errorf("%s is %v, want %v", name, got, c.want)
		}
	}
	if got := All(yes, gone).Paths(); len(got) != 2 || got[1].Path != "gone" {
		t.Errorf("paths %v", got)
	}
}

func TestSuggestionsAreNearAndNotWild(t *testing.T) {
	names := []string{"score", "label", "approve", "reject"}
	for name, want := range map[string]string{"scor": "score", "socre": "score", "aprove": "approve", "zzz": "", "x": ""} {
		if got := Suggest(name, names); got != want {
			t.Errorf("%s suggests %q, want %q", name, got, want)
		}
	}
}
