package workflow

import (
	"go.yaml.in/yaml/v3"

	"ballerine/internal/source"
)

// deepestOrder bounds how deep the order of a schema's fields is looked up; what is nested deeper has none.
const deepestOrder = 64

// fieldOrder lists the fields of a JSON Schema as dotted paths, in the order in which the document has them; "[]" represents
// the items of a list. A decoded schema has lost this order, and people read a form from top to bottom.
func fieldOrder(schema *yaml.Node, path string, depth int) (paths []string) {
	if schema.Kind != yaml.MappingNode || depth > deepestOrder {
		return nil
	}
	for i := 0; i+1 < len(schema.Content); i += 2 {
		switch value := schema.Content[i+1]; schema.Content[i].Value {
		case "properties":
			for j := 0; value.Kind == yaml.MappingNode && j+1 < len(value.Content); j += 2 {
				field := source.Join(path, value.Content[j].Value)
				paths = append(append(paths, field), fieldOrder(value.Content[j+1], field, depth+1)...)
			}
		case "items":
			paths = append(paths, fieldOrder(value, path+"[]", depth+1)...)
		}
	}
	return paths
}
