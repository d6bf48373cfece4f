package client_test

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"ballerine/client"
	"ballerine/internal/cases"
)

// lists are the iterators of operations that have pages.
var lists = map[string]string{
	"listCases": "AllCases", "listHistory": "AllHistory", "listListEditions": "AllListEditions", "getListEntries": "AllListEntries", "listDeadLetters": "AllDeadLetters",
	"listBacktests": "AllBacktests", "listPolicyDecisions": "AllPolicyDecisions", "listTrials": "AllTrials", "listProposals": "AllProposals", "listDeliveries": "AllDeliveries",
	"listEvents": "AllEvents", "reportTrial": "", // its pages are parts of sums
}

// left are operations that the client does not have, for the reasons in generator/config.yaml.
var left = []string{"receiveCallback", "receiveVendorCallback", "getDocumentContent"}

func TestTheClientHasEveryOperationAndAnIteratorForEveryList(t *testing.T) {
	text, err := os.ReadFile("../infra/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]map[string]struct {
			ID         string                  `yaml:"operationId"`
			Parameters []struct{ Name string } `yaml:"parameters"`
		}
	}
	if err := yaml.Unmarshal(text, &document); err != nil || len(document.Paths) < 50 {
		t.Fatal(len(document.Paths), err)
	}
	methods := reflect.TypeFor[*client.Client]()
	has := func(name string) bool { _, ok := methods.MethodByName(name); return ok }
	for _, operations := range document.Paths {
		for _, op := range operations {
			name := strings.ToUpper(op.ID[:1]) + op.ID[1:]
			if has(name) == slices.Contains(left, op.ID) {
				t.Errorf("the client and %s: run make generate", op.ID)
			}
			for _, parameter := range op.Parameters {
				iterator, known := lists[op.ID]
				if parameter.Name == "cursor" && (!known || iterator != "" && !has(iterator)) {
					t.Errorf("%s has pages and no iterator: write one in pages.go", op.ID)
				}
			}
		}
	}
}

func TestTheClientKnowsEveryCodeAndEveryEvent(t *testing.T) {
	source, err := os.ReadFile("codes.go")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../docs/reference/errors.md") // which has every code: a test beside it
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| \\d{3}").FindAllStringSubmatch(string(page), -1)
	for _, code := range codes {
		if !strings.Contains(string(source), `Code = "`+code[1]+`"`) {
			t.Errorf("codes.go lacks %s", code[1])
		}
	}
	if want, got := len(codes), strings.Count(string(source), `Code = "`); want != got || want < 30 {
		t.Errorf("codes.go has %d codes, there are %d", got, want)
	}
	typescript, err := os.ReadFile("../web/client/src/webhook.ts")
	if err != nil {
		t.Fatal(err)
	}
	source, err = os.ReadFile("webhook.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range cases.EventTypes() {
		if schema := "['" + eventSchema(kind) + "']"; !strings.Contains(string(typescript), schema) {
			t.Errorf("web/client/src/webhook.ts lacks %s", schema)
		}
		if kind != "workflow.*" && !strings.Contains(string(source), `"`+kind+`":`) {
			t.Errorf("webhook.go lacks the data of %s", kind)
		}
	}
}

// eventSchema is what the OpenAPI document calls an event.
func eventSchema(kind string) string {
	if kind == "workflow.*" {
		return "WorkflowEvent"
	}
	name := ""
	for word := range strings.FieldsFuncSeq(kind, func(r rune) bool { return r == '.' || r == '_' }) {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	return name + "Event"
}
