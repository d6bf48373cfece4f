package dmn

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"ballerine/internal/policy/tablefile"
	"ballerine/internal/problem"
)

// Limits of a document. Larger ones are refused.
const (
	maxElements = 3_000_000
	maxNested   = 200
)

// element is an XML element with its place.
type element struct {
	space, name string
	attributes  []xml.Attr
	text        string
	at, textAt  tablefile.Place
	children    []*element
}

func (e *element) attribute(name string) string {
	for _, a := range e.attributes {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// all children of a name.
func (e *element) all(name string) (found []*element) {
	if e == nil {
		return nil
	}
	for _, child := range e.children {
		if child.name == name {
			found = append(found, child)
		}
	}
	return found
}

// first child of a name; nil if there is none.
func (e *element) first(name string) *element {
	if e == nil {
		return nil
	}
	for _, child := range e.children {
		if child.name == name {
			return child
		}
	}
	return nil
}

// content of the element's text child, which contains the FEEL.
func (e *element) content() string {
	if t := e.first("text"); t != nil {
		return strings.TrimSpace(t.text)
	}
	return ""
}

// place of that text.
func (e *element) place() tablefile.Place {
	if t := e.first("text"); t != nil && t.text != "" {
		return t.textAt
	}
	return e.at
}

// parse reads a document into elements. There are no entities but XML's own, and a document type is refused.
func parse(file string, text []byte) (*element, *problem.Diagnostic) {
	d := xml.NewDecoder(bytes.NewReader(text))
	top := &element{}
	open := []*element{top}
	count := 0
	fail := func(at tablefile.Place, code, message string) (*element, *problem.Diagnostic) {
		diagnostic := at.Diagnostic(file, code, message, "")
		return nil, &diagnostic
	}
	for {
		line, column := d.InputPos()
		at := tablefile.Place{Line: line, Column: column}
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			var syntax *xml.SyntaxError
			if errors.As(err, &syntax) {
				return fail(tablefile.Place{Line: max(1, syntax.Line), Column: 1}, "syntax", "the document is not XML: "+plainMessage(syntax.Msg))
			}
			return fail(at, "syntax", "the document is not XML in UTF-8")
		}
		current := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			if count++; count > maxElements || len(open) > maxNested {
				return fail(at, "too_large", "the document is too large or nested too deep")
			}
			child := &element{space: token.Name.Space, name: token.Name.Local, attributes: token.Copy().Attr, at: at}
			current.children = append(current.children, child)
			open = append(open, child)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if current.text == "" {
				current.textAt = at
			}
			current.text += string(token)
		case xml.Directive:
			return fail(at, "doctype", "a document type declaration is not supported")
		}
	}
	if len(top.children) != 1 {
		return fail(tablefile.Place{Line: 1, Column: 1}, "syntax", "the document is not XML: it has no element")
	}
	return top.children[0], nil
}

// plainMessage leaves out what the parser quotes of the document.
func plainMessage(message string) string {
	message, _, _ = strings.Cut(message, ":")
	message, _, _ = strings.Cut(message, "<")
	return strings.TrimSpace(message)
}
