package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const lending = `# How much is lent.
id: lending
inputs: {properties: {country: {type: string}, income: {type: number, minimum: 0}}}
outcomes: [reject, review, approve]
default: approve
tables:
  limits:
    hit: FIRST
    inputs: [country, income]
    outputs: [outcome, score]
    rows:
      # the union
      - ['"DE", "FR"', '>= 3000', approve, 10]
      - ['-', '-', review, 50]
rules:
  - {id: limit, table: limits}
cases:
  - {name: enough, now: 2026-01-01, input: {country: DE, income: 3000}, expect: {outcome: approve}}
`

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func wantCall(t *testing.T, code int, want string, args ...string) called {
	t.Helper()
	got := call(t, "", args...)
	if got.code != code || !strings.Contains(got.out+got.errs, want) {
		t.Fatalf("%v: %d\n%s%s\nwant %d with %s", args, got.code, got.out, got.errs, code, want)
	}
	return got
}

func TestATableGoesToASpreadsheetAndBack(t *testing.T) {
	policy := file(t, "lending.yaml", lending)
	wantCall(t, 0, "limits  FIRST  2     country, income  outcome, score", "policy", "table", "list", policy)
	csv := wantCall(t, 0, `,"""DE"", ""FR""",>= 3000,approve,10`, "policy", "table", "export", policy, "limits").out
	for _, name := range []string{"limits.csv", "limits.xlsx"} {
		path := filepath.Join(t.TempDir(), name)
		wantCall(t, 0, "", "policy", "table", "export", policy, "limits", "-o", path)
		wantCall(t, 0, "limits: FIRST, 2 rows: 0 new, 0 removed, 2 unchanged; nothing was written", "policy", "table", "import", policy, "limits", path)
		if got := read(t, policy); got != lending {
			t.Errorf("%s: %s", name, got)
		}
	}
	changed := file(t, "limits.csv", strings.Replace(csv, ",-,-,review,50", ",-,>= 1000,review,50\n,-,-,reject,90", 1))
	wantCall(t, 0, "2 new, 1 removed, 1 unchanged; nothing was written", "policy", "table", "import", policy, "limits", changed, "--dry-run")
	if read(t, policy) != lending {
		t.Error("a dry run has written")
	}
	wantCall(t, 0, "; written", "policy", "table", "import", policy, "limits", changed)
	want := strings.Replace(lending, "      - ['-', '-', review, 50]", "      - ['-', '>= 1000', review, 50]\n      - ['-', '-', reject, 90]", 1)
	if got := read(t, policy); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	var made importedTable
	out := wantCall(t, 0, "", "policy", "table", "import", policy, "limits", changed, "--json").out
	if err := json.Unmarshal([]byte(out), &made); err != nil || made.Unchanged != 3 || made.Written {
		t.Errorf("%v %s", err, out)
	}
}

func TestNothingIsWrittenWhenThereAreProblems(t *testing.T) {
	policy := file(t, "lending.yaml", lending)
	head := "hit,FIRST\ncolumn,input,input,output,output\nname,country,income,outcome,score\n"
	for name, c := range map[string]struct {
		code       int
		text, want string
	}{
		"of the file":   {1, "hit,FIRST\ncolumn,inptu,output\n", "in.csv:2:8: B2: a column must be one of input, output, note (did you mean input?)"},
		"of a cell":     {1, head + ",DE,> 1,approve,10\n,-,-,approved,x\n", "in.csv:4:2: B4: this is not a value (texts are quoted: \"DE\")"},
		"of an outcome": {1, head + ",-,-,approved,1\n", "in.csv:4:6: D4: there is no outcome approved (did you mean approve?)"},
		"of a column":   {1, strings.Replace(head, "income", "incme", 1) + ",-,-,approve,1\n", "in.csv:3:14: C3: unknown field incme (did you mean income?)"},
		"of a case":     {1, head + ",-,-,reject,1\n", "enough: outcome is reject, expected approve"},
	} {
		t.Run(name, func(t *testing.T) {
			wantCall(t, c.code, c.want, "policy", "table", "import", policy, "limits", file(t, "in.csv", c.text))
			if read(t, policy) != lending {
				t.Error("it has been written")
			}
		})
	}
	good := file(t, "in.csv", head+",-,-,reject,1\n")
	wantCall(t, 1, "The policy has no table limit. It has limits. --create adds one.", "policy", "table", "import", policy, "limit", good)
	wantCall(t, 0, "no rule uses the table limit (warning)", "policy", "table", "import", policy, "limit", good, "--create")
	wantCall(t, 0, "1 new, 2 removed, 0 unchanged; written", "policy", "table", "import", policy, "limits", good, "--force")
	wantCall(t, exitUsage, "", "policy", "table", "import", policy, "limits", file(t, "in.pdf", ""))
	wantCall(t, exitUsage, "", "policy", "table", "export", policy, "limits", "-o", "x.pdf")
	wantCall(t, 1, "has no table none; it has limit, limits", "policy", "table", "export", policy, "none")
}

func TestATableOfADMNDocumentGoesIntoAPolicy(t *testing.T) {
	document := filepath.Join("..", "..", "internal", "policy", "dmn", "testdata", "unique.dmn")
	policy := file(t, "lending.yaml", strings.Replace(lending, "FR\"', '>= 3000', approve", "FR\"', '>= 3000', approve", 1))
	args := []string{"policy", "table", "import", policy, "limits", document, "--decision", "Limits", "--name", "Country=country", "--name", "Monthly income=income"}
	wantCall(t, 0, "limits: UNIQUE, 3 rows: 3 new, 2 removed, 0 unchanged; written", args...)
	if got := read(t, policy); !strings.Contains(got, "- ['not(\"DE\", \"FR\")', '-', reject, null, outside of the union]") || !strings.HasPrefix(got, "# How much is lent.") {
		t.Error(got)
	}
	refused := filepath.Join("..", "..", "internal", "policy", "dmn", "testdata", "refused.dmn")
	wantCall(t, 1, "choose one of: Final, Groovy, Overlap, Worst", "policy", "table", "import", policy, "limits", refused)
	got := wantCall(t, 1, "refused.dmn:58:27: decision Final, rule 1, input 1: this is a name, but a value is required", "policy", "table", "import", policy, "limits", refused, "--decision", "Final")
	if !strings.Contains(got.errs, "the decision is an expression instead of a table") {
		t.Errorf("what else there is was dropped: %s", got.errs)
	}
}

func TestAPolicyIsMadeOfADMNDocument(t *testing.T) {
	folder := filepath.Join("..", "..", "internal", "policy", "dmn", "testdata")
	made := filepath.Join(t.TempDir(), "lending.yaml")
	wantCall(t, 0, "", "policy", "import", filepath.Join(folder, "unique.dmn"), "-o", made)
	input := file(t, "input.json", `{"Country": "US", "Monthly_income": 1}`)
	wantCall(t, 0, "lending: reject", "policy", "eval", made, "--input", input)
	wantCall(t, 1, "--outcomes", "policy", "import", filepath.Join(folder, "first.dmn"))
	wantCall(t, 1, "The tables have", "policy", "import", filepath.Join(folder, "first.dmn"), "--outcome", "tier")
	wantCall(t, 0, "default: \"approve\"", "policy", "import", filepath.Join(folder, "first.dmn"), "--outcomes", "reject,approve")
	wantCall(t, 1, "decision Final", "policy", "import", filepath.Join(folder, "refused.dmn"), "--outcomes", "reject,approve")
}

func TestTablesAreCheckedWithExamples(t *testing.T) {
	good := file(t, "good.yaml", lending)
	wantCall(t, 0, "no overlaps, no gaps", "policy", "table", "check", good)
	warned := file(t, "warned.yaml", strings.Replace(lending, "- ['-', '-', review, 50]", "- ['\"US\"', '-', review, 50]", 1))
	wantCall(t, 0, `warned.yaml:8:5: no row applies when country is "DE", income is 0`, "policy", "table", "check", warned)
	failed := file(t, "failed.yaml", strings.Replace(lending, "FIRST", "UNIQUE", 1))
	wantCall(t, 1, `rows 1 and 2 both apply when country is "DE", income is 3000`, "policy", "table", "check", failed)
	if out := wantCall(t, 1, `"code":"overlap"`, "policy", "table", "check", failed, "--json").out; !json.Valid([]byte(out)) {
		t.Error(out)
	}
}
