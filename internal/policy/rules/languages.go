package rules

import (
	"slices"
	"strings"

	"ballerine/internal/expr"

	"go.yaml.in/yaml/v3"
)

// english is the language that a text in several languages has at least: it is what the answer's reasons are in.
const english = "en"

// byLanguage reads a text that is written as one for each language (ISO 639-1), with the English one among them. several is false for one
// that is written as one text.
func (r *reader) byLanguage(n *yaml.Node, path string) (texts []member, several bool) {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil, false
	}
	for _, m := range members(n) {
		if len(m.key.Value) != 2 || strings.Trim(m.key.Value, "abcdefghijklmnopqrstuvwxyz") != "" {
			r.add(m.key, join(path, m.key.Value), "unknown_language", "write two lower-case letters (ISO 639-1), such as en or de", "%s is not a language", m.key.Value)
			continue
		}
		texts = append(texts, m)
	}
	if lookup(n, english) == nil {
		r.add(n, path, "required", "add en: it is shown where there is no text in the reader's language", "the English text is missing")
	}
	return texts, true
}

// title reads what people call a rule. One that is written as one text stays in the document: answers have only titles by language. What is
// published may have anything in its place: earlier versions did not check it.
func (r *reader) title(n *yaml.Node, path string) map[string]string {
	before := len(r.found)
	texts, several := r.byLanguage(n, path)
	if !several {
		r.text(n, path)
	}
	titles := map[string]string{}
	for _, m := range texts {
		titles[m.key.Value] = r.text(m.value, join(path, m.key.Value))
	}
	if r.published && len(r.found) > before {
		r.found, several = r.found[:before], false
	}
	if !several {
		return nil
	}
	return titles
}

// reasons reads the sentence of a rule: one template, or one for each language, which all show the same.
func (r *reader) reasons(n *yaml.Node, path string, one *rule) {
	texts, several := r.byLanguage(n, path)
	if !several {
		one.reason = r.reason(n, path)
		return
	}
	one.translated = map[string]*expr.Template{}
	for _, m := range texts {
		template := r.reason(m.value, join(path, m.key.Value))
		if m.key.Value == english {
			one.reason = template
		} else if template != nil {
			one.translated[m.key.Value] = template
		}
	}
	for _, m := range texts {
		if other := one.translated[m.key.Value]; other != nil && one.reason != nil && !slices.Equal(shown(other), shown(one.reason)) {
			r.add(m.value, join(path, m.key.Value), "placeholders", "the English text has "+placeholders(one.reason), "the text does not show what the English one shows")
		}
	}
}

// shown are the expressions of a template, each once, sorted.
func shown(t *expr.Template) []string {
	var found []string
	for _, part := range t.Programs() {
		found = append(found, strings.TrimSpace(part.Source()))
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func placeholders(t *expr.Template) string {
	if found := shown(t); len(found) > 0 {
		return "{" + strings.Join(found, "}, {") + "}"
	}
	return "none"
}

// translations of the reason of a rule that has fired, by language; nil where it has none.
func (d *decision) translations(one *rule) map[string]string {
	if len(one.translated) == 0 {
		return nil
	}
	texts := make(map[string]string, len(one.translated))
	for language, template := range one.translated {
		texts[language] = template.Render(d.env, d.policy.hide)
	}
	return texts
}
