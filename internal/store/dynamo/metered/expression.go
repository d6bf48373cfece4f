package metered

import (
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// condition is an expression that holds of an item or does not.
type condition struct{ holds func(item) bool }

// expression is one that is being read: conditions as the adapter writes them.
type expression struct {
	words  []string
	at     int
	names  map[string]string
	values map[string]types.AttributeValue
	err    error
}

var words = regexp.MustCompile(`<=|>=|<>|[()=<>,]|[#:\w.]+`)

func parse(text string, names map[string]string, values map[string]types.AttributeValue) (condition, error) {
	if text == "" {
		return condition{func(item) bool { return true }}, nil
	}
	e := &expression{words: words.FindAllString(text, -1), names: names, values: values}
	c := e.or()
	if e.at < len(e.words) && e.err == nil {
		e.err = invalid("unexpected %q in %q", e.words[e.at], text)
	}
	return c, e.err
}

func (e *expression) peek() string {
	if e.at < len(e.words) {
		return e.words[e.at]
	}
	return ""
}

func (e *expression) next() string {
	word := e.peek()
	e.at++
	return word
}

func (e *expression) expect(word string) {
	if got := e.next(); got != word && e.err == nil {
		e.err = invalid("%q where %q is expected", got, word)
	}
}

func (e *expression) or() condition {
	left := e.and()
	for e.peek() == "OR" {
		e.next()
		a, b := left, e.and()
		left = condition{func(i item) bool { return a.holds(i) || b.holds(i) }}
	}
	return left
}

func (e *expression) and() condition {
	left := e.one()
	for e.peek() == "AND" {
		e.next()
		a, b := left, e.one()
		left = condition{func(i item) bool { return a.holds(i) && b.holds(i) }}
	}
	return left
}

type operand func(item) types.AttributeValue

func (e *expression) operand() operand {
	word := e.next()
	if strings.HasPrefix(word, ":") {
		value, ok := e.values[word]
		if !ok && e.err == nil {
			e.err = invalid("there is no value %s", word)
		}
		return func(item) types.AttributeValue { return value }
	}
	path := e.path(word)
	return func(i item) types.AttributeValue { return at(i, path) }
}

func (e *expression) path(word string) []string {
	parts := strings.Split(word, ".")
	for n, part := range parts {
		if name, ok := e.names[part]; ok {
			parts[n] = name
		} else if strings.HasPrefix(part, "#") && e.err == nil {
			e.err = invalid("there is no name %s", part)
		}
	}
	return parts
}

func at(i item, path []string) types.AttributeValue {
	value := i[path[0]]
	for _, name := range path[1:] {
		inner, ok := value.(*types.AttributeValueMemberM)
		if !ok {
			return nil
		}
		value = inner.Value[name]
	}
	return value
}

func (e *expression) one() condition {
	switch word := e.peek(); word {
	case "(":
		e.next()
		c := e.or()
		e.expect(")")
		return c
	case "attribute_exists", "attribute_not_exists":
		e.next()
		e.expect("(")
		value := e.operand()
		e.expect(")")
		return condition{func(i item) bool { return (value(i) != nil) == (word == "attribute_exists") }}
	case "begins_with":
		e.next()
		e.expect("(")
		value := e.operand()
		e.expect(",")
		prefix := e.operand()
		e.expect(")")
		return condition{func(i item) bool { return strings.HasPrefix(stringOf(value(i)), stringOf(prefix(i))) }}
	}
	left := e.operand()
	operator := e.next()
	if operator == "BETWEEN" {
		low := e.operand()
		e.expect("AND")
		high := e.operand()
		return condition{func(i item) bool {
			a, ok := compare(left(i), low(i))
			b, also := compare(left(i), high(i))
			return ok && also && a >= 0 && b <= 0
		}}
	}
	right := e.operand()
	return condition{func(i item) bool {
		order, ok := compare(left(i), right(i))
		if !ok {
			return operator == "<>"
		}
		return map[string]bool{"=": order == 0, "<>": order != 0, "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[operator]
	}}
}
