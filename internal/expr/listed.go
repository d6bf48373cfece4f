package expr

import (
	"slices"
	"time"
)

// List is an edition of a list of values, as one evaluation sees it.
type List interface {
	// Holds reports whether a JSON value (text, a number, true or false) is an entry that counts at a time. fits is false for
	// a value of a type that the list cannot hold.
	Holds(value any, at time.Time) (holds, fits bool)
	// Edition names the edition: "3".
	Edition() string
}

// InList is true when the field is an entry of a list of the environment; for a list of values, when one of them is.
func InList(field *Program, list string) *Program {
	return &Program{root: listedNode{field.root, list}, paths: slices.Clone(field.paths)}
}

type listedNode struct {
	inner node
	list  string
}

func (n listedNode) eval(env *Env) any {
	v := n.inner.eval(env)
	if isUnknown(v) {
		return v
	}
	list, there := env.Lists[n.list]
	if !there {
		return env.because("the list " + n.list + " is not there")
	}
	values, many := v.([]any)
	if !many {
		return n.one(env, list, v)
	}
	found := False
	for _, one := range values {
		found = found.Or(truth(env, n.one(env, list, one)))
	}
	return value(found)
}

func (n listedNode) one(env *Env, list List, v any) any {
	if t, ok := v.(time.Time); ok {
		v = formatDate(t)
	}
	holds, fits := list.Holds(v, env.Now)
	if !fits {
		return env.because(kind(v) + " cannot be in the list " + n.list)
	}
	return holds
}

// Custom is a condition that is evaluated elsewhere.
type Custom interface {
	// Test evaluates it. It must not change the environment; an unknown verdict has a reason.
	Test(env *Env) Verdict
}

// External makes a program of a custom condition that reads the paths of some programs.
func External(condition Custom, reads ...*Program) *Program {
	p := &Program{root: customNode{condition}}
	for _, other := range reads {
		p.paths, p.opaque, p.whole = append(p.paths, other.paths...), append(p.opaque, other.opaque...), p.whole || other.whole
	}
	return p
}

type customNode struct{ condition Custom }

func (n customNode) eval(env *Env) any {
	missing, reason := env.missing, env.reason
	verdict := n.condition.Test(env)
	env.missing, env.reason = missing, reason
	for _, path := range verdict.Missing {
		env.lacks(path)
	}
	if verdict.Reason != "" {
		env.because(verdict.Reason)
	}
	return value(verdict.Truth)
}

func listed(field node, value any) (node, bool) {
	name, ok := value.(string)
	return listedNode{field, name}, ok && name != ""
}
