package flow

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/country"
	"ballerine/internal/expr"
	"ballerine/internal/source"
)

// text reads what people read: one text, or one for each language with the English one among them.
func (p *parser) text(members source.Members, path, name string) Text {
	m, ok := members[name]
	if !ok {
		return nil
	}
	return p.textAt(m.Value, source.Join(path, name))
}

func (p *parser) textAt(node *yaml.Node, path string) Text {
	text := Text{}
	if node.Kind != yaml.MappingNode {
		text[""] = p.prose(node, path)
	} else {
		for _, pair := range p.doc.Mapping(node, path) {
			if !isLanguage(pair.Name) {
				p.doc.Report(pair.Key, source.Join(path, pair.Name), "unknown_language", pair.Name+" is not a language", "write two lower-case letters (ISO 639-1), such as en or de")
				continue
			}
			text[pair.Name] = p.prose(pair.Value, source.Join(path, pair.Name))
		}
		if text[english] == "" {
			p.doc.Report(node, path, "missing", "the English text is missing", "add en: it is shown where there is no text in the reader's language")
		}
	}
	p.texts = append(p.texts, placedText{text, node, path})
	return text
}

func (p *parser) prose(node *yaml.Node, path string) string {
	text := p.doc.String(node, path)
	if len(text) > maxText {
		p.doc.Report(node, path, "too_large", fmt.Sprintf("a text can have at most %d bytes", maxText), "")
	}
	return text
}

// messages reads error, for every fault of the element, and errors, by the code of a fault.
func (p *parser) messages(e *Element, members source.Members, path string) {
	if m, ok := members["error"]; ok {
		e.Texts = map[string]Text{"": p.textAt(m.Value, path+".error")}
	}
	m, ok := members["errors"]
	if !ok {
		return
	}
	if e.Texts == nil {
		e.Texts = map[string]Text{}
	}
	for _, pair := range p.doc.Mapping(m.Value, path+".errors") {
		at := source.Join(path+".errors", pair.Name)
		if !slices.Contains(faultCodes, pair.Name) {
			p.doc.Unknown(pair.Key, at, "fault", pair.Name, faultCodes)
			continue
		}
		e.Texts[pair.Name] = p.textAt(pair.Value, at)
	}
}

// checks reads what a value of a field must be.
func (p *parser) checks(e *Element, members source.Members, node *yaml.Node, path string) {
	low, high := -float64(1<<53), float64(1<<53)
	if kinds[e.Type].writes == expr.TypeList {
		low, high = 0, maxEntries
	}
	p.limits(e, members, path, low, high)
	e.Checks.MinLength, e.Checks.MaxLength = p.length(members, path, "min_length"), p.length(members, path, "max_length")
	if e.Checks.MaxLength > 0 && e.Checks.MinLength > e.Checks.MaxLength {
		p.doc.Report(members["min_length"].Value, path+".min_length", "range", "min_length is greater than max_length", "")
	}
	e.Checks.MinAge, e.Checks.MaxAge = p.bound(members, path, "min_age", 0, 150), p.bound(members, path, "max_age", 0, 150)
	e.Checks.Past, e.Checks.Future = p.flag(members, path, "past"), p.flag(members, path, "future")
	if e.Checks.Past && e.Checks.Future {
		p.doc.Report(members["future"].Value, path+".future", "conflict", "no date is in the past and in the future", "leave one out")
	}
	p.formats(e, members, path)
	p.options(e, members, node, path)
	p.ofType(e, members, node, path)
}

func (p *parser) limits(e *Element, members source.Members, path string, low, high float64) {
	e.Checks.Min, e.Checks.Max = p.bound(members, path, "min", low, high), p.bound(members, path, "max", low, high)
	if e.Checks.Min != nil && e.Checks.Max != nil && *e.Checks.Min > *e.Checks.Max {
		p.doc.Report(members["min"].Value, path+".min", "range", "min is greater than max", "")
	}
}

func (p *parser) bound(members source.Members, path, name string, low, high float64) *float64 {
	m, ok := members[name]
	if !ok {
		return nil
	}
	n := p.doc.Number(m.Value, source.Join(path, name))
	if n < low || n > high {
		p.doc.Report(m.Value, source.Join(path, name), "range", fmt.Sprintf("this must be a number from %g to %g", low, high), "")
		return nil
	}
	return &n
}

func (p *parser) length(members source.Members, path, name string) int {
	n := p.bound(members, path, name, 1, maxText)
	switch {
	case n == nil:
		return 0
	case *n != float64(int(*n)):
		p.doc.Report(members[name].Value, source.Join(path, name), "range", "this must be a whole number", "")
	}
	return int(*n)
}

func (p *parser) flag(members source.Members, path, name string) bool {
	m, ok := members[name]
	return ok && p.doc.Bool(m.Value, source.Join(path, name))
}

var formats = []string{"email", "person-name", "uri"}

func (p *parser) formats(e *Element, members source.Members, path string) {
	if m, ok := members["format"]; ok {
		if e.Checks.Format = p.doc.String(m.Value, path+".format"); !slices.Contains(formats, e.Checks.Format) {
			p.doc.Unknown(m.Value, path+".format", "format", e.Checks.Format, formats)
		}
		e.Checks.format = formatOf(e.Checks.Format)
	}
	e.Checks.Multiline = p.flag(members, path, "multiline")
	m, ok := members["pattern"]
	if !ok {
		return
	}
	e.Checks.Pattern = p.doc.String(m.Value, path+".pattern")
	program, err := expr.Operator("MATCHES", valuePath(), e.Checks.Pattern)
	if err != nil {
		p.doc.Report(m.Value, path+".pattern", "pattern", "the pattern is not an RE2 regular expression without excessive repetition", "")
		return
	}
	e.Checks.pattern = program
}

// formatOf is a schema that texts of a format fit.
func formatOf(name string) *expr.Schema {
	schema, err := expr.CompileSchema(map[string]any{"type": "string", "format": name})
	if err != nil {
		return nil
	}
	return schema
}

// valuePath reads the value that is judged.
func valuePath() *expr.Program {
	program, err := expr.CompilePath("value")
	if err != nil {
		return expr.Constant(nil)
	}
	return program
}

// options reads the values that can be chosen.
func (p *parser) options(e *Element, members source.Members, node *yaml.Node, path string) {
	m, ok := members["options"]
	if !ok {
		if slices.Contains([]string{typeRadio, typeSelect, typeCheckboxes, typeMultiselect}, e.Type) {
			p.doc.Report(node, path+".options", "required", "options are missing", "options: [{value: director, title: {en: Director}}]")
		}
		return
	}
	if m.Value.Kind != yaml.SequenceNode || len(m.Value.Content) == 0 || len(m.Value.Content) > maxOptions {
		p.doc.Report(m.Value, path+".options", "type", fmt.Sprintf("options must be a list of 1 to %d", maxOptions), "")
		return
	}
	seen := map[string]bool{}
	for i, element := range m.Value.Content {
		at := fmt.Sprintf("%s.options[%d]", path, i)
		option := p.option(element, at)
		if seen[option.Value] {
			p.doc.Report(element, at, "duplicate", option.Value+" occurs twice", "")
		}
		seen[option.Value] = true
		e.Options = append(e.Options, option)
	}
}

func (p *parser) option(node *yaml.Node, path string) (o Option) {
	if node.Kind == yaml.ScalarNode {
		o.Value = p.doc.String(node, path)
		return o
	}
	members := p.doc.Fields(node, path, "value", "title")
	if m, ok := p.required(members, node, path, "value"); ok {
		o.Value = p.doc.String(m.Value, path+".value")
	}
	o.Title = p.text(members, path, "title")
	return o
}

var (
	threeLetters = regexp.MustCompile(`^[A-Z]{3}$`)
	mccPattern   = regexp.MustCompile(`^[0-9]{4}$`)
)

// ofType reads what only one type has.
func (p *parser) ofType(e *Element, members source.Members, node *yaml.Node, path string) {
	switch e.Type {
	case typeCurrency:
		p.currencies(e, members, node, path)
	case typeConsent:
		p.required(members, node, path, "text")
		if e.Title == nil {
			e.Title = p.text(members, path, "text")
		}
		if m, ok := p.required(members, node, path, "version"); ok {
			e.Checks.Version = p.doc.String(m.Value, path+".version")
		}
	case typeAddress:
		e.Checks.Parts = p.parts(members, path, "parts", addressParts)
		if e.Checks.Parts == nil {
			e.Checks.Parts = addressParts
		}
		if e.Checks.RequiredParts = p.parts(members, path, "required_parts", e.Checks.Parts); e.Checks.RequiredParts == nil {
			e.Checks.RequiredParts = intersect([]string{"line1", "city", "country"}, e.Checks.Parts)
		}
	case typeState:
		if m, ok := members["country"]; ok {
			e.Checks.Country = p.path(m.Value, path+".country")
		}
	case typeCountry, typeNationality:
		for i, o := range e.Options {
			if country.Two(o.Value) != o.Value {
				p.doc.Report(members["options"].Value, fmt.Sprintf("%s.options[%d]", path, i), "country", o.Value+" is not a country", "write two capital letters (ISO 3166 alpha-2)")
			}
		}
	case typeMCC:
		for i, o := range e.Options {
			if !mccPattern.MatchString(o.Value) {
				p.doc.Report(members["options"].Value, fmt.Sprintf("%s.options[%d]", path, i), "format", "a merchant category code has four digits", "write it in quotes")
			}
		}
	}
}

func (p *parser) currencies(e *Element, members source.Members, node *yaml.Node, path string) {
	m, ok := p.required(members, node, path, "currencies")
	if !ok {
		return
	}
	e.Checks.Currencies = p.doc.Strings(m.Value, path+".currencies")
	for i, code := range e.Checks.Currencies {
		if !threeLetters.MatchString(code) {
			p.doc.Report(m.Value, fmt.Sprintf("%s.currencies[%d]", path, i), "format", "a currency has three capital letters (ISO 4217)", "currencies: [EUR]")
		}
	}
}

func (p *parser) parts(members source.Members, path, name string, known []string) []string {
	m, ok := members[name]
	if !ok {
		return nil
	}
	found := p.doc.Strings(m.Value, source.Join(path, name))
	for i, part := range found {
		if !slices.Contains(known, part) {
			p.doc.Unknown(m.Value, fmt.Sprintf("%s.%s[%d]", path, name, i), "part of an address", part, known)
		}
	}
	return found
}

func intersect(a, b []string) (both []string) {
	for _, one := range a {
		if slices.Contains(b, one) {
			both = append(both, one)
		}
	}
	return both
}

// short reads the lists `fields` and `documents` of a page: what they name is asked as the schema has it.
func (p *parser) short(members source.Members, path string) (found []Element) {
	if m, ok := members["fields"]; ok {
		for i, node := range source.Sequence(m.Value) {
			at := fmt.Sprintf("%s.fields[%d]", path, i)
			for _, field := range p.leaves(p.path(node, at)) {
				e := Element{Type: p.derived(field), Field: field, Title: p.titled(field)}
				p.fromSchema(&e)
				p.place(&e, kinds[e.Type], node, at)
				found = append(found, e)
			}
		}
	}
	if m, ok := members["documents"]; ok {
		for i, node := range source.Sequence(m.Value) {
			at := fmt.Sprintf("%s.documents[%d]", path, i)
			e := Element{Type: typeDocument, Document: p.doc.String(node, at)}
			if e.Document == typeSelfie {
				e.Type = typeSelfie
			}
			p.kindOf(e.Document, node, at)
			found = append(found, e)
		}
	}
	return found
}

// leaves are the fields within an object of the schema, in its order, or the field itself.
func (p *parser) leaves(field string) (found []string) {
	if field == "" {
		return nil
	}
	for _, other := range p.w.FieldOrder {
		if strings.HasPrefix(other, field+".") && !strings.Contains(other, "[") && !slices.ContainsFunc(p.w.FieldOrder, func(o string) bool { return strings.HasPrefix(o, other+".") }) {
			found = append(found, other)
		}
	}
	if found == nil {
		return []string{field}
	}
	return found
}
