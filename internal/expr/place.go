package expr

import (
	"errors"
	"strings"
	"unicode/utf8"

	"ballerine/internal/problem"
)

// Caret shows the line of the source that is meant, and a caret below the place, as compilers do.
func (e *Error) Caret(source string) string {
	return problem.Excerpt(source, e.Line, e.Column, e.Width)
}

// AsError is the *Error in err's chain; one at the start of the text for any other error.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{1, 1, 1, "this cannot be parsed", ""}
}

// position turns a place counted in characters over the whole source into line and column.
func position(source string, character int) (line, column int) {
	line, column = 1, 1
	for range character - 1 {
		r, size := utf8.DecodeRuneInString(source)
		if size == 0 {
			column++
			continue
		}
		source = source[size:]
		if r == '\n' {
			line, column = line+1, 1
			continue
		}
		column++
	}
	return line, column
}

// located sets the line and column of an error of a scan, which counts characters over all lines.
func located(e *Error, source string) *Error {
	e.Line, e.Column = position(source, e.Column)
	return e
}

// place moves an error of a part that starts at the byte offset to its place in the whole.
func place(e *Error, whole string, offset int) *Error {
	line := strings.Count(whole[:offset], "\n")
	if e.Line == 1 {
		e.Column += utf8.RuneCountInString(whole[strings.LastIndexByte(whole[:offset], '\n')+1 : offset])
	}
	e.Line += line
	return e
}

// shift moves the references of a part in the same way.
func (p *Program) shift(whole string, offset int) {
	for i, r := range p.paths {
		moved := place(&Error{Line: r.Line, Column: r.Column}, whole, offset)
		p.paths[i].Line, p.paths[i].Column = moved.Line, moved.Column
	}
}
