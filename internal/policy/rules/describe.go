package rules

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxWords bounds the description of a condition, in characters.
const maxWords = 300

// describe puts a condition into words, for the sentences of a trace. They are the policy's words: no input is in them.
func describe(n *yaml.Node) string {
	text := strings.Join(strings.Fields(words(n, false)), " ")
	if characters := []rune(text); len(characters) > maxWords {
		return string(characters[:maxWords]) + "…"
	}
	return text
}

// words for a condition; inner ones that join others are put in brackets.
func words(n *yaml.Node, inner bool) string {
	if n == nil || n.Kind == yaml.ScalarNode {
		return valueWords(n)
	}
	for _, form := range []struct{ key, between string }{{"all", " and "}, {"any", " or "}} {
		if list := lookup(n, form.key); list != nil {
			return joined(list, form.between, inner)
		}
	}
	switch {
	case lookup(n, "not") != nil:
		return "not (" + words(lookup(n, "not"), false) + ")"
	case lookup(n, "rules") != nil:
		between := " and "
		if strings.EqualFold(valueWords(lookup(n, "operator")), "or") {
			between = " or "
		}
		return joined(lookup(n, "rules"), between, inner)
	case lookup(n, "list") != nil:
		return valueWords(lookup(n, "field")) + " is in the list " + valueWords(lookup(n, "list"))
	case lookup(n, "policy") != nil:
		return "the policy " + valueWords(lookup(n, "policy")) + " answers " + choice(lookup(n, "outcome"))
	case lookup(n, "jmespath") != nil:
		return valueWords(lookup(n, "jmespath"))
	case lookup(n, "json-schema") != nil:
		return "the input conforms to the rule's JSON Schema"
	case lookup(n, "json-logic") != nil:
		return valueWords(lookup(n, "json-logic"))
	}
	return operatorWords(n)
}

func joined(list *yaml.Node, between string, inner bool) string {
	parts := make([]string, len(list.Content))
	for i, child := range list.Content {
		parts[i] = words(child, len(list.Content) > 1)
	}
	text := strings.Join(parts, between)
	if inner && len(parts) > 1 {
		return "(" + text + ")"
	}
	return text
}

func choice(n *yaml.Node) string {
	if n != nil && n.Kind == yaml.SequenceNode {
		parts := make([]string, len(n.Content))
		for i, child := range n.Content {
			parts[i] = valueWords(child)
		}
		return strings.Join(parts, " or ")
	}
	return valueWords(n)
}

// operatorPhrases are operators in words; others are written by their names.
var operatorPhrases = map[string]string{
	"EQUALS": "is", "NOT_EQUALS": "is not", "GT": "is more than", "LT": "is less than", "GTE": "is at least", "LTE": "is at most", "BETWEEN": "is between",
	"IN": "is one of", "NOT_IN": "is none of", "IN_CASE_INSENSITIVE": "is one of, whatever the case,", "STARTS_WITH": "starts with", "ENDS_WITH": "ends with",
	"CONTAINS": "contains", "MATCHES": "matches", "BEFORE": "is before", "AFTER": "is after", "EXISTS": "is there", "IN_LIST": "is in the list",
}

func operatorWords(n *yaml.Node) string {
	field := lookup(n, "field")
	if field == nil {
		field = lookup(n, "key")
	}
	name, value := valueWords(lookup(n, "operator")), lookup(n, "value")
	phrase, known := operatorPhrases[name]
	switch {
	case !known:
		phrase = name
	case name == "EXISTS":
		if value != nil && value.Value == "false" {
			phrase = "is not there"
		}
		value = nil
	case name == "BETWEEN" && value != nil && lookup(value, "min") != nil:
		return valueWords(field) + " is between " + valueWords(lookup(value, "min")) + " and " + valueWords(lookup(value, "max"))
	}
	if value == nil {
		return valueWords(field) + " " + phrase
	}
	return valueWords(field) + " " + phrase + " " + valueWords(value)
}

// valueWords are a value as it is written, on one line. {field: …} is the field.
func valueWords(n *yaml.Node) string {
	switch {
	case n == nil:
		return "nothing"
	case n.Kind == yaml.ScalarNode:
		return n.Value
	case n.Kind == yaml.SequenceNode:
		parts := make([]string, len(n.Content))
		for i, child := range n.Content {
			parts[i] = valueWords(child)
		}
		return strings.Join(parts, ", ")
	case len(n.Content) == 2 && lookup(n, "field") != nil:
		return valueWords(lookup(n, "field"))
	}
	var parts []string
	for _, m := range members(n) {
		parts = append(parts, m.key.Value+": "+valueWords(m.value))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
