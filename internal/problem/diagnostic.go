package problem

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Diagnostic is one problem of a written document (a workflow, a policy, a plugin), with its place and a hint.
type Diagnostic struct {
	File    string `json:"file"`
	Line    int    `json:"line"`   // from 1; 0 when the place is not known
	Column  int    `json:"column"` // from 1, in characters
	Path    string `json:"path"`   // "states.screen.onDone[0].guard"
	Code    string `json:"code"`   // "unknown_target", "unknown_field", …
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`    // "did you mean risk.score?"
	Excerpt string `json:"excerpt,omitempty"` // the line and a caret, for terminals
	Warning bool   `json:"warning,omitempty"` // worth saying, but no reason to refuse
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

// Failed says whether one of them is more than a warning.
func (ds Diagnostics) Failed() bool {
	return slices.ContainsFunc(ds, func(d Diagnostic) bool { return !d.Warning })
}

// Sort orders by place, then code and message, so that the same document always gives the same list.
func (ds Diagnostics) Sort() {
	slices.SortStableFunc(ds, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
}

// Err is nil when nothing failed, else an Invalid error with a field for each problem.
func (ds Diagnostics) Err() error {
	if !ds.Failed() {
		return nil
	}
	count := 0
	for _, d := range ds {
		if !d.Warning {
			count++
		}
	}
	e := New(Invalid, "The document has %d problems.", count)
	if count == 1 {
		e.Message = "The document has a problem."
	}
	for _, d := range ds {
		if !d.Warning {
			e.With(fmt.Sprintf("%s:%d:%d", d.File, d.Line, d.Column), d.Code, "%s", strings.TrimSpace(d.Message+" "+d.Hint))
		}
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
	text = strings.TrimRight(strings.ReplaceAll(text, "\t", " "), "\r")
	width = max(1, min(width, len([]rune(text))-column+1))
	return fmt.Sprintf("%5d | %s\n      | %s%s", line, text, strings.Repeat(" ", max(0, column-1)), strings.Repeat("^", width))
}
