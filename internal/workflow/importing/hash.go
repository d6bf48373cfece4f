package importing

import (
	"regexp"
	"strings"
)

// picked is a member of a JMESPath hash that only picks: a field by its path, or a literal.
type picked struct {
	path    string // of the member
	read    string // the path that is read
	literal string // else the text of a literal
	code    string // the literal as an expression
}

func (p picked) expression() string {
	if p.read != "" {
		return p.read
	}
	return p.code
}

var (
	identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*`)
	fieldPath  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*`)
	rawText    = regexp.MustCompile(`^'([^'\\{}]*)'`)
	number     = regexp.MustCompile("^`(-?[0-9]+(\\.[0-9]+)?|true|false)`")
)

// hash reads "{a: b.c, d: {e: 'x'}}". ok is false for everything that does more than to pick.
func hash(query string) (found []picked, ok bool) {
	r := hashReader{rest: query}
	found, ok = r.members("")
	r.blank()
	return found, ok && r.rest == ""
}

type hashReader struct {
	rest  string
	depth int
}

func (r *hashReader) blank() { r.rest = strings.TrimLeft(r.rest, " \t\r\n") }

func (r *hashReader) eat(text string) bool {
	r.blank()
	rest, ok := strings.CutPrefix(r.rest, text)
	if ok {
		r.rest = rest
	}
	return ok
}

func (r *hashReader) take(pattern *regexp.Regexp) string {
	r.blank()
	found := pattern.FindString(r.rest)
	r.rest = r.rest[len(found):]
	return found
}

func (r *hashReader) members(prefix string) (found []picked, ok bool) {
	if r.depth++; r.depth > 20 || !r.eat("{") {
		return nil, false
	}
	defer func() { r.depth-- }()
	for {
		quoted := r.eat(`"`)
		key := r.take(identifier)
		if key == "" || quoted && !r.eat(`"`) || !r.eat(":") {
			return nil, false
		}
		one, ok := r.value(prefix + key)
		if !ok {
			return nil, false
		}
		if found = append(found, one...); r.eat("}") {
			return found, true
		}
		if !r.eat(",") {
			return nil, false
		}
	}
}

func (r *hashReader) value(path string) ([]picked, bool) {
	r.blank()
	if strings.HasPrefix(r.rest, "{") {
		return r.members(path + ".")
	}
	if text := r.take(rawText); text != "" {
		inner := text[1 : len(text)-1]
		return []picked{{path: path, literal: inner, code: quoted(inner)}}, inner != ""
	}
	if text := r.take(number); text != "" {
		inner := strings.Trim(text, "`")
		return []picked{{path: path, literal: inner, code: inner}}, true
	}
	read := r.take(fieldPath)
	return []picked{{path: path, read: read}}, read != "" && (r.rest == "" || strings.ContainsAny(r.rest[:1], ",} \t\r\n"))
}
