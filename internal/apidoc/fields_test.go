package apidoc

import (
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

func TestEveryFieldIsDescribed(t *testing.T) {
	document, err := Document()
	if err != nil {
		t.Fatal(err)
	}
	var missing []string
	read := 0
	properties(document, func(schema, name string, property *huma.Schema) {
		if read++; strings.TrimSpace(property.Description) == "" {
			missing = append(missing, schema+"."+name)
		}
	})
	headers(document, func(place, name string, header *huma.Param) {
		if read++; strings.TrimSpace(header.Description) == "" {
			missing = append(missing, place+" header "+name)
		}
	})
	for _, op := range operations(document) {
		for status, response := range op.Responses {
			if read++; response.Description == "" && response.Ref == "" {
				missing = append(missing, op.OperationID+" response "+status)
			}
		}
		for _, param := range op.Parameters {
			if read++; param.Description == "" {
				missing = append(missing, op.OperationID+" parameter "+param.Name)
			}
		}
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		t.Errorf("%d of %d fields have no description: give them a doc tag, or a line in fields.yaml:\n%s", len(missing), read, strings.Join(missing, "\n"))
	}
	if read < 1000 {
		t.Errorf("only %d fields were found: the check looks in the wrong place", read)
	}
}

func TestEveryDescriptionOfAFieldIsUsed(t *testing.T) {
	document, err := describeAll()
	if err != nil {
		t.Fatal(err)
	}
	g, err := readGlossary()
	if err != nil {
		t.Fatal(err)
	}
	g.apply(document)
	for key := range g.Fields {
		if !g.used[key] {
			t.Errorf("fields.yaml describes %s, which no schema has without a description", key)
		}
	}
	for name := range g.Headers {
		if !g.used["header "+name] {
			t.Errorf("fields.yaml describes the header %s, which no response has without a description", name)
		}
	}
}
