package apidoc

import (
	_ "embed"
	"fmt"

	"github.com/danielgtaylor/huma/v2"
	"go.yaml.in/yaml/v3"
)

//go:embed fields.yaml
var fieldTexts []byte

// glossary has the descriptions that the Go types of schemas do not carry. They stay out of the types because those are linked
// into the functions, whose size is limited.
type glossary struct {
	Fields  map[string]string `yaml:"fields"`  // by "Schema.property" or "property"
	Headers map[string]string `yaml:"headers"` // of responses, by name
	used    map[string]bool
}

func readGlossary() (*glossary, error) {
	g := &glossary{used: map[string]bool{}}
	if err := yaml.Unmarshal(fieldTexts, g); err != nil {
		return nil, fmt.Errorf("read the descriptions of fields: %w", err)
	}
	return g, nil
}

// text finds the description of a property; "" if there is none.
func (g *glossary) text(schema, property string) string {
	for _, key := range []string{schema + "." + property, property} {
		if text := g.Fields[key]; text != "" {
			g.used[key] = true
			return text
		}
	}
	return ""
}

// apply describes the properties and headers of a document that have no description.
func (g *glossary) apply(document *huma.OpenAPI) {
	properties(document, func(schema, name string, property *huma.Schema) {
		if property.Description == "" {
			property.Description = g.text(schema, name)
		}
	})
	headers(document, func(_, name string, header *huma.Param) {
		if text := g.Headers[name]; header.Description == "" && text != "" {
			header.Description = text
			g.used["header "+name] = true
		}
	})
}

// properties visits each property of a document's schemas, those of inline schemas with the name of what contains them.
func properties(document *huma.OpenAPI, visit func(schema, name string, property *huma.Schema)) {
	for name, schema := range document.Components.Schemas.Map() {
		within(name, schema, visit)
	}
	for _, op := range operations(document) {
		if op.RequestBody != nil {
			for _, media := range op.RequestBody.Content {
				within(op.OperationID, media.Schema, visit)
			}
		}
		for _, response := range op.Responses {
			for _, media := range response.Content {
				within(op.OperationID, media.Schema, visit)
			}
		}
	}
}

func within(name string, schema *huma.Schema, visit func(schema, name string, property *huma.Schema)) {
	if schema == nil {
		return
	}
	for key, property := range schema.Properties {
		visit(name, key, property)
		within(name+"."+key, property, visit)
	}
	within(name, schema.Items, visit)
	if additional, ok := schema.AdditionalProperties.(*huma.Schema); ok {
		within(name, additional, visit)
	}
	for _, alternatives := range [][]*huma.Schema{schema.OneOf, schema.AnyOf, schema.AllOf} {
		for _, one := range alternatives {
			within(name, one, visit)
		}
	}
}

// headers visits each header of a document's responses, except those among the components.
func headers(document *huma.OpenAPI, visit func(place, name string, header *huma.Param)) {
	for _, op := range operations(document) {
		for status, response := range op.Responses {
			for name, header := range response.Headers {
				if header.Ref != "" {
					continue
				}
				visit(op.OperationID+" "+status, name, header)
			}
		}
	}
}
