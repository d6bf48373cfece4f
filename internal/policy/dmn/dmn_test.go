package dmn

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ballerine/internal/expr"
	"ballerine/internal/policy/table"
	"ballerine/internal/policy/table/tabletest"
	"ballerine/internal/problem"
)

func open(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func summary(found problem.Diagnostics) string {
	var all []string
	for _, d := range found {
		line := fmt.Sprintf("%d:%d %s", d.Line, d.Column, d.Code)
		if d.Severity == problem.SeverityWarning {
			line += "?"
		}
		all = append(all, line)
	}
	return strings.Join(all, ", ")
}

// decided is a table's result for an input: the outputs of the rows that count, or their total.
func decided(t *testing.T, s table.Source, input map[string]any) string {
	t.Helper()
	made, found := table.Compile(s, table.Options{})
	if made == nil {
		t.Fatal(found)
	}
	result := made.Decide(&expr.Env{Scope: expr.Map(input), Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}, nil)
	if s.Aggregate != "" {
		total, _, _ := made.Total(result.Rows, 0)
		return fmt.Sprint(total)
	}
	var all []string
	for _, i := range result.Rows {
		all = append(all, fmt.Sprint(made.Then(i)))
	}
	return strings.Join(all, " ")
}

func TestTablesOfEveryHitPolicyAreRead(t *testing.T) {
	text := func(expression, label string) table.Input {
		return table.Input{Expression: expression, Type: table.Text, Label: label}
	}
	number := func(expression string) table.Input { return table.Input{Expression: expression, Type: table.Number} }
	for name, c := range map[string]struct {
		want     table.Source
		problems string
		decides  map[string]map[string]any
	}{
		"unique": {table.Source{
			Hit: table.Unique, Inputs: []table.Input{text("Country", "Where"), number("Monthly_income * 12")},
			Outputs: []table.Output{{Name: "outcome", Type: table.Text, Values: []string{"reject", "review", "approve"}}, {Name: "limit", Type: table.Number}},
			Rows: []table.Row{
				{When: []string{`"DE", "FR"`, ">= 36000"}, Then: []any{"approve", 5000.0}, Annotation: "the usual case"},
				{When: []string{`"DE", "FR"`, "< 36000"}, Then: []any{"review", 1000.0}},
				{When: []string{`not("DE", "FR")`, "-"}, Then: []any{"reject", nil}, Annotation: "outside of the union"},
			},
		}, "12:13 allowed?, 20:5 renamed?", map[string]map[string]any{
			"[approve 5000]": {"Country": "FR", "Monthly_income": 3000.0}, "[review 1000]": {"Country": "DE", "Monthly_income": 2999.0}, "[reject <nil>]": {"Country": "US", "Monthly_income": 1.0},
		}},
		"first": {table.Source{
			Hit: table.First, Inputs: []table.Input{{Expression: "applicant.date_of_birth", Type: table.Date, Label: "Born"}, {Expression: "applicant.active", Type: table.Bool}},
			Outputs: []table.Output{{Name: "tier", Type: table.Text}}, Rows: []table.Row{
				{When: []string{`< date("1990-01-01")`, "true"}, Then: []any{"gold"}},
				{When: []string{`[date("1990-01-01")..date("2000-01-01T00:00:00Z"))`, "-"}, Then: []any{"silver"}},
				{When: []string{`date("2007-07-07")`, "not(true)"}, Then: []any{`lucky "7"`}},
				{When: []string{"-", "-"}, Then: []any{"basic"}, Annotation: "default"},
			},
		}, "5:5 renamed?, 17:9 default?", map[string]map[string]any{
			"[gold]": {"applicant": map[string]any{"date_of_birth": "1980-05-05", "active": true}}, "[silver]": {"applicant": map[string]any{"date_of_birth": "1999-12-31", "active": true}},
			`[lucky "7"]`: {"applicant": map[string]any{"date_of_birth": "2007-07-07", "active": false}}, "[basic]": {"applicant": map[string]any{"date_of_birth": "2010-01-01", "active": true}},
		}},
		"priority": {table.Source{
			Hit: table.Priority, Inputs: []table.Input{number("age"), text("sector", "")}, Outputs: []table.Output{{Name: "Risk_level", Type: table.Text, Values: []string{"high", "medium", "low"}}}, Rows: []table.Row{
				{When: []string{"[18..25]", "-"}, Then: []any{"medium"}, Annotation: "Why: young; Author: JL"},
				{When: []string{"-", `"gambling", "arms"`}, Then: []any{"high"}, Annotation: "Author: JL"},
				{When: []string{">= 18", "-"}, Then: []any{"low"}},
			},
		}, "5:5 renamed?, 16:17 allowed?", map[string]map[string]any{"[high]": {"age": 20.0, "sector": "arms"}, "[medium]": {"age": 20.0, "sector": "retail"}, "[low]": {"age": 50.0, "sector": "retail"}}},
		"any": {table.Source{
			Hit: table.Any, Inputs: []table.Input{number("age"), {Expression: "resident", Type: table.Bool}}, Outputs: []table.Output{{Name: "eligible", Type: table.Bool}}, Rows: []table.Row{
				{When: []string{"< 18", "-"}, Then: []any{false}, Annotation: "minors"}, {When: []string{"-", "false"}, Then: []any{false}}, {When: []string{">= 18", "true"}, Then: []any{true}},
			},
		}, "", map[string]map[string]any{"[false]": {"age": 3.0, "resident": false}, "[true]": {"age": 18.0, "resident": true}}},
		"collect": {table.Source{
			Hit: table.Collect, Aggregate: table.Sum, Inputs: []table.Input{text("country", ""), number("hits")}, Outputs: []table.Output{{Name: "score", Type: table.Number}}, Rows: []table.Row{
				{When: []string{`"KP", "IR"`, "-"}, Then: []any{60.0}}, {When: []string{"-", "> 0"}, Then: []any{25.5}}, {When: []string{"null", "-"}, Then: []any{-1.0}},
			},
		}, "", map[string]map[string]any{"85.5": {"country": "IR", "hits": 1.0}, "24.5": {"country": nil, "hits": 1.0}}},
		"rule-order": {table.Source{
			Hit: table.RuleOrder, Inputs: []table.Input{text("kind", "")}, Outputs: []table.Output{{Name: "check", Type: table.Text}, {Name: "days", Type: table.Number}}, Rows: []table.Row{
				{When: []string{`"person"`}, Then: []any{"identity", 1.0}}, {When: []string{"-"}, Then: []any{"sanctions", 2.0}},
			},
		}, "", map[string]map[string]any{"[identity 1] [sanctions 2]": {"kind": "person"}, "[sanctions 2]": {"kind": "business"}}},
	} {
		t.Run(name, func(t *testing.T) {
			m, found := Read(name+".dmn", open(t, name+".dmn"), nil)
			if len(found)+len(m.Others) > 0 {
				t.Fatal(found, m.Others)
			}
			d, err := m.Decision("")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, tabletest.Bare(d.Source), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
			if got := summary(d.Problems); got != c.problems {
				t.Errorf("%s, want %s\n%v", got, c.problems, d.Problems)
			}
			for want, input := range c.decides {
				if got := decided(t, d.Source, input); got != want {
					t.Errorf("%v gives %s, want %s", input, got, want)
				}
			}
		})
	}
}

func TestWhatHasNoMeaningHereIsReportedAndNotDropped(t *testing.T) {
	m, found := Read("refused.dmn", open(t, "refused.dmn"), nil)
	if len(found) > 0 {
		t.Fatal(found)
	}
	if got, want := summary(m.Others), "3:3 not_carried?, 7:3 not_carried?, 10:5 not_carried?, 16:5 not_carried?, 18:3 not_carried?"; got != want {
		t.Errorf("%s, want %s\n%v", got, want, m.Others)
	}
	for name, want := range map[string]string{
		"Final": "23:5 required_decision?, 26:5 required_knowledge?, 29:5 aggregate, 29:5 hit, 32:17 expression, 37:17 expression, 41:9 type, 45:7 required, 51:9 type, 56:7 required, 56:7 type, " +
			"58:27 cell, 59:27 cell, 60:27 cell, 61:27 cell, 62:27 cell, 63:28 value, 64:28 value, 66:7 cells, 72:27 cell, 73:27 cell, 74:27 cell, 75:27 cell, 77:28 value, 78:28 value",
		"Groovy": "86:9 language", "Overlap": "102:9 default?, 111:27 overlap", "Worst": "126:17 values, 128:9 default",
	} {
		d, err := m.Decision(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := summary(d.Problems); got != want {
			t.Errorf("%s: %s\nwant %s", name, got, want)
		}
		for _, p := range d.Problems {
			if p.Severity == problem.SeverityError && !strings.HasPrefix(p.Message, "decision "+name) {
				t.Errorf("%s does not say where it is", p)
			}
		}
	}
}

func TestADecisionIsNamedWhereThereAreSeveral(t *testing.T) {
	m, _ := Read("refused.dmn", open(t, "refused.dmn"), nil)
	for name, want := range map[string]problem.Code{"": problem.Invalid, "Finals": problem.NotFound, "final": "", "Final": "", "Debt ratio": problem.NotFound} {
		if _, err := m.Decision(name); problem.CodeOf(err) != want {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestNamesAreMappedAsTheyAreGiven(t *testing.T) {
	m, _ := Read("unique.dmn", open(t, "unique.dmn"), map[string]string{"Monthly income": "income.monthly", "Country": "applicant.country", "limit": "amount"})
	d, err := m.Decision("Limits")
	if err != nil || d.Source.Inputs[0].Expression != "applicant.country" || d.Source.Inputs[1].Expression != "income.monthly * 12" || d.Source.Outputs[1].Name != "amount" || summary(d.Problems) != "12:13 allowed?" {
		t.Errorf("%+v %v %v", d.Source.Inputs, err, d.Problems)
	}
}

func TestExpressionsOfFEEL(t *testing.T) {
	known := []string{"Monthly income", "risk-score", "date of birth", "income", "Order size"}
	for text, want := range map[string]string{
		"a": "a", "a.b.c": "a.b.c", "Monthly  income": "Monthly_income", "applicant.date of birth": "applicant.date_of_birth", "risk-score": "risk_score", "a-b": "a - b", "income": "income",
		"total amount": "total_amount", "(a + b) * 2 / c": "(a + b) * 2 / c", `country = "DE"`: `country == "DE"`, "a >= 1 and b != 2 or c": "a >= 1 && b != 2 || c", "Order size.net": "Order_size.net",
		"count(a)": "", "a[1]": "", "if a then b else c": "", "{a: 1}": "", "a in [1..2]": "", `"open`: "", "a **": "", "": "", "for x in y return x": "", "a ** 2": "", "not(a)": "", "1..2": "",
	} {
		got, failed := newNames(nil, known, map[string]string{}).expression(text)
		if (failed != nil) != (want == "") || got != want {
			t.Errorf("%q is %q (%v), want %q", text, got, failed, want)
		}
	}
}

func TestDocumentsThatAreNoneAreRefused(t *testing.T) {
	ns := `xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"`
	for name, c := range map[string]struct{ text, want string }{
		"nothing":         {"", "1:1 syntax"},
		"another text":    {"hit,FIRST", "1:1 syntax"},
		"not closed":      {"<definitions>\n<a>", "2:1 syntax"},
		"another element": {"<table " + ns + "/>", "1:1 dmn"},
		"another version": {`<definitions xmlns="https://www.omg.org/spec/DMN/20991111/MODEL/"/>`, "1:1 dmn"},
		"a document type": {`<!DOCTYPE d [<!ENTITY a "b">]><definitions ` + ns + `/>`, "1:1 doctype"},
		"an entity":       {`<definitions ` + ns + `>&xxe;</definitions>`, "1:1 syntax"},
		"too deep":        {strings.Repeat("<a>", 10_000), "1:601 too_large"},
		"an encoding":     {`<?xml version="1.0" encoding="UTF-16"?><a/>`, "1:1 syntax"},
	} {
		_, found := Read("f.dmn", []byte(c.text), nil)
		if got := summary(found); got != c.want {
			t.Errorf("%s: %s, want %s (%v)", name, got, c.want, found)
		}
	}
}

func FuzzRead(f *testing.F) {
	names, err := filepath.Glob("testdata/*.dmn")
	if err != nil || len(names) == 0 {
		f.Fatal(err)
	}
	for _, name := range names {
		f.Add(open(f, filepath.Base(name)))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, found := Read("f.dmn", text, nil)
		for _, d := range m.Decisions {
			if found = append(found, d.Problems...); !d.Problems.Failed() {
				table.Compile(d.Source, table.Options{})
			}
		}
		for _, d := range append(found, m.Others...) {
			if d.Line < 1 || d.Column < 1 || d.Message == "" {
				t.Fatalf("%+v has no place", d)
			}
		}
	})
}

func FuzzTest(f *testing.F) {
	for _, seed := range []string{"-", `"DE","FR"`, "not([1..3), 7)", "< -5", `date("2026-01-01")`, `@"2026-01-01"`, "]1..2[", `"\u0041\n"`, ".5"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		test, failed := readTest(strings.TrimSpace(text))
		if failed != nil {
			return
		}
		s := table.Source{Hit: table.First, Inputs: []table.Input{{Expression: "a"}}, Outputs: []table.Output{{Name: "o"}}, Rows: []table.Row{{When: []string{test}, Then: []any{1.0}}}}
		again, failed := readTest(test)
		if failed != nil || again != test {
			t.Errorf("%q became %q, and that %q (%v)", text, test, again, failed)
		}
		table.Compile(s, table.Options{})
	})
}
