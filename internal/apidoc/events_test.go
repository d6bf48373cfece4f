package apidoc

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ballerine/internal/cases"
)

// TestEveryEventTypeIsDescribed reads which events the domain publishes: each is a type that subscribers may name, and one
// that the document describes.
func TestEveryEventTypeIsDescribed(t *testing.T) {
	types := cases.EventTypes()
	for _, e := range events {
		if !slices.Contains(types, e.kind) {
			t.Errorf("%s is described and is no type", e.kind)
		}
	}
	if len(events) != len(types) {
		t.Errorf("%d events are described, %d are types", len(events), len(types))
	}
	found := 0
	files, err := filepath.Glob("../cases/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(syntax, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			if name, ok := call.Fun.(*ast.SelectorExpr); !ok || name.Sel.Name != "publish" && name.Sel.Name != "notify" {
				return true
			}
			if text, ok := call.Args[0].(*ast.BasicLit); ok {
				found++
				if kind, _ := strconv.Unquote(text.Value); !slices.Contains(types, kind) {
					t.Errorf("%s publishes %s, which is no type", file, kind)
				}
			} else if sum, ok := call.Args[0].(*ast.BinaryExpr); ok {
				found++
				kind, _ := strconv.Unquote(sum.X.(*ast.BasicLit).Value)
				if !slices.ContainsFunc(types, func(t string) bool { return strings.HasPrefix(t, kind) }) {
					t.Errorf("%s publishes %s…, which is no type", file, kind)
				}
			}
			return true
		})
	}
	if found < 8 {
		t.Errorf("only %d calls were found that publish", found)
	}
}
