package workflow

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
	"ballerine/internal/source"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestEveryProblemIsReportedAtOnceWithItsPlace holds each document of testdata/bad to the report beside it.
func TestEveryProblemIsReportedAtOnceWithItsPlace(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 30 {
		t.Fatal("the corpus is not there", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			w, found := Parse(filepath.Base(file), text, shelf{})
			if w != nil || !found.Failed() {
				t.Fatal("it was taken for good")
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", summary(found))
		})
	}
}

// TestAdviceIsShownAndBlocksNobody holds each document of testdata/advice to the warnings beside it: it is a good workflow.
func TestAdviceIsShownAndBlocksNobody(t *testing.T) {
	files, err := filepath.Glob("testdata/advice/*.yaml")
	if err != nil || len(files) < 4 {
		t.Fatal("the corpus is not there", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			w, found := Parse(filepath.Base(file), text, shelf{})
			if w == nil || found.Failed() || len(found) == 0 {
				t.Fatal("it was refused, or nothing was reported: ", found)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", summary(found))
		})
	}
}

func summary(found problem.Diagnostics) string {
	var report strings.Builder
	for _, d := range found {
		mark := ""
		if d.Severity == problem.SeverityWarning {
			mark = " warning"
		}
		fmt.Fprintf(&report, "%s [%s%s] %s\n%s\n", d, d.Code, mark, d.Path, d.Excerpt)
	}
	return report.String()
}

func golden(t *testing.T, file, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	wanted, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(wanted) {
		t.Errorf("got\n%s\nwanted\n%s", text, wanted)
	}
}

// seenBySchema are the documents whose problem the published JSON Schema sees, too.
var seenBySchema = []string{
	"several_at_once", "plugin_missing", "long_name", "unknown_key", "wrong_type", "parallel", "history", "invoke_parallel", "children",
	"flow_list", "refused_import", "bad_delay", "bad_subject", "bad_document", "no_initial", "no_states", "retry_range", "own_event",
}

func TestThePublishedSchemaAgrees(t *testing.T) {
	var document any
	if err := json.Unmarshal(DocumentSchema(), &document); err != nil {
		t.Fatal(err)
	}
	schema, err := expr.CompileSchema(document)
	if err != nil {
		t.Fatal(err)
	}
	check := func(file string) []expr.SchemaViolation {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc := source.Parse(file, text)
		if doc.Root == nil {
			t.Fatal(doc.Diagnostics)
		}
		return schema.Check(doc.Value(doc.Root, ""))
	}
	if found := check("../../statemachines/kyc.yaml"); len(found) > 0 {
		t.Error("the shipped workflow breaks the schema:", found)
	}
	for _, name := range seenBySchema {
		if len(check("testdata/bad/"+name+".yaml")) == 0 {
			t.Errorf("the schema takes %s for good", name)
		}
	}
}
