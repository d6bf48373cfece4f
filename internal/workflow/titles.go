package workflow

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/source"
)

// title reads what people call a thing: one text, or one for each language with the English one among them. titles is nil where there
// is one text, and which language it is in is not known.
func (r *reader) title(node *yaml.Node, path string) (title string, titles map[string]string) {
	if node.Kind != yaml.MappingNode {
		return r.doc.String(node, path), nil
	}
	titles = map[string]string{}
	for _, pair := range r.doc.Mapping(node, path) {
		if !isLanguage(pair.Name) {
			r.doc.Report(pair.Key, source.Join(path, pair.Name), "unknown_language", pair.Name+" is not a language", "write two lower-case letters (ISO 639-1), such as en or de")
			continue
		}
		titles[pair.Name] = r.doc.String(pair.Value, source.Join(path, pair.Name))
	}
	if titles["en"] == "" {
		r.doc.Report(node, path, "missing", "the English text is missing", "add en: it is shown where there is no text in the reader's language")
	}
	return titles["en"], titles
}

// isLanguage reports whether a name is written as ISO 639-1 codes are.
func isLanguage(name string) bool {
	return len(name) == 2 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz") == ""
}
