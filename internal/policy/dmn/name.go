package dmn

import (
	"regexp"
	"slices"
	"strings"

	"ballerine/internal/expr"
)

// keywords of FEEL that make an expression more than names and arithmetic.
var keywords = []string{"if", "then", "else", "for", "in", "return", "some", "every", "satisfies", "between", "instance", "function", "not", "external", "null"}

// marks of arithmetic and comparison, as our expressions have them.
var marks = map[string]string{"+": "+", "-": "-", "*": "*", "/": "/", "(": "(", ")": ")", "=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}

// names maps names of FEEL, which may have spaces and signs, to names of our expressions.
type names struct {
	given   map[string]string // set by the caller of the import
	known   []string          // in the document, the longest first
	changed map[string]string // that had to be made fit
	owners  map[string]string // of generated names: what each refers to, in the whole document
	merged  [][3]string       // two names, and the one that both would be
}

func newNames(given map[string]string, known []string, owners map[string]string) *names {
	known = slices.Clone(known)
	slices.SortFunc(known, func(a, b string) int { return len(b) - len(a) })
	return &names{given: given, known: known, changed: map[string]string{}, owners: owners}
}

var unfit = regexp.MustCompile(`[^A-Za-z0-9_]+`)

// name brings a name into its form.
func (n *names) name(name string) string {
	if to, ok := n.given[name]; ok {
		return to
	}
	fit := strings.Trim(unfit.ReplaceAllString(name, "_"), "_")
	if fit == "" || fit[0] >= '0' && fit[0] <= '9' {
		fit = "_" + fit
	}
	if fit != name {
		n.changed[name] = fit
	}
	if other, taken := n.owners[fit]; taken && other != name {
		if one := [3]string{other, name, fit}; !slices.Contains(n.merged, one) {
			n.merged = append(n.merged, one)
		}
	} else {
		n.owners[fit] = name
	}
	return fit
}

const beforehand = "compute it into an input field, and use that field here"

// expression returns an input's expression: names, paths, numbers and arithmetic; texts where they are compared.
func (n *names) expression(text string) (string, *meaningless) {
	text = strings.Join(strings.Fields(text), " ")
	if to, ok := n.given[text]; ok {
		return to, nil
	}
	var b strings.Builder
	words, spaced := "", false
	flush := func() {
		if words != "" {
			b.WriteString(n.name(words))
			words = ""
		}
	}
	for at := 0; at < len(text); {
		rest := text[at:]
		if name := n.longest(rest); name != "" && words == "" {
			words, at, spaced = name, at+len(name), false
			continue
		}
		if rest[0] == ' ' {
			spaced = true
			at++
			continue
		}
		found, length, failed := firstToken(rest)
		if failed != nil {
			return "", failed
		}
		at += length
		switch {
		case found.kind == nameToken && slices.Contains(keywords, found.text):
			return "", noMeaning(beforehand, "this FEEL expression is not supported here")
		case found.kind == nameToken && (found.text == "and" || found.text == "or"):
			flush()
			b.WriteString(map[string]string{"and": " && ", "or": " || "}[found.text])
		case found.kind == nameToken || found.kind == numberToken && words != "" && spaced:
			if words != "" && spaced {
				words += " "
			}
			words += found.text
		case found.text == "." && words != "":
			flush()
			b.WriteString(".")
		case found.text == "(" && words != "":
			return "", noMeaning(beforehand, "FEEL functions are not supported here")
		case found.kind == numberToken:
			b.WriteString(found.text)
		case found.kind == textToken:
			b.WriteString(quoteText(found.text))
		case marks[found.text] != "":
			flush()
			if mark := marks[found.text]; mark == "(" || mark == ")" {
				b.WriteString(mark)
			} else {
				b.WriteString(" " + mark + " ")
			}
		default:
			return "", noMeaning(beforehand, "this FEEL expression is not supported here")
		}
		spaced = false
	}
	flush()
	made := strings.TrimSpace(b.String())
	if _, err := expr.Compile(made); err != nil {
		return "", noMeaning(beforehand, "this FEEL expression is not supported here")
	}
	return made, nil
}

func quoteText(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// longest known name that a text begins with, and that ends where a name can end.
func (n *names) longest(text string) string {
	for _, name := range n.known {
		if rest, ok := strings.CutPrefix(text, name); ok && (rest == "" || !nameStart([]rune(rest)[0]) && (rest[0] < '0' || rest[0] > '9')) {
			return name
		}
	}
	return ""
}

// firstToken is the first word of a text, with its length.
func firstToken(text string) (token, int, *meaningless) {
	if text[0] == '"' {
		content, length, ok := feelText(text)
		if !ok {
			return token{}, 0, noMeaning("", "a text is not closed")
		}
		return token{textToken, content}, length, nil
	}
	end := strings.IndexAny(text, " \"")
	if end < 0 {
		end = len(text)
	}
	found, failed := tokens(text[:end])
	if failed != nil {
		return token{}, 0, failed
	}
	return found[0], len(found[0].text), nil
}
