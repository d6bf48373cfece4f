package rules

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ballerine/internal/policy/table"
	"ballerine/internal/policy/table/tabletest"
	"ballerine/internal/problem"
)

const edited = `# A policy with comments everywhere.
id: lending   # the name

outcomes: [reject, review, approve]
default: approve
tables:
  # about other things
  other: {hit: FIRST, inputs: [n], outputs: [outcome], rows: [['1', approve]]}

  limits: # what is lent
    title: "How much is lent"
    hit: FIRST   # the first counts
    inputs: [applicant.country, income]
    outputs: [outcome, score]
    rows:
      # Germany and France
      - ['"DE", "FR"', '>= 3000', approve, 10]   # the usual case
      - ["\"DE\", \"FR\"",   '[1000..3000)', review, 40]

      # elsewhere
      - ['-', '-', review, 50, "note: all"]
      # - ['-', '-', reject, 90]

# the rules
rules:
  - {id: limit, table: limits}
  - id: n
    table: other
`

func sourceOf(t *testing.T, text, name string) table.Source {
	t.Helper()
	e, err := newEditor([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r := newReader("", nil)
	s := r.tableSource(lookup(lookup(e.root, "tables"), name), "")
	if len(r.found) > 0 {
		t.Fatal(r.found)
	}
	return s
}

func TestOnlyWhatHasChangedOfATableIsWritten(t *testing.T) {
	s := sourceOf(t, edited, "limits")
	for name, c := range map[string]struct {
		change func(s *table.Source)
		want   []string // pairs: what becomes what
	}{
		"nothing": {func(*table.Source) {}, nil},
		"a cell":  {func(s *table.Source) { s.Rows[0].Then[1] = 20.0 }, []string{`- ['"DE", "FR"', '>= 3000', approve, 10]   # the usual case`, `- ['"DE", "FR"', '>= 3000', approve, 20]`}},
		"the hit": {func(s *table.Source) { s.Hit, s.Aggregate = table.Collect, table.Sum }, []string{"hit: FIRST   #", "hit: COLLECT sum   #"}},
		"an input": {func(s *table.Source) {
			s.Inputs[1] = table.Input{Expression: "income", Type: table.Number, Label: "Income: net"}
		}, []string{"inputs: [applicant.country, income]", "inputs: [applicant.country, {expression: income, type: number, label: 'Income: net'}]"}},
		"the outputs": {func(s *table.Source) { s.Outputs[0].Values = []string{"reject", "on"} }, []string{"outputs: [outcome, score]", "outputs: [{name: outcome, values: [reject, 'on']}, score]"}},
		"the last":    {func(s *table.Source) { s.Rows = s.Rows[:2] }, []string{"\n      # elsewhere\n      - ['-', '-', review, 50, \"note: all\"]\n", ""}},
		"the order": {func(s *table.Source) { s.Rows[0], s.Rows[1] = s.Rows[1], s.Rows[0] }, []string{
			"      # Germany and France\n      - ['\"DE\", \"FR\"', '>= 3000', approve, 10]   # the usual case\n      - [\"\\\"DE\\\", \\\"FR\\\"\",   '[1000..3000)', review, 40]\n",
			"      - [\"\\\"DE\\\", \\\"FR\\\"\",   '[1000..3000)', review, 40]\n      # Germany and France\n      - ['\"DE\", \"FR\"', '>= 3000', approve, 10]   # the usual case\n",
		}},
		"a row more": {func(s *table.Source) {
			s.Rows = append(s.Rows, table.Row{When: []string{"", "it's\n"}, Then: []any{"2026-01-31", nil}, Annotation: "yes"})
		}, []string{"\"note: all\"]\n", "\"note: all\"]\n      - ['', \"it's\\n\", '2026-01-31', null, 'yes']\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			changed := s.Clone()
			c.change(&changed)
			for _, ending := range []string{"\n", "\r\n"} {
				want, source := edited, strings.ReplaceAll(edited, "\n", ending)
				if c.want != nil {
					want = strings.Replace(edited, c.want[0], c.want[1], 1)
				}
				got, err := ReplaceTable([]byte(source), "limits", changed, false)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(strings.ReplaceAll(want, "\n", ending), string(got)); diff != "" {
					t.Errorf("%q: %s", ending, diff)
				}
			}
		})
	}
}

// inManyWays are policies in the ways that people and machines write them. Each has a table t.
var inManyWays = map[string]string{
	"blocks":          edited[:strings.Index(edited, "  limits")] + "  t:\n    hit: FIRST\n    inputs: [a]\n    outputs: [o]\n    rows: [['1', x]]\nrules: []\n",
	"another indent":  "tables:\n    t:\n        rows:\n        - ['1', x]\n        - - '2'\n          - y\n        outputs:\n        - o\n        inputs:\n        - a\n    u: {}\nz: 1",
	"no hit":          "tables:\n  t:\n    inputs: [a]\n    outputs: [o]\n    rows:\n      - ['1', x]",
	"brackets":        "id: p\ntables: {s: [1], t: {hit: FIRST, 'inputs': [a], outputs: [o], rows: [ ['1', it's # no comment\n ] ]}} # end\nz: 1\n",
	"brackets within": "tables:\n  t: {inputs: [a], outputs: [o], rows: []}\n  u: 1\n",
	"JSON":            "{\n  \"id\": \"p\",\n  \"tables\": {\"t\": {\n    \"inputs\": [\"a\"], \"outputs\": [\"o\"],\n    \"rows\": [[\"1\", \"x\\\"]\"]]}},\n  \"z\": 1\n}\n",
	"unicode":         "# \u00e9\u2028id: p\ntitle: \"\u65e5\u672c: [\"\ntables:\n  \u00e4: {}\n  t:\n    title: \u65e5\u672c\n    inputs: [\"\u65e5\u672c\", a]\n    outputs: [o]\n    rows:\n    - ['\u65e5', '1', x]\nz: \u65e5\n",
	"a byte order":    "\ufefftables: {t: {inputs: [a], outputs: [o], rows: []}}\n",
	"a long text":     "tables:\n  t:\n    description: |\n      hit: of\n      # no comment\n    inputs: [a]\n    outputs: [o]\n    rows:\n      - ['1', x]\n    # rows end\n\n\nz: |\n  tables:\n",
}

func TestATableIsReplacedHoweverThePolicyIsWritten(t *testing.T) {
	for name, source := range inManyWays {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				s := tabletest.Source(func(text string) bool { return true }).Draw(t, "table")
				once, err := ReplaceTable([]byte(source), "t", s, false)
				if err != nil {
					t.Fatalf("%v of\n%s", err, source)
				}
				twice, err := ReplaceTable(once, "t", s, false)
				if diff := cmp.Diff(string(once), string(twice)); diff != "" || err != nil {
					t.Fatalf("the same table again: %v %s", err, diff)
				}
				more, err := ReplaceTable(once, "new", s, true)
				if err != nil {
					t.Fatalf("add one: %v to\n%s", err, once)
				}
				if diff := cmp.Diff(sourceOfAny(t, once), sourceOfAny(t, more)); diff != "" {
					t.Fatal(diff)
				}
			})
		})
	}
}

func sourceOfAny(t *rapid.T, text []byte) table.Source {
	e, err := newEditor(text)
	if err != nil {
		t.Fatal(err)
	}
	return tabletest.Bare(newReader("", nil).tableSource(lookup(lookup(e.root, "tables"), "t"), ""))
}

func TestATableIsAddedWhereThereIsNone(t *testing.T) {
	s := table.Source{Hit: table.First, Inputs: []table.Input{{Expression: "sum"}}, Outputs: []table.Output{{Name: "outcome"}}, Rows: []table.Row{{When: []string{"> 1"}, Then: []any{"reject"}}}}
	for source, want := range map[string]string{
		"id: p\nrules: []\n# end\n": "id: p\nrules: []\ntables:\n  t:\n    hit: FIRST\n    inputs: [sum]\n    outputs: [outcome]\n    rows:\n      - ['> 1', reject]\n# end\n",
		`{"id": "p"}`:               `{"id": "p", "tables": {"t": {"hit": "FIRST", "inputs": ["sum"], "outputs": ["outcome"], "rows": [["> 1", "reject"]]}}}`,
		"id: p\ntables: {}\n":       "id: p\ntables: {\"t\": {\"hit\": \"FIRST\", \"inputs\": [\"sum\"], \"outputs\": [\"outcome\"], \"rows\": [[\"> 1\", \"reject\"]]}}\n",
	} {
		got, err := ReplaceTable([]byte(source), "t", s, true)
		if err != nil || string(got) != want {
			t.Errorf("%v\n%s\nwant\n%s", err, got, want)
		}
		if _, err := ReplaceTable([]byte(source), "t", s, false); problem.CodeOf(err) != problem.NotFound {
			t.Errorf("%v", err)
		}
	}
}

func TestATableThatCannotBeReplacedInPlaceIsLeftAlone(t *testing.T) {
	s := table.Source{Inputs: []table.Input{{Expression: "n"}}, Outputs: []table.Output{{Name: "o"}}}
	for name, source := range map[string]string{
		"an alias":      "a: &a {inputs: [n], outputs: [o], rows: []}\ntables: {t: *a}\n",
		"an anchor":     "tables:\n  t: &t\n    inputs: [n]\n    outputs: [o]\n    rows: []\nz: *t\n",
		"anchored rows": "tables:\n  t:\n    inputs: [n]\n    outputs: [o]\n    rows: &r [[1, 2]]\nz: *r\n",
		"its end":       "tables:\n  t:\n    inputs: [n]\n    outputs: [o]\n    rows:\n      - [1, 2]\n...\n# more\n",
		"a text":        "tables: {t: text}\n",
		"no document":   "a: [",
	} {
		if got, err := ReplaceTable([]byte(source), "t", s, false); problem.CodeOf(err) != problem.Invalid {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
}

func TestALargeTableIsReplacedInSeconds(t *testing.T) {
	source := largePolicy(20_000)
	p, _ := Parse("p.yaml", source)
	s, _ := p.Table("limits")
	s.Rows[10_000].Then[1] = 1.5
	got, err := ReplaceTable(source, "limits", s, false)
	if err != nil || len(got) != len(source)+1 {
		t.Errorf("%v, %d bytes of %d", err, len(got), len(source))
	}
}

func FuzzReplaceTable(f *testing.F) {
	for _, source := range inManyWays {
		f.Add([]byte(source))
	}
	s := table.Source{Hit: table.First, Inputs: []table.Input{{Expression: "n"}}, Outputs: []table.Output{{Name: "o"}}, Rows: []table.Row{{When: []string{"1"}, Then: []any{"#"}}}}
	f.Fuzz(func(t *testing.T, source []byte) {
		got, err := ReplaceTable(source, "t", s, true)
		if err == nil {
			if _, err := newEditor(got); err != nil {
				t.Errorf("%q became %q", source, got)
			}
		}
	})
}
