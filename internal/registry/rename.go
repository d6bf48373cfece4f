package registry

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/problem"
)

// renamed changes a document's id and leaves everything else as it is written, including comments. Errors: Invalid.
func renamed(source, id string) (string, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(source), &doc); err != nil || len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return "", problem.New(problem.Invalid, "The document is not a mapping.")
	}
	root := doc.Content[0]
	lines := strings.SplitAfter(source, "\n")
	for i := 0; i+1 < len(root.Content); i += 2 {
		value := root.Content[i+1]
		if root.Content[i].Value != "id" || value.Kind != yaml.ScalarNode || value.Line > len(lines) {
			continue
		}
		line := []rune(lines[value.Line-1])
		end := value.Column - 1 + len([]rune(value.Value))
		if value.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
			id, end = `"`+id+`"`, end+2 // an id needs no escapes
		}
		if end > len(line) {
			return "", problem.New(problem.Invalid, "The document's id is written in a way that cannot be replaced.")
		}
		lines[value.Line-1] = string(line[:value.Column-1]) + id + string(line[end:])
		return strings.Join(lines, ""), nil
	}
	if root.Style&yaml.FlowStyle != 0 { // JSON
		at := strings.Index(source, "{") + 1
		return source[:at] + `"id": "` + id + `", ` + source[at:], nil
	}
	return "id: " + id + "\n" + source, nil
}
