package connector

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// part of a text: literal, or one placeholder.
type part struct {
	literal string
	query   *query
	secret  string // {secret.NAME}
	setting string // {vendor.NAME}
	own     string // what only this place knows: see compiler.own
}

// text is a string with {placeholders}; {{ and }} represent braces.
type text struct {
	place string // for errors: "request.body.name"
	parts []part
}

// has reports whether the text has a name of its place in it.
func (t *text) has(own string) bool {
	return slices.ContainsFunc(t.parts, func(p part) bool { return p.own == own })
}

// sole is the placeholder of a text that consists only of one.
func (t *text) sole() *query {
	if len(t.parts) == 1 {
		return t.parts[0].query
	}
	return nil
}

// template is a JSON value whose strings are texts; or, at the top, one expression.
type template struct {
	place  string
	query  *query
	text   *text
	list   []*template
	object map[string]*template
	value  any

	attachment *attachment // a document stands here
}

// compiler of expressions and texts: it reports what is wrong where it stands.
type compiler struct {
	*source
	roots   []string
	secrets bool                   // whether {secret.NAME} and {vendor.NAME} may occur in templates
	own     func(name string) bool // names that only this place knows; nil: none
	ownHint string                 // which these are
	attach  bool                   // whether documents may occur in templates
	parts   string                 // where a template is whose members may be bytes; "": nowhere
}

// body compiles the value at the pointer: a string is one expression, anything else a template.
func (c *compiler) body(value any, pointer string) *template {
	if expression, ok := value.(string); ok {
		return &template{place: dotted(pointer), query: c.query(expression, pointer, 0)}
	}
	return c.template(value, pointer)
}

func (c *compiler) template(value any, pointer string) *template {
	t := &template{place: dotted(pointer)}
	switch value := value.(type) {
	case map[string]any:
		if _, ok := value["$document"]; ok {
			return c.attachment(value, pointer)
		}
		t.object = map[string]*template{}
		for _, key := range slices.Sorted(maps.Keys(value)) {
			t.object[key] = c.template(value[key], pointer+"/"+escape(key))
		}
	case []any:
		t.list = make([]*template, len(value))
		for i, element := range value {
			t.list[i] = c.template(element, pointer+"/"+strconv.Itoa(i))
		}
	case string:
		t.text = c.text(value, pointer, c.secrets)
	default:
		t.value = value
	}
	return t
}

func (c *compiler) query(expression, pointer string, offset int) *query {
	q, problems := compileQuery(expression, c.roots)
	c.queries = append(c.queries, expression)
	for _, p := range append(problems, c.laterSteps(expression)...) {
		if own := strings.TrimPrefix(c.ownHint, "available: "); own != "" && p.code == "unknown_name" {
			p.hint = strings.Replace(p.hint, "available: ", "available: "+own+", ", 1)
		}
		c.reportAt(pointer, offset+p.offset, p.code, p.hint, "%s", p.message)
	}
	return q
}

// text splits at placeholders. secrets states whether {secret.NAME} and {vendor.NAME} may occur here.
func (c *compiler) text(raw, pointer string, secrets bool) *text {
	t := &text{place: dotted(pointer)}
	var literal strings.Builder
	for i := 0; i < len(raw); {
		switch {
		case strings.HasPrefix(raw[i:], "{{") || strings.HasPrefix(raw[i:], "}}"):
			literal.WriteByte(raw[i])
			i += 2
		case raw[i] == '{':
			end := closing(raw, i)
			if end < 0 {
				c.reportAt(pointer, i, "placeholder", "write {{ for a brace", "This { has no }.")
				return t
			}
			if literal.Len() > 0 {
				t.parts = append(t.parts, part{literal: literal.String()})
				literal.Reset()
			}
			t.parts = append(t.parts, c.placeholder(raw[i+1:end], pointer, i+1, secrets))
			i = end + 1
		case raw[i] == '}':
			c.reportAt(pointer, i, "placeholder", "write }} for a brace", "This } has no {.")
			return t
		default:
			literal.WriteByte(raw[i])
			i++
		}
	}
	if literal.Len() > 0 {
		t.parts = append(t.parts, part{literal: literal.String()})
	}
	return t
}

func (c *compiler) placeholder(inner, pointer string, offset int, secrets bool) part {
	if c.own != nil && c.own(inner) {
		return part{own: inner}
	}
	name, isSecret := strings.CutPrefix(inner, "secret.")
	if !isSecret {
		var isSetting bool
		name, isSetting = strings.CutPrefix(inner, "vendor.")
		switch {
		case isSetting:
		case c.roots == nil:
			c.reportAt(pointer, offset, "unknown_name", c.ownHint, "There is no %s here.", strings.TrimSpace(inner))
			return part{}
		default:
			return part{query: c.query(inner, pointer, offset)}
		}
	}
	switch {
	case !secrets:
		c.reportAt(pointer, offset, "not_here", "", "Secrets and settings are only allowed in requests: in the URL, headers, parameters and the body.")
	case !secretName.MatchString(name):
		c.reportAt(pointer, offset, "name", "", "A name must consist of letters, digits and underscores.")
	case isSecret:
		c.need(pointer, offset, name, true)
		return part{secret: name}
	default:
		c.need(pointer, offset, name, false)
	}
	return part{setting: name}
}

// closing finds the brace that ends the placeholder, over nested braces and quoted strings.
func closing(raw string, start int) int {
	depth := 0
	var quote byte
	for i := start; i < len(raw); i++ {
		switch b := raw[i]; {
		case quote != 0 && b == '\\':
			i++
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '\'' || b == '"' || b == '`':
			quote = b
		case b == '{':
			depth++
		case b == '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// fault is a place that could not be rendered, and why; never the value.
type fault struct{ place, code, message string }

// render evaluates the template. An object's member that an expression makes null is left out.
func (t *template) render(scope any, with *values, faults *[]fault) any {
	switch {
	case t.attachment != nil:
		return t.attachment.render(scope, with, faults)
	case t.query != nil:
		return evaluate(t.query, t.place, scope, faults)
	case t.text != nil && t.text.sole() != nil:
		return evaluate(t.text.sole(), t.place, scope, faults)
	case t.text != nil:
		return t.text.render(scope, with, faults)
	case t.object != nil:
		object := make(map[string]any, len(t.object))
		for _, key := range slices.Sorted(maps.Keys(t.object)) {
			member := t.object[key]
			if value := member.render(scope, with, faults); value != nil || member.fixedNull() {
				object[key] = value
			}
		}
		return object
	case t.list != nil:
		list := make([]any, len(t.list))
		for i, element := range t.list {
			list[i] = element.render(scope, with, faults)
		}
		return list
	}
	return t.value
}

// fixedNull reports whether the template is a null that the author wrote.
func (t *template) fixedNull() bool {
	return t.query == nil && t.text == nil && t.object == nil && t.list == nil && t.value == nil && t.attachment == nil
}

func evaluate(q *query, place string, scope any, faults *[]fault) any {
	value, err := q.value(scope)
	if err != nil {
		*faults = append(*faults, fault{place, "expression", "The expression cannot be evaluated on this input."})
	}
	return value
}

// attaches reports whether there is a document in the template.
func (t *template) attaches() bool {
	switch {
	case t == nil:
		return false
	case t.attachment != nil:
		return true
	case t.object != nil:
		return slices.ContainsFunc(slices.Collect(maps.Values(t.object)), (*template).attaches)
	}
	return slices.ContainsFunc(t.list, (*template).attaches)
}

// secretive reports whether there is a secret in the template.
func (t *template) secretive() bool {
	switch {
	case t == nil:
		return false
	case t.text != nil:
		return t.text.secretive()
	case t.object != nil:
		return slices.ContainsFunc(slices.Collect(maps.Values(t.object)), (*template).secretive)
	}
	return slices.ContainsFunc(t.list, (*template).secretive)
}

func (t *text) secretive() bool {
	return slices.ContainsFunc(t.parts, func(p part) bool { return p.secret != "" })
}

// render writes the text. with has the values of secrets and settings and defines how a placeholder's value is escaped.
func (t *text) render(scope any, with *values, faults *[]fault) string {
	var b strings.Builder
	for _, p := range t.parts {
		switch {
		case p.query != nil:
			value := evaluate(p.query, t.place, scope, faults)
			written, ok := scalar(value)
			if !ok {
				*faults = append(*faults, missing(t.place, value))
				continue
			}
			b.WriteString(with.escaped(written, b.String()))
		case p.secret != "":
			b.WriteString(with.escaped(with.secrets[p.secret], b.String()))
		case p.own != "":
			b.WriteString(with.own[p.own])
		case p.setting != "":
			b.WriteString(strings.TrimRight(with.settings[p.setting], "/"))
		default:
			b.WriteString(p.literal)
		}
	}
	return b.String()
}

func missing(place string, value any) fault {
	if value == nil {
		return fault{place, "required", "A required value is missing."}
	}
	return fault{place, "type", "A value here must be text, a number or a boolean."}
}

// values are the values of placeholders other than expressions. A nil one has none and escapes nothing.
type values struct {
	secrets  map[string]string
	settings map[string]string
	own      map[string]string
	turn     func(*url.URL, url.Values) // to another page than the first; nil: the first
	// documents are those of the case that count.
	documents []Document
	escape    func(value, before string) string
}

// masked has the name of each secret instead of it.
func (v *values) masked() *values {
	named := &values{secrets: map[string]string{}, settings: v.settings, documents: v.documents, turn: v.turn}
	for name := range v.secrets {
		named.secrets[name] = maskOf(name)
	}
	return named
}

func (v *values) escaped(value, before string) string {
	if v == nil || v.escape == nil {
		return value
	}
	return v.escape(value, before)
}

func scalar(value any) (string, bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case bool:
		return strconv.FormatBool(value), true
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64), true
	case nil:
		return "", false
	case map[string]any, []any:
		return "", false
	}
	return fmt.Sprint(value), true
}
