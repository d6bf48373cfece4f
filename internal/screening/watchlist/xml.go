package watchlist

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"ballerine/internal/problem"
)

// maxElement is how many bytes of XML, and of a line of JSON, an entry can have. The largest entry known has a hundredth of it.
const maxElement = 8 << 20

// taking maps names of elements to functions that decode them and return a reason if they cannot use one, a sentence
// without values.
type taking map[string]func(decode func(into any) error) (reason string)

// elements reads an XML file and calls take for each element that it names, at any depth; begin gets the outermost one.
// The file is read element by element. Errors: Invalid, with the place.
func (s *source) elements(form string, begin func(xml.StartElement), take taking) error {
	bounded := &allowance{r: s.r}
	file := xml.NewDecoder(bounded)
	strict := &strict{from: file, entries: take}
	d := xml.NewTokenDecoder(strict)
	for depth, roots := 0, 0; ; {
		bounded.left = maxElement
		line, _ := file.InputPos()
		token, err := d.Token()
		if errors.Is(err, io.EOF) && roots == 1 {
			return nil
		} else if err != nil {
			return s.notXML(file, form, err)
		}
		switch at := token.(type) {
		case xml.StartElement:
			if depth == 0 {
				if roots++; roots > 1 {
					return s.notXML(file, form, errors.New("a second root"))
				}
				begin(at)
			}
			use := take[at.Name.Local]
			if use == nil {
				depth++
				continue
			}
			var failed error
			reason := use(func(into any) error { failed = d.DecodeElement(into, &at); return failed })
			if failed != nil {
				return s.notXML(file, form, failed)
			}
			if reason != "" {
				return problem.New(problem.Invalid, "%s, line %d: %s", s.name, line, reason)
			}
		case xml.EndElement:
			depth--
		}
	}
}

func (s *source) notXML(d *xml.Decoder, form string, err error) error {
	line, column := d.InputPos()
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		line = syntax.Line
	}
	var odd oddity
	if errors.As(err, &odd) {
		return problem.New(problem.Invalid, "%s, line %d: %s", s.name, line, string(odd))
	}
	if errors.Is(err, errAllowance) {
		return problem.New(problem.TooLarge, "%s, line %d: an element has more than %d bytes.", s.name, line, maxElement)
	}
	return problem.New(problem.Invalid, "%s, line %d, column %d: the XML cannot be read: the file is not complete, not in UTF-8, or not %s.", s.name, line, column, form)
}

// maxDepth of elements. The lists have seven at most.
const maxDepth = 64

// oddity is what no list has, and what would make a list shorter than it is. A sentence without values.
type oddity string

// Error implements error.
func (o oddity) Error() string { return string(o) }

// strict refuses entries in entries, whose inner ones would be passed over, attributes that an element has twice, and elements in too many others.
type strict struct {
	from    *xml.Decoder
	entries taking
	depth   int
	within  int // depth of the entry that it is in; 0: in none
}

// Token implements xml.TokenReader.
func (s *strict) Token() (xml.Token, error) {
	token, err := s.from.Token()
	switch at := token.(type) {
	case xml.StartElement:
		s.depth++
		isEntry := s.entries[at.Name.Local] != nil
		switch {
		case s.depth > maxDepth:
			return nil, oddity("elements are nested too deeply.")
		case !isEntry && s.entries.named(at.Name.Local):
			return nil, oddity("an element is named like an entry, in other letters.")
		case isEntry && s.within > 0:
			return nil, oddity("an entry is inside another one.")
		case twice(at.Attr):
			return nil, oddity("an element has an attribute twice.")
		case isEntry:
			s.within = s.depth
		}
	case xml.EndElement:
		if s.depth == s.within {
			s.within = 0
		}
		s.depth--
	}
	return token, err
}

// named reports whether a name is that of an element that is taken, whatever its case.
func (t taking) named(name string) bool {
	for one := range t {
		if strings.EqualFold(one, name) {
			return true
		}
	}
	return false
}

func twice(attributes []xml.Attr) bool {
	for i, a := range attributes {
		for _, b := range attributes[:i] {
			if a.Name == b.Name {
				return true
			}
		}
	}
	return false
}

// once is the text of an element that an entry has once at most: of two, one would be lost.
type once string

// UnmarshalXML implements xml.Unmarshaler.
func (o *once) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	var text strings.Builder
	for {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch part := token.(type) {
		case xml.CharData:
			text.Write(part)
		case xml.StartElement:
			return oddity("a text of an entry has an element in it.")
		case xml.EndElement:
			return o.take(strings.TrimSpace(text.String()))
		}
	}
}

func (o *once) take(text string) error {
	if *o != "" && text != "" {
		return oddity("an entry has an element twice that it can have once.")
	}
	if text != "" {
		*o = once(text)
	}
	return nil
}

func (o once) text() string { return strings.TrimSpace(string(o)) }

var errAllowance = errors.New("more than an element may have")

// allowance reads no more than it has left.
type allowance struct {
	r    io.Reader
	left int
}

// Read implements io.Reader.
func (a *allowance) Read(into []byte) (int, error) {
	if a.left <= 0 {
		return 0, errAllowance
	}
	n, err := a.r.Read(into)
	a.left -= n
	return n, err
}

// attribute of an element; "" when it has none.
func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// number reads a whole number; 0 when it is none.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}
