package flow_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ballerine/internal/expr"
	"ballerine/internal/flow"
	"ballerine/internal/problem"
	"ballerine/internal/source"
	"ballerine/internal/workflow"
)

var update = flag.Bool("update", false, "write the diagnostics of testdata anew")

// parse reads a workflow and its pages; the workflow must be one.
func parse(t testing.TB, file, text string) (*flow.Definition, problem.Diagnostics) {
	t.Helper()
	w, found := workflow.Parse(file, []byte(text), nil)
	if w == nil {
		t.Fatalf("%s is no workflow: %v", file, found)
	}
	return flow.Parse(file, w)
}

// TestFaultsOfPagesAreReportedAtOnce compares all that is reported, with places and hints. A file in bad has errors, one in advice only
// warnings.
func TestFaultsOfPagesAreReportedAtOnce(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			d, found := parse(t, filepath.Base(file), string(text))
			if bad := strings.Contains(file, "/bad/"); found.Failed() != bad || (d == nil) != bad {
				t.Errorf("failed: %t", found.Failed())
			}
			var b strings.Builder
			for _, one := range found {
				b.WriteString(one.Severity.String() + " " + one.String() + " [" + one.Code + "] " + one.Path + "\n")
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || string(want) != b.String() {
				t.Errorf("reported: %v\n%s", err, b.String())
			}
		})
	}
}

// TestTheSchemaOfDocumentsTakesPages: editors accept what Parse does, and have every type of element.
func TestTheSchemaOfDocumentsTakesPages(t *testing.T) {
	var document any
	if err := json.Unmarshal(workflow.DocumentSchema(), &document); err != nil {
		t.Fatal(err)
	}
	schema, err := expr.CompileSchema(document)
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]bool{"testdata/business.yaml": true, "../../statemachines/kyc.yaml": true, "testdata/advice/advice.yaml": true, "testdata/bad/everything.yaml": false, "testdata/bad/pages.yaml": false} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc := source.Parse(file, text)
		if found := schema.Check(doc.Value(doc.Root, "")); (len(found) == 0) != want {
			t.Errorf("%s: %v", file, found)
		}
	}
	element := document.(map[string]any)["$defs"].(map[string]any)["flowElement"].(map[string]any)["properties"].(map[string]any)
	types := element["type"].(map[string]any)["enum"].([]any)
	if len(types) != len(flow.Types()) {
		t.Errorf("the schema has %d types of elements, and there are %d", len(types), len(flow.Types()))
	}
	for _, name := range flow.Types() {
		if !slices.Contains(types, any(name)) {
			t.Errorf("the schema does not have the type %s", name)
		}
	}
}
