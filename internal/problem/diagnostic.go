package problem

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity states whether a document with a diagnostic can be used. An error means that it cannot be read, would not do
// what it states, or would fail when a case reaches it. A warning is advice: the document can be used as it is, and the
// warning is reported.
type Severity int

// Severities. A diagnostic is an error unless it states otherwise.
const (
	SeverityError Severity = iota
	SeverityWarning
)

// String is the severity's name in JSON and in texts.
func (s Severity) String() string {
	if s == SeverityWarning {
		return "warning"
	}
	return "error"
}

// MarshalText implements encoding.TextMarshaler.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Severity) UnmarshalText(text []byte) error {
	switch string(text) {
	case "error":
		*s = SeverityError
	case "warning":
		*s = SeverityWarning
	default:
		return fmt.Errorf("a severity is error or warning, not %q", text)
	}
	return nil
}

// Diagnostic is one problem of a written document (a workflow, a policy, a plugin), with its place and a hint.
type Diagnostic struct {
	File     string   `json:"file"`
	Line     int      `json:"line"`   // from 1; 0 when the place is not known
	Column   int      `json:"column"` // from 1, in characters
	Path     string   `json:"path"`   // "states.screen.onDone[0].guard"
	Code     string   `json:"code"`   // "unknown_target", "unknown_field", …
	Message  string   `json:"message"`
	Hint     string   `json:"hint,omitempty"`    // "did you mean risk.score?"
	Excerpt  string   `json:"excerpt,omitempty"` // the line and a caret, for terminals
	Severity Severity `json:"severity" enum:"error,warning"`
}

// String is "file:line:column: message", and the hint.
func (d Diagnostic) String() string {
	s := fmt.Sprintf("%s:%d:%d: %s", d.File, d.Line, d.Column, d.Message)
	if d.Hint != "" {
		s += " (" + d.Hint + ")"
	}
	return s
}

// Diagnostics are all problems of a document, in the order of their places.
type Diagnostics []Diagnostic

// Failed reports whether one of them is an error.
func (ds Diagnostics) Failed() bool { return slices.ContainsFunc(ds, Diagnostic.failed) }

// Of returns those of a severity.
func (ds Diagnostics) Of(severity Severity) (found Diagnostics) {
	for _, d := range ds {
		if d.Severity == severity {
			found = append(found, d)
		}
	}
	return found
}

// Strict returns them all as errors.
func (ds Diagnostics) Strict() Diagnostics {
	strict := slices.Clone(ds)
	for i := range strict {
		strict[i].Severity = SeverityError
	}
	return strict
}

func (d Diagnostic) failed() bool { return d.Severity == SeverityError }

// MaxDiagnostics is how many problems of a document are reported at once.
const MaxDiagnostics = 200

// AtMost returns the first n, errors before warnings, in their order, and states how many more there are.
func (ds Diagnostics) AtMost(n int) Diagnostics {
	if len(ds) <= n {
		return ds
	}
	errors := min(n, len(ds.Of(SeverityError)))
	warnings := n - errors
	kept := make(Diagnostics, 0, n+1)
	severity := SeverityWarning
	for _, d := range ds {
		left := &warnings
		if d.failed() {
			left, severity = &errors, SeverityError
		}
		if *left > 0 {
			kept, *left = append(kept, d), *left-1
		}
	}
	last := kept[len(kept)-1]
	return append(kept, Diagnostic{File: last.File, Line: last.Line, Column: last.Column, Code: "more", Message: fmt.Sprintf("and %d more", len(ds)-n), Severity: severity})
}

// Sort orders by place, then code and message, so that the same document always has the same list.
func (ds Diagnostics) Sort() {
	slices.SortStableFunc(ds, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
}

// Err is nil when nothing failed, else an Invalid error with a field for each problem.
func (ds Diagnostics) Err() error {
	failed := ds.Of(SeverityError)
	if len(failed) == 0 {
		return nil
	}
	e := New(Invalid, "The document has %d problems.", len(failed))
	if len(failed) == 1 {
		e.Message = "The document has a problem."
	}
	for _, d := range failed {
		e.With(fmt.Sprintf("%s:%d:%d", d.File, d.Line, d.Column), d.Code, "%s", strings.TrimSpace(d.Message+" "+d.Hint))
	}
	return e
}

// Excerpt renders a source line with a caret below [column, column+width), as compilers do.
func Excerpt(source string, line, column, width int) string {
	for at := 1; at < line; at++ {
		_, rest, more := strings.Cut(source, "\n")
		if !more {
			return ""
		}
		source = rest
	}
	if line < 1 {
		return ""
	}
	text, _, _ := strings.Cut(source, "\n")
	text, column, width = around(text, column, width)
	text = strings.TrimRight(strings.ReplaceAll(text, "\t", " "), "\r")
	width = max(1, min(width, len([]rune(text))-column+1))
	return fmt.Sprintf("%5d | %s\n      | %s%s", line, text, strings.Repeat(" ", max(0, column-1)), strings.Repeat("^", width))
}

// Of a line that is longer, an excerpt has so many characters before and behind its place: minified JSON is one line.
const (
	longestLine = 240
	beside      = 80
)

// around cuts a line to what is around a column, from 1 in characters.
func around(line string, column, width int) (cut string, at, wide int) {
	if len(line) <= longestLine {
		return line, column, width
	}
	width = max(1, min(width, beside))
	first, last := max(0, column-1-beside), column-1+width+beside
	begin, end, seen := len(line), len(line), 0
	for i := range line {
		if seen == first {
			begin = i
		}
		if seen == last {
			end = i
			break
		}
		seen++
	}
	cut, at = line[begin:end], column-first
	if begin > 0 {
		cut, at = "…"+cut, at+1
	}
	if end < len(line) {
		cut += "…"
	}
	return cut, at, width
}
