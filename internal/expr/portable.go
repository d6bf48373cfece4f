package expr

import "time"

// Portable is the program as a tree of JSON that a client evaluates with the same result, for the values of fields that it knows:
// ["op", argument, …]. form is nil if only the server can evaluate it, and why names the part that is the reason.
//
// Portable are constants that are null, true, false, numbers, texts and lists of these; paths; and, or, not, if, coalesce, exists,
// truthy; == != < <= > >=; in; + - * / % and negation; match, of patterns that every engine reads in the same way; some, all and
// none; and the functions len contains starts_with ends_with abs floor ceil min max sum age. docs/flows.md has the forms. Dates with
// a time are compared by instants: a client leaves these to the server. JMESPath, JSON Schema and all other operators and functions
// are the server's.
func (p *Program) Portable() (form any, why string) {
	w := portableWriter{}
	form = w.node(p.root)
	if w.why != "" {
		return nil, w.why
	}
	return form, ""
}

// portableFunctions have the same results in every language.
var portableFunctions = map[string]bool{
	"len": true, "contains": true, "starts_with": true, "ends_with": true, "abs": true, "floor": true, "ceil": true, "min": true, "max": true,
	"sum": true, "age": true,
}

var comparisonNames = [...]string{equal: "==", notEqual: "!=", less: "<", lessEqual: "<=", greater: ">", greaterEqual: ">="}

// portableWriter writes a program as a tree; why is the first part that cannot be written.
type portableWriter struct{ why string }

func (w *portableWriter) not(why string) any {
	if w.why == "" {
		w.why = why
	}
	return nil
}

func (w *portableWriter) op(name string, parts ...node) []any {
	form := []any{name}
	for _, part := range parts {
		form = append(form, w.node(part))
	}
	return form
}

func (w *portableWriter) node(n node) any {
	switch n := n.(type) {
	case constant:
		return w.constant(n.value)
	case pathNode:
		return w.path(n)
	case elementNode:
		return []any{"element"}
	case andNode:
		return w.op("and", n.left, n.right)
	case orNode:
		return w.op("or", n.left, n.right)
	case notNode:
		return w.op("not", n.inner)
	case ternaryNode:
		return w.op("if", n.condition, n.then, n.otherwise)
	case coalesceNode:
		return w.op("coalesce", n.choices...)
	case existsNode:
		return w.op("exists", n.inner)
	case truthyNode:
		return w.op("truthy", n.inner)
	}
	return w.operation(n)
}

// operation writes what computes something.
func (w *portableWriter) operation(n node) any {
	switch n := n.(type) {
	case compareNode:
		return w.op(comparisonNames[n.op], n.left, n.right)
	case listNode:
		return w.op("list", n.elements...)
	case inNode:
		return w.op("in", n.left, n.right)
	case negateNode:
		return w.op("neg", n.inner)
	case arithmeticNode:
		if n.power {
			return w.not("powers")
		}
		return w.op(string(n.op), n.left, n.right)
	case matchNode:
		return w.match(n)
	case quantifierNode:
		return w.op(n.name, n.list, n.condition)
	case callNode:
		if !portableFunctions[n.name] {
			return w.not("the function " + n.name)
		}
		return append([]any{"call", n.name}, w.op("", n.arguments...)[1:]...)
	case queryNode:
		return w.not("JMESPath")
	case schemaNode:
		return w.not("JSON Schema")
	}
	return w.not("an operator that clients do not have")
}

func (w *portableWriter) match(n matchNode) any {
	pattern, ok := PortablePattern(n.pattern.String())
	if !ok {
		return w.not("a pattern that engines read in different ways")
	}
	return append(w.op("match", n.inner), pattern)
}

func (w *portableWriter) constant(v any) any {
	switch v := v.(type) {
	case time.Time, map[string]any:
		return w.not("a constant that is no number, text, true, false or null")
	case []any:
		for _, one := range v {
			w.constant(one)
		}
	}
	if f, ok, _ := number(v); ok {
		v = f
	}
	return []any{"value", v}
}

func (w *portableWriter) path(n pathNode) any {
	form := []any{"path"}
	for _, s := range n.steps {
		if s.isIdx {
			form = append(form, float64(s.index))
			continue
		}
		form = append(form, s.name)
	}
	return form
}
