// Package docs tests the documentation against the program: examples parse, links resolve, and reference pages are complete.
package docs

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ballerine/internal/connector"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
	"ballerine/internal/workflow"
)

var yamlBlock = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")

func examples(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, match := range yamlBlock.FindAllStringSubmatch(string(text), -1) {
		found = append(found, match[1])
	}
	if len(found) == 0 {
		t.Fatalf("%s has no example", file)
	}
	return found
}

// policyExample parses a policy and runs the cases that are written in it.
func policyExample(t *testing.T, file string) func(source []byte) problem.Diagnostics {
	return func(source []byte) problem.Diagnostics {
		policy, diagnostics := rules.Parse(file, source)
		if diagnostics.Failed() {
			return diagnostics
		}
		for _, c := range policy.RunCases(nil) {
			if !c.Passed {
				t.Errorf("the case %q of an example in %s fails: %v", c.Name, file, c.Problems)
			}
		}
		return diagnostics
	}
}

func TestExamplesInTheGuidesHaveNoProblems(t *testing.T) {
	for file, parse := range map[string]func(source []byte) problem.Diagnostics{
		"workflows.md": func(source []byte) problem.Diagnostics {
			_, diagnostics := workflow.Parse("workflows.md", source, nil)
			return diagnostics
		},
		"policies.md":        policyExample(t, "policies.md"),
		"policies/tables.md": policyExample(t, "policies/tables.md"),
		"vendors.md": func(source []byte) problem.Diagnostics {
			_, diagnostics := connector.ParsePlugin("vendors.md", source)
			return diagnostics
		},
	} {
		for _, example := range examples(t, file) {
			for _, d := range parse([]byte(example)) {
				t.Errorf("%s: %s", file, d)
			}
		}
	}
}

// walk visits the repository's files, without what is installed, built or kept there.
func walk(t *testing.T, suffix string, visit func(file string, text []byte)) {
	t.Helper()
	err := filepath.WalkDir("..", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if name != ".." && name != ".github" && strings.HasPrefix(name, ".") || name == "node_modules" || name == "build" || name == "testdata" {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, suffix) {
			return nil
		}
		text, err := os.ReadFile(file)
		if err == nil {
			visit(file, text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	notSlug = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

func anchors(text []byte) map[string]bool {
	found := map[string]bool{}
	for _, match := range heading.FindAllStringSubmatch(string(text), -1) {
		found[strings.ReplaceAll(notSlug.ReplaceAllString(strings.ToLower(match[1]), ""), " ", "-")] = true
	}
	return found
}

func TestLinksBetweenPagesLeadSomewhere(t *testing.T) {
	seen := 0
	walk(t, ".md", func(file string, text []byte) {
		for _, match := range link.FindAllStringSubmatch(string(text), -1) {
			target, anchor, _ := strings.Cut(match[1], "#")
			if strings.Contains(target, ":") {
				continue
			}
			seen++
			path := file
			if target != "" {
				path = filepath.Join(filepath.Dir(file), target)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Errorf("%s links to %s, which is not there", file, match[1])
				continue
			}
			if anchor == "" || info.IsDir() {
				continue
			}
			page, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !anchors(page)[anchor] {
				t.Errorf("%s links to %s, and there is no such heading", file, match[1])
			}
		}
	})
	if seen < 10 {
		t.Fatalf("only %d links found: the pages are not where this test looks", seen)
	}
}

// repository shortens an import to what the page of dependencies calls its module.
func repository(path string) string {
	parts := strings.Split(path, "/")
	switch {
	case parts[0] == "github.com" && len(parts) > 2:
		return parts[1] + "/" + parts[2]
	case len(parts) > 2 && parts[1] == "x":
		return strings.Join(parts[:3], "/")
	}
	return strings.Join(parts[:2], "/")
}

func TestEveryDependencyHasItsReason(t *testing.T) {
	reasons, err := os.ReadFile("dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	checked := map[string]bool{}
	walk(t, ".go", func(file string, text []byte) {
		syntax, err := parser.ParseFile(token.NewFileSet(), file, text, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range syntax.Imports {
			path := strings.Trim(spec.Path.Value, `"`)
			host, _, _ := strings.Cut(path, "/")
			if !strings.Contains(host, ".") || checked[repository(path)] {
				continue
			}
			checked[repository(path)] = true
			if !strings.Contains(string(reasons), repository(path)) {
				t.Errorf("%s imports %s; say in docs/dependencies.md why", file, repository(path))
			}
		}
	})
}

func TestTheIndexNamesEveryPage(t *testing.T) {
	index := page(t, "README.md")
	seen := 0
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == "adr" {
			return fs.SkipDir
		}
		if strings.HasSuffix(file, ".md") && file != "README.md" {
			seen++
			if !strings.Contains(index, "]("+filepath.ToSlash(file)) {
				t.Errorf("docs/README.md does not name docs/%s", file)
			}
		}
		return nil
	})
	if err != nil || seen < 20 {
		t.Fatalf("%d pages were found (%v)", seen, err)
	}
}
