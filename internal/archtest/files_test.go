package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// eachGoFile parses the Go files of the project, tests included, but for generated ones, and returns how many were checked. check returns
// how many of its objects a file has: a check that finds none looks in the wrong place.
func eachGoFile(t *testing.T, check func(path string, files *token.FileSet, file *ast.File) int) (checked int) {
	t.Helper()
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() && (name == "node_modules" || name == "testdata" || strings.HasPrefix(name, ".") && path != "../..") {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, ".gen.go") {
			return nil
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		checked += check(path, files, file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return checked
}
