package watchlist

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"

	"ballerine/internal/problem"
)

// maxElement is how many bytes of XML, and of a line of JSON, an entry can have. The largest entry known has a hundredth of it.
const maxElement = 8 << 20

// taking is what is done with the elements of a name: it decodes them and gives its reason when it cannot take one, a sentence
// without values.
type taking map[string]func(decode func(into any) error) (reason string)

// elements reads an XML file and gives each element that has a name of take, wherever it stands, to it; begin gets the outermost one.
// The file is read element by element. Errors: Invalid, with the place.
func (s *source) elements(form string, begin func(xml.StartElement), take taking) error {
	bounded := &allowance{r: s.r}
	d := xml.NewDecoder(bounded)
	for depth, roots := 0, 0; ; {
		bounded.left = maxElement
		line, _ := d.InputPos()
		token, err := d.Token()
		if errors.Is(err, io.EOF) && roots == 1 {
			return nil
		} else if err != nil {
			return s.notXML(d, form, err)
		}
		switch at := token.(type) {
		case xml.StartElement:
			if depth == 0 {
				if roots++; roots > 1 {
					return s.notXML(d, form, errors.New("a second root"))
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
				return s.notXML(d, form, failed)
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
	if errors.Is(err, errAllowance) {
		return problem.New(problem.TooLarge, "%s, line %d: an element has more than %d bytes.", s.name, line, maxElement)
	}
	return problem.New(problem.Invalid, "%s, line %d, column %d: the XML cannot be read: the file is not complete, not in UTF-8, or not %s.", s.name, line, column, form)
}

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
