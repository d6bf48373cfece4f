package expr

import "strings"

// truthyNode is json-logic's !!, which converts any value to true or false: false, 0, "", null and an empty list are
// false (see jsonlogic.com/truthy). A path that leads nowhere is false, too: that is the purpose of !!. A condition that
// cannot be determined stays unknown.
type truthyNode struct{ inner node }

func (n truthyNode) eval(env *Env) any {
	if path, ok := n.inner.(pathNode); ok {
		v, there := path.find(env)
		return there && truthy(v)
	}
	v := n.inner.eval(env)
	if isUnknown(v) {
		return v
	}
	return truthy(v)
}

func truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	}
	f, isNumber, _ := number(v)
	return !isNumber || f != 0
}

// catNode is json-logic's cat: texts, numbers, true and false as one text. What is null, a list or an object has no one
// text here, and makes it unknown.
type catNode struct{ parts []node }

func (n catNode) eval(env *Env) any {
	var b strings.Builder
	for _, part := range n.parts {
		v := part.eval(env)
		if isUnknown(v) {
			return v
		}
		text, ok := catText(v)
		if !ok {
			return env.because(kind(v) + " cannot be put into a text")
		}
		if b.Len()+len(text) > maxText {
			return env.because("the text is too long")
		}
		b.WriteString(text)
	}
	return b.String()
}

func catText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		if v {
			return "true", true
		}
		return "false", true
	}
	f, isNumber, good := number(v)
	return Text(f), isNumber && good
}
