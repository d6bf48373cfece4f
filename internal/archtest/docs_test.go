package archtest

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestArchitectureNamesEveryPackageInItsOrder compares the table of packages with the order that imports are checked against.
func TestArchitectureNamesEveryPackageInItsOrder(t *testing.T) {
	_, rest, _ := strings.Cut(architecture(t), "## Packages")
	table, _, _ := strings.Cut(rest, "\n## ")
	var named []string
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]*`) \\|").FindAllStringSubmatch(table, -1) {
		for _, name := range strings.Fields(row[1]) {
			named = append(named, "internal/"+strings.TrimSuffix(strings.Trim(name, "`"), "/…"))
		}
	}
	last := -1
	for _, name := range named {
		at := slices.Index(order, name)
		if at < 0 {
			t.Errorf("the table has %s, which is not in the order", name)
			continue
		}
		if info, err := os.Stat("../../" + name); err != nil || !info.IsDir() {
			t.Errorf("the table has %s, which is no package", name)
		}
		if at < last {
			t.Errorf("%s stands after %s in the table, and before it in the order", name, order[last])
		}
		last = max(last, at)
	}
	for _, name := range order {
		if strings.HasPrefix(name, "internal/") && !slices.Contains(named, name) && !strings.Contains(table, "`"+strings.TrimPrefix(name, "internal/")+"`") {
			t.Errorf("the table does not have %s", name)
		}
	}
}

// TestArchitectureListsEveryDecisionRecord finds records that nobody comes to, and links to none.
func TestArchitectureListsEveryDecisionRecord(t *testing.T) {
	files, err := fs.Glob(os.DirFS("../.."), "docs/adr/[0-9]*.md")
	if err != nil || len(files) < 30 {
		t.Fatal(len(files), err)
	}
	_, list, _ := strings.Cut(architecture(t), "[1 ")
	var linked []string
	for _, link := range regexp.MustCompile(`\]\(adr/([^)]+)\)`).FindAllStringSubmatch("[1 "+list, -1) {
		linked = append(linked, link[1])
	}
	var there []string
	for _, file := range files {
		there = append(there, path.Base(file))
	}
	slices.Sort(there)
	if !slices.Equal(linked, there) {
		t.Errorf("the list has\n%s\nthere are\n%s", strings.Join(linked, "\n"), strings.Join(there, "\n"))
	}
}

func architecture(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
