package connector

import (
	"encoding/json"
	"os"
	"testing"
)

// TestTheFormIsThePublishedSchema without what nobody checks by: the published one has descriptions for editors.
func TestTheFormIsThePublishedSchema(t *testing.T) {
	var published any
	if err := json.Unmarshal(Schema(), &published); err != nil {
		t.Fatal(err)
	}
	want, err := json.Marshal(undescribed(published))
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile("plugin.form.json", want, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(want) != pluginForm {
		t.Error("plugin.form.json differs from plugin.schema.json: go test ./internal/connector -run TestTheForm -update")
	}
}

// undescribed is a schema without descriptions. A property of that name is none.
func undescribed(value any) any {
	switch v := value.(type) {
	case map[string]any:
		all := map[string]any{}
		for name, member := range v {
			if _, text := member.(string); !text || name != "description" {
				all[name] = undescribed(member)
			}
		}
		return all
	case []any:
		all := make([]any, len(v))
		for i, element := range v {
			all[i] = undescribed(element)
		}
		return all
	}
	return value
}
