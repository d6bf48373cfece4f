package problem_test

import (
	"strings"
	"testing"

	"ballerine/internal/problem"
)

func TestAnExcerptOfALongLineIsWhatIsAroundThePlace(t *testing.T) {
	line := strings.Repeat("é", 500) + "HERE" + strings.Repeat("z", 500)
	got := problem.Excerpt("first\n"+line+"\nlast", 2, 501, 4)
	want := "    2 | …" + strings.Repeat("é", 80) + "HERE" + strings.Repeat("z", 80) + "…\n      | " + strings.Repeat(" ", 81) + "^^^^"
	if got != want {
		t.Errorf("%s\nexpected\n%s", got, want)
	}
	for column, width := range map[int]int{1: 1, 1004: 1, 2: 5000, 2000: 3} {
		lines := strings.Split(problem.Excerpt(line, 1, column, width), "\n")
		if len([]rune(lines[0])) > 260 || len(lines[1]) > 260 && column <= 1004 || len(lines) != 2 {
			t.Errorf("column %d: %s", column, strings.Join(lines, "\n"))
		}
	}
	if got := problem.Excerpt("a: b", 1, 4, 1); got != "    1 | a: b\n      |    ^" {
		t.Errorf("%s", got)
	}
}

func TestOfManyProblemsErrorsAreNamedFirst(t *testing.T) {
	var all problem.Diagnostics
	for i := range 10 {
		d := problem.Diagnostic{File: "f", Line: i, Code: "c", Severity: problem.SeverityWarning}
		if i >= 7 {
			d.Severity = problem.SeverityError
		}
		all = append(all, d)
	}
	kept := all.AtMost(5)
	var lines []int
	for _, d := range kept {
		lines = append(lines, d.Line)
	}
	if len(kept) != 6 || lines[0] != 0 || lines[1] != 1 || lines[2] != 7 || kept[5].Message != "and 5 more" || !kept.Failed() {
		t.Errorf("%v", kept)
	}
	if kept = all[:3].AtMost(5); len(kept) != 3 {
		t.Errorf("%v", kept)
	}
	if kept = all[:7].AtMost(5); kept.Failed() || len(kept) != 6 {
		t.Errorf("%v", kept)
	}
	if kept = all[7:].AtMost(1); len(kept) != 2 || kept[1].Severity != problem.SeverityError {
		t.Errorf("%v", kept)
	}
}

func TestOfManyPlacesTheRestIsCounted(t *testing.T) {
	e := problem.New(problem.Invalid, "x").With("a", "c", "m").With("b", "c", "m").With("c", "c", "m")
	if e.AtMost(3, "body"); len(e.Fields) != 3 {
		t.Error(e)
	}
	if e.AtMost(2, "body"); len(e.Fields) != 3 || e.Fields[2] != (problem.Field{Location: "body", Code: "more", Message: "and 1 more"}) {
		t.Error(e)
	}
}
