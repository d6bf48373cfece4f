package expr

import (
	"strconv"
	"strings"
	"time"
)

// Template is a text with computed parts in braces: "Applicant is {age(applicant.date_of_birth)} years old". A brace
// itself is written twice. It is immutable and safe for concurrent use.
type Template struct{ parts []templatePart }

type templatePart struct {
	text    string
	program *Program // nil: only text
}

// CompileTemplate reads a template. Error: *Error, its place counted within the whole template.
func CompileTemplate(source string) (*Template, error) {
	t := &Template{}
	var text strings.Builder
	for i := 0; i < len(source); i++ {
		c := source[i]
		if (c == '{' || c == '}') && i+1 < len(source) && source[i+1] == c {
			text.WriteByte(c)
			i++
			continue
		}
		if c == '}' {
			return nil, place(&Error{1, 1, 1, "there is no { before this }", "write }} for a brace"}, source, i)
		}
		if c != '{' {
			text.WriteByte(c)
			continue
		}
		n := closing(source[i+1:])
		if n < 0 {
			return nil, place(&Error{1, 1, 1, "the brace is not closed", "add }, or write {{ for a brace"}, source, i)
		}
		program, err := Compile(source[i+1 : i+1+n])
		if err != nil {
			return nil, place(err.(*Error), source, i+1) //nolint:errorlint,forcetypeassert // Compile returns no other
		}
		program.shift(source, i+1)
		t.parts = append(t.parts, templatePart{text: text.String()}, templatePart{program: program})
		text.Reset()
		i += 1 + n
	}
	t.parts = append(t.parts, templatePart{text: text.String()})
	return t, nil
}

// closing finds the brace that ends an expression, and skips quoted texts.
func closing(source string) int {
	quote := byte(0)
	for i := 0; i < len(source); i++ {
		switch c := source[i]; {
		case quote != 0 && c == '\\':
			i++
		case c == quote:
			quote = 0
		case quote != 0:
		case c == '"' || c == '\'':
			quote = c
		case c == '}':
			return i
		}
	}
	return -1
}

// Programs are the computed parts, in their order.
func (t *Template) Programs() []*Program {
	var found []*Program
	for _, part := range t.parts {
		if part.program != nil {
			found = append(found, part.program)
		}
	}
	return found
}

// Render fills the template. hide, if set, may replace the value of a part (personal data, for example); a part that
// cannot be evaluated is written as its expression in braces.
func (t *Template) Render(env *Env, hide func(part *Program, value any) (string, bool)) string {
	if len(t.parts) == 1 {
		return t.parts[0].text
	}
	var b strings.Builder
	for _, part := range t.parts {
		if part.program == nil {
			b.WriteString(part.text)
			continue
		}
		value, verdict := part.program.Value(env)
		if verdict.Truth != True {
			b.WriteString("{" + part.program.source + "}")
			continue
		}
		if hide != nil {
			if text, hidden := hide(part.program, value); hidden {
				b.WriteString(text)
				continue
			}
		}
		b.WriteString(Text(value))
	}
	return b.String()
}

// Text writes a value for people: numbers without an exponent, lists with commas, objects as their field count.
func Text(value any) string {
	switch v := value.(type) {
	case nil:
		return "nothing"
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return formatDate(v)
	case []any:
		parts := make([]string, len(v))
		for i, one := range v {
			parts[i] = Text(one)
		}
		return strings.Join(parts, ", ")
	case map[string]any:
		return strconv.Itoa(len(v)) + " fields"
	}
	n, _, _ := number(value)
	if n == 0 { // -0 is no other number
		return "0"
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}
