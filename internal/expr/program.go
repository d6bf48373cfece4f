package expr

import (
	"time"

	"ballerine/internal/calendar"
)

// Program is a compiled condition or value. It is immutable and safe for concurrent use.
type Program struct {
	root   node
	source string
	paths  []Reference
	opaque []Reference // of queries and schemas
	whole  bool        // a query or a schema reads the whole document
}

// Reference is a path that a program reads, with its place in the expression.
type Reference struct {
	Path     string   // as written
	Steps    []string // "[]" for an index
	Line     int      // from 1
	Column   int      // from 1; 0 where the place is not known
	Width    int
	Optional bool // inside exists() or coalesce(): need not be there
	node     node
}

// Compile reads an expression. Error: *Error with its place.
func Compile(source string) (*Program, error) {
	p, failed := compile(source)
	if failed != nil {
		return nil, located(failed, source)
	}
	for i, r := range p.paths {
		p.paths[i].Line, p.paths[i].Column = position(source, r.Column)
	}
	return p, nil
}

// compile counts places in characters over the whole source.
func compile(source string) (*Program, *Error) {
	lexemes, failed := scan(source)
	if failed != nil {
		return nil, failed
	}
	if _, failed := read(lexemes); failed != nil {
		return nil, failed
	}
	p := parser{lexemes: lexemes}
	root, failed := p.expression(precTernary)
	if failed != nil {
		return nil, failed
	}
	if p.at < len(lexemes) {
		l := p.peek()
		return nil, &Error{1, l.column, l.width, "an operator is missing before this", ""}
	}
	return &Program{root: settle(root), source: source, paths: p.paths}, nil
}

// Constant is a Program that always returns the value.
func Constant(value any) *Program { return &Program{root: constant{value}} }

// Source is the text that was compiled; "" for forms without one.
func (p *Program) Source() string { return p.source }

// Paths lists the paths that the program reads, in the order of the source.
func (p *Program) Paths() []Reference { return p.paths }

// Test evaluates a condition. It never panics and never fails: what cannot be determined is unknown, with a reason.
func (p *Program) Test(env *Env) Verdict {
	env.missing, env.reason = nil, ""
	t := truth(env, p.root.eval(env))
	return env.verdict(t)
}

// Value evaluates to a JSON value; dates come as RFC 3339 text, or 2006-01-02 when they have no time. The verdict is
// True when there is a value.
func (p *Program) Value(env *Env) (any, Verdict) {
	env.missing, env.reason = nil, ""
	v := p.root.eval(env)
	if isUnknown(v) {
		return nil, env.verdict(Unknown)
	}
	if t, ok := v.(time.Time); ok {
		v = formatDate(t)
	}
	return v, Verdict{Truth: True}
}

// Exact reports whether the value is not a number, or one that a double holds exactly; true when there is no value.
func (p *Program) Exact(env *Env) bool {
	if path, ok := p.root.(pathNode); ok { // the common case, without notes on what is missing
		v, there := path.find(env)
		return !there || Exact(v)
	}
	v, verdict := p.Value(env)
	return verdict.Truth != True || Exact(v)
}

// ExactBelow is Exact of the value and of all that is below it.
func (p *Program) ExactBelow(env *Env) bool {
	v, verdict := p.Value(env)
	return verdict.Truth != True || ExactBelow(v)
}

// ExactBelow reports whether a double can represent every number in a JSON value exactly.
func ExactBelow(v any) bool {
	switch v := v.(type) {
	case []any:
		for _, element := range v {
			if !ExactBelow(element) {
				return false
			}
		}
		return true
	case map[string]any:
		for _, member := range v {
			if !ExactBelow(member) {
				return false
			}
		}
		return true
	}
	return Exact(v)
}

// verdict collects the notes of the evaluation; a condition that was decided has no missing fields.
func (e *Env) verdict(t Truth) Verdict {
	if t != Unknown {
		return Verdict{Truth: t}
	}
	return Verdict{Truth: t, Missing: e.missing, Reason: e.reason}
}

func formatDate(t time.Time) string {
	if t.Equal(calendar.StartOfDay(t)) {
		return t.Format(time.DateOnly)
	}
	return t.Format(time.RFC3339Nano)
}
