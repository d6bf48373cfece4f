package importing_test

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ballerine/internal/connector"
	"ballerine/internal/workflow"
	"ballerine/internal/workflow/importing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// text is an import as a person reads it: the workflow, the plugins, the notes.
func text(result importing.Result, found []string) string {
	var b strings.Builder
	b.Write(result.Workflow)
	for _, id := range slices.Sorted(maps.Keys(result.Plugins)) {
		b.WriteString("--- plugins/" + id + ".yaml\n")
		b.Write(result.Plugins[id])
	}
	b.WriteString("--- not carried\n" + strings.Join(found, "\n") + "\n")
	return b.String()
}

func TestImport(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			input, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			result, problems := importing.Import(filepath.Base(file), input, importing.Options{})
			var lines []string
			for _, d := range append(problems, result.Notes...) {
				lines = append(lines, d.String()+" "+d.Path)
			}
			golden := strings.TrimSuffix(file, ".json") + ".txt"
			got := text(result, lines)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if diff := cmp.Diff(string(want), got); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
			if broken := strings.HasPrefix(filepath.Base(file), "broken") || strings.HasPrefix(filepath.Base(file), "refused"); problems.Failed() != broken {
				t.Errorf("%v", problems)
			}
			for id, plugin := range result.Plugins {
				if _, found := connector.ParsePlugin(id, plugin); found.Failed() {
					t.Errorf("plugin %s: %v\n%s", id, found, plugin)
				}
			}
		})
	}
}

func FuzzImport(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		input, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(input)
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		result, problems := importing.Import("input.json", input, importing.Options{})
		if len(result.Workflow) == 0 {
			return
		}
		if _, found := workflow.Parse("workflow.yaml", result.Workflow, nil); found.Failed() != problems.Failed() {
			t.Errorf("what comes out is not what was said of it: %v, %v\n%s", problems, found, result.Workflow)
		}
	})
}
