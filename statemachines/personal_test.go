package statemachines_test

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"ballerine/statemachines"
)

// about are names of fields that tell something about a person. What is called so in a shipped definition is marked personal,
// by itself or with the object around it; a field that is not, although its name suggests it, is in unlike.
var about = regexp.MustCompile(`(?i)^(name|given|family|first_?name|last_?name|full_?name|maiden|alias(es)?|.*birth.*|age|gender|sex|nationality|citizenship|` +
	`e?mail|phone|mobile|address|street|city|postcode|zip|mrz|number|document_number|passport.*|national_id|tax_id|ssn|iban|account|` +
	`occupation|employ.*|income|salary|debts?|defaults|inquiries|wealth|religion|ethnicity|health|photo|face|ip|latitude|longitude)$`)

var unlike = map[string]string{
	"policies/kyb-risk.yaml:inputs/company/name":                       "a company's name",
	"policies/kyc-risk.yaml:inputs/id_check/mrz/date_of_birth_matches": "whether it matches, not the date",
}

func TestWhatDescribesAPersonIsMarkedPersonal(t *testing.T) {
	seen := 0
	err := fs.WalkDir(statemachines.Files, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".yaml") {
			return err
		}
		text, err := fs.ReadFile(statemachines.Files, file)
		if err != nil {
			return err
		}
		var document any
		if err := yaml.Unmarshal(text, &document); err != nil {
			return err
		}
		properties(document, "", false, func(path, name string, personal bool) {
			if strings.HasPrefix(path, "request/") || strings.HasPrefix(path, "response/") {
				return // what a plugin sends and is answered, of which the case keeps the result
			}
			seen++
			if _, excused := unlike[file+":"+path]; about.MatchString(name) && !personal && !excused {
				t.Errorf("%s: %s describes a person: mark it personal: true", file, path)
			}
		})
		return nil
	})
	if err != nil || seen < 50 {
		t.Fatalf("%d fields were looked at: %v", seen, err)
	}
}

// properties visits every field of every JSON Schema in a document.
func properties(value any, path string, personal bool, visit func(path, name string, personal bool)) {
	switch value := value.(type) {
	case map[string]any:
		personal = personal || value["personal"] == true
		for name, inner := range value {
			fields, ok := inner.(map[string]any)
			if name != "properties" || !ok {
				properties(inner, path+"/"+name, personal, visit)
				continue
			}
			for field, schema := range fields {
				at := strings.TrimPrefix(path+"/"+field, "/")
				marked := personal
				if object, ok := schema.(map[string]any); ok {
					marked = marked || object["personal"] == true
					if _, nested := object["properties"]; nested && !marked {
						properties(schema, path+"/"+field, false, visit) // an object is judged by its fields
						continue
					}
				}
				visit(at, field, marked)
				properties(schema, path+"/"+field, marked, visit)
			}
		}
	case []any:
		for _, inner := range value {
			properties(inner, path, personal, visit)
		}
	}
}
