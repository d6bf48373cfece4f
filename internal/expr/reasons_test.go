package expr_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Traces of kept decisions hold these reasons, and a replay compares them word for word: with other words each old decision would
// seem to come out differently. Whoever changes one makes a new revision of the rules (internal/policy/rules), and then changes the list.
func TestReasonsOfTracesKeepTheirWords(t *testing.T) {
	raw, err := os.ReadFile("testdata/reasons.txt")
	if err != nil {
		t.Fatal(err)
	}
	kept := strings.Split(strings.TrimSpace(string(raw)), "\n")
	written := reasons(t)
	for _, one := range written {
		if !slices.Contains(kept, one) {
			t.Errorf("%q is not among the reasons of kept decisions (testdata/reasons.txt)", one)
		}
	}
	for _, one := range kept {
		if !slices.Contains(written, one) {
			t.Errorf("the reason %q is not given any more", one)
		}
	}
}

// reasons are the texts that the package's sources give to because, sorted; of one that is put together, its parts.
func reasons(t *testing.T) (found []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if called, ok := call.Fun.(*ast.SelectorExpr); !ok || called.Sel.Name != "because" {
				return true
			}
			if text := parts(call.Args[0]); text != "" {
				found = append(found, text)
			}
			return true
		})
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// parts are the texts of an expression, with … for what is put between them.
func parts(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return text
	case *ast.BinaryExpr:
		return parts(e.X) + parts(e.Y)
	default:
		return "…"
	}
}
