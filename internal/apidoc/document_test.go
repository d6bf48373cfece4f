package apidoc

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

var update = flag.Bool("update", false, "write the generated document")

func TestDocumentIsTheOneCheckedIn(t *testing.T) {
	document, err := asYAML()
	if err != nil {
		t.Fatal(err)
	}
	const file = "../../infra/openapi.yaml"
	if *update {
		if err := os.WriteFile(file, document, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(kept, document) {
		t.Fatalf("%s has drifted (%v): run make generate", file, err)
	}
}

func TestEveryOperationIsDescribed(t *testing.T) {
	document, err := Document()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, op := range operations(document) {
		id := op.OperationID
		known[id] = true
		if _, ok := own[id]; !ok {
			t.Errorf("%s names no errors: give it a row in own", id)
		}
		if op.Summary == "" || op.Description == "" || op.Tags[0] == "" {
			t.Errorf("%s lacks a summary, a description or a tag", id)
		}
		for _, param := range op.Parameters {
			if param.Description == "" {
				t.Errorf("%s does not say what its parameter %s is", id, param.Name)
			}
		}
	}
	for _, table := range []map[string]bool{keys(own), keys(texts), keys(bodies)} {
		for id := range table {
			if !known[id] {
				t.Errorf("%s is no operation", id)
			}
		}
	}
}

func keys[V any](table map[string]V) map[string]bool {
	found := map[string]bool{}
	for key := range table {
		found[key] = true
	}
	return found
}

// TestExamplesPassTheirSchemas checks every example of a body against the schema that a server would check it by.
func TestExamplesPassTheirSchemas(t *testing.T) {
	document, err := Document()
	if err != nil {
		t.Fatal(err)
	}
	check := func(id string, mode huma.ValidateMode, media *huma.MediaType) {
		result := &huma.ValidateResult{}
		huma.Validate(document.Components.Schemas, media.Schema, huma.NewPathBuffer([]byte{}, 0), mode, media.Example, result)
		for _, problem := range result.Errors {
			t.Errorf("%s: %v", id, problem)
		}
	}
	requests, answers := 0, 0
	for _, op := range operations(document) {
		if op.RequestBody != nil {
			if media := op.RequestBody.Content["application/json"]; media != nil && media.Example != nil {
				requests++
				check(op.OperationID, huma.ModeWriteToServer, media)
			} else if media != nil && media.Schema.Format != "binary" { // what a vendor sends is the vendor's own
				t.Errorf("%s has no example of its body: add it to bodies", op.OperationID)
			}
		}
		for status, response := range op.Responses {
			if media := response.Content["application/json"]; media != nil && media.Example != nil {
				answers++
				check(op.OperationID+" "+status, huma.ModeReadFromServer, media)
			}
		}
	}
	var recorded map[string]any
	if err := json.Unmarshal(answersJSON, &recorded); err != nil || answers != len(recorded) {
		t.Errorf("%d examples of answers are in the document, %d are recorded (%v)", answers, len(recorded), err)
	}
	if requests != len(bodies) {
		t.Errorf("%d examples of requests are in the document, %d are written", requests, len(bodies))
	}
}

// A generator makes a type of nothing where an answer or a body has no schema, and two types of one name where a schema stands
// twice in an operation.
func TestEveryBodyHasASchemaThatIsNotEmpty(t *testing.T) {
	document, err := Document()
	if err != nil {
		t.Fatal(err)
	}
	described := func(schema *huma.Schema) bool {
		return schema != nil && (schema.Ref != "" || schema.Type == huma.TypeString && schema.ContentEncoding == "")
	}
	for _, op := range operations(document) {
		for status, response := range op.Responses {
			for kind, media := range response.Content {
				if !described(media.Schema) {
					t.Errorf("%s: the answer %s as %s has no schema with a name", op.OperationID, status, kind)
				}
			}
		}
		if op.RequestBody == nil {
			continue
		}
		for kind, media := range op.RequestBody.Content {
			if !described(media.Schema) {
				t.Errorf("%s: the body as %s has no schema with a name", op.OperationID, kind)
			}
		}
	}
	for kind, item := range document.Webhooks {
		if !described(item.Post.RequestBody.Content["application/json"].Schema) {
			t.Errorf("the event %s has no schema with a name", kind)
		}
	}
}

// Generators make a type of its own of a schema that is null or an object, and nobody can use it where it is never null.
func TestOnlyWhatRefersToASchemaDeclaresThatItIsNull(t *testing.T) {
	document, err := Document()
	if err != nil {
		t.Fatal(err)
	}
	nullable := 0
	for name, schema := range document.Components.Schemas.Map() {
		if schema.Nullable {
			t.Errorf("%s is null itself", name)
		}
		for _, property := range schema.Properties {
			if len(property.AnyOf) == 2 && property.AnyOf[0].Ref != "" && property.AnyOf[1].Type == "null" {
				nullable++
			}
		}
	}
	if nullable < 5 {
		t.Errorf("%d properties refer to a schema or are null: risk, sla and others are", nullable)
	}
}

// The TypeScript client and the dashboard write lists in queries without knowing the operation.
func TestEveryListInAQueryIsRepeatedAndNeverNull(t *testing.T) {
	document, err := Document()
	if err != nil {
		t.Fatal(err)
	}
	lists := 0
	for _, op := range operations(document) {
		for _, param := range op.Parameters {
			if param.In != "query" || param.Schema.Type != huma.TypeArray {
				continue
			}
			if lists++; param.Explode == nil || !*param.Explode || param.Schema.Nullable {
				t.Errorf("%s: %s is comma separated or null", op.OperationID, param.Name)
			}
		}
	}
	if lists < 2 {
		t.Errorf("%d lists", lists)
	}
}

func TestOperationsThatHaveTwoSuccessesNameBoth(t *testing.T) {
	document, err := Document()
	if err != nil {
		t.Fatal(err)
	}
	for id, statuses := range map[string][]string{
		"decide": {"200", "202"}, "publishWorkflow": {"200", "201", "202"}, "publishPolicy": {"200", "201", "202"}, "publishPlugin": {"200", "201", "202"},
		"copyWorkflow": {"200", "201", "202"}, "importWorkspace": {"200", "202"}, "updatePublishingSettings": {"200", "202"}, "getCase": {"200", "304"},
	} {
		for _, op := range operations(document) {
			for _, status := range statuses {
				if op.OperationID == id && op.Responses[status] == nil {
					t.Errorf("%s does not say that it can answer %s", id, status)
				}
			}
		}
	}
}

// A client that may leave If-Match out will be refused at run time, where its types could have said so.
func TestIfMatchIsRequiredWhereItsAbsenceIsAlwaysRefused(t *testing.T) {
	document, err := Document()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"cancelCase": true, "decideCase": true, "decideDocument": true, "undoDecision": true, "undoDocumentDecision": true, "updateView": true, "updatePublishingSettings": true}
	for _, op := range operations(document) {
		for _, param := range op.Parameters {
			if param.Name == "If-Match" && param.Required != want[op.OperationID] {
				t.Errorf("%s: If-Match is required: %v", op.OperationID, param.Required)
			}
		}
	}
}

// yaml is the document as it is checked in.
func asYAML() ([]byte, error) {
	document, err := Document()
	if err != nil {
		return nil, err
	}
	return document.YAML()
}
