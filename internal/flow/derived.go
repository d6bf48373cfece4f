package flow

import (
	"slices"
	"strings"

	"ballerine/internal/expr"
)

// A field that is only named is asked as the schema has it.

// described is the schema of a field, as far as it is written where the field is: what a reference leads to is not followed.
func (p *parser) described(field string) map[string]any {
	at := p.w.Schema
	for _, step := range stepsOf(field) {
		if step == "[]" {
			at, _ = at["items"].(map[string]any)
			continue
		}
		properties, _ := at["properties"].(map[string]any)
		at, _ = properties[step].(map[string]any)
	}
	return at
}

// derived is the type of element that fits the schema of a field.
func (p *parser) derived(field string) string {
	schema := p.described(field)
	if options := optionsOf(schema); options != nil {
		return typeSelect
	}
	if name, _ := schema["type"].(string); name == "array" {
		if items, _ := schema["items"].(map[string]any); optionsOf(items) != nil {
			return typeMultiselect
		}
		return typeTags
	}
	switch p.w.Readable().Find(stepsOf(field)).Types {
	case expr.TypeBool:
		return typeBoolean
	case expr.TypeNumber:
		return typeNumber
	}
	return derivedText(field, schema)
}

func derivedText(field string, schema map[string]any) string {
	last := field[strings.LastIndexByte(field, '.')+1:]
	switch {
	case schema["format"] == "date":
		return typeDate
	case schema["pattern"] == "^[A-Z]{2}$" && (last == "nationality" || strings.HasSuffix(last, "_nationality")):
		return typeNationality
	case schema["pattern"] == "^[A-Z]{2}$" && (last == "country" || strings.HasSuffix(last, "_country")):
		return typeCountry
	case slices.Contains([]string{"phone", "mobile", "telephone", "phone_number"}, last):
		return typePhone
	}
	return typeText
}

// optionsOf a schema with an enum of texts; nil for others.
func optionsOf(schema map[string]any) (options []Option) {
	values, _ := schema["enum"].([]any)
	for _, v := range values {
		text, ok := v.(string)
		if !ok {
			return nil
		}
		options = append(options, Option{Value: text})
	}
	return options
}

// titled is what the schema calls a field.
func (p *parser) titled(field string) Text {
	schema := p.described(field)
	text := Text{}
	if titles, ok := schema["titles"].(map[string]any); ok {
		for name, v := range titles {
			if title, ok := v.(string); ok && isLanguage(name) {
				text[name] = title
			}
		}
	}
	title, _ := schema["title"].(string)
	switch {
	case title != "" && len(text) > 0:
		text[english] = title
	case title != "":
		text[""] = title
	case len(text) > 0: // the name is what people read in English
		text[english] = spelled(field)
	default:
		text[""] = spelled(field)
	}
	return text
}

// spelled is the last name of a path as words: "Date of birth".
func spelled(field string) string {
	words := strings.ReplaceAll(field[strings.LastIndexByte(field, '.')+1:], "_", " ")
	if words == "" {
		return words
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// fromSchema sets what the schema defines for a field that is only named: its options, and whether it is required.
func (p *parser) fromSchema(e *Element) {
	schema := p.described(e.Field)
	e.Options = optionsOf(schema)
	if items, ok := schema["items"].(map[string]any); ok {
		e.Options = optionsOf(items)
	}
	if format, _ := schema["format"].(string); slices.Contains(formats, format) && e.Type == typeText {
		e.Checks.Format, e.Checks.format = format, formatOf(format)
	}
	if at := strings.LastIndexByte(e.Field, '.'); at > 0 {
		names, _ := p.described(e.Field[:at])["required"].([]any)
		if slices.Contains(names, any(e.Field[at+1:])) {
			e.Required = always
		}
	}
}

// always is a rule that holds.
var always = &Condition{program: expr.Constant(true), Why: "it is the same for everybody"}
