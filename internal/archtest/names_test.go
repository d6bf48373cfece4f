package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// longestTestName is how long the name of a test may be, so that it can be read and typed in one go.
const longestTestName = 60

func TestNamesOfTestsAreShort(t *testing.T) {
	read := eachGoFile(t, func(path string, _ *token.FileSet, file *ast.File) int {
		if !strings.HasSuffix(path, "_test.go") {
			return 0
		}
		names := testNames(file)
		for _, name := range names {
			if len(name) > longestTestName {
				t.Errorf("%s: %s has %d characters: at most %d", path, name, len(name), longestTestName)
			}
		}
		return len(names)
	})
	if read < 500 {
		t.Errorf("only %d tests were found: the check looks in the wrong place", read)
	}
}

// testNames lists the functions of a file that the go command runs.
func testNames(file *ast.File) (names []string) {
	for _, declaration := range file.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok || function.Recv != nil {
			continue
		}
		for _, prefix := range []string{"Test", "Fuzz", "Benchmark", "Example"} {
			if strings.HasPrefix(function.Name.Name, prefix) {
				names = append(names, function.Name.Name)
				break
			}
		}
	}
	return names
}

// quaintWords are words that no identifier of the product contains, local ones included, because a standard term exists: report,
// notify, state, return, input.
var quaintWords = []string{
	"tell", "tells", "telling", "told", "say", "says", "saying", "said", "hear", "hears", "heard", "gives", "giving", "gave",
	"nothing", "together", "lies", "lie", "hands", "whoever", "thing", "things", "kin", "lest",
}

func TestIdentifiersUseStandardTerms(t *testing.T) {
	read := eachGoFile(t, func(path string, files *token.FileSet, file *ast.File) int {
		if strings.HasSuffix(path, "_test.go") {
			return 0
		}
		for _, found := range quaintIdentifiers(files, file) {
			t.Errorf("%s: use a standard term (CONTRIBUTING.md, glossary)", found)
		}
		return 1
	})
	if read < 300 {
		t.Errorf("only %d files were read: the check looks in the wrong place", read)
	}
}

func TestQuaintIdentifiersAreFound(t *testing.T) {
	const source = "package p\n\ntype T struct{ toldTwice int }\n\nfunc f(whatToSay string) (heard bool) { gave := 1; return gave > 0 }\n"
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "p.go", source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"p.go:3: toldTwice", "p.go:5: whatToSay", "p.go:5: heard", "p.go:5: gave"}
	if got := quaintIdentifiers(files, file); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// quaintIdentifiers lists what a file declares with a quaint word in its name, with its place.
func quaintIdentifiers(files *token.FileSet, file *ast.File) (found []string) {
	add := func(names ...*ast.Ident) {
		for _, name := range names {
			if slices.ContainsFunc(wordsOf(name.Name), func(word string) bool { return slices.Contains(quaintWords, word) }) {
				place := files.Position(name.Pos())
				found = append(found, fmt.Sprintf("%s:%d: %s", place.Filename, place.Line, name.Name))
			}
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.FuncDecl:
			add(n.Name)
		case *ast.TypeSpec:
			add(n.Name)
		case *ast.ValueSpec:
			add(n.Names...)
		case *ast.Field:
			add(n.Names...)
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				add(identifiers(n.Lhs...)...)
			}
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				add(identifiers(n.Key, n.Value)...)
			}
		}
		return true
	})
	return found
}

func identifiers(expressions ...ast.Expr) (names []*ast.Ident) {
	for _, expression := range expressions {
		if name, ok := expression.(*ast.Ident); ok {
			names = append(names, name)
		}
	}
	return names
}

// wordsOf splits an identifier at its capitals and underscores: "whatToSay" is what, to, say.
func wordsOf(name string) []string {
	var words []string
	for _, part := range strings.Split(name, "_") {
		start := 0
		for at, r := range part {
			if unicode.IsUpper(r) && at > start {
				words = append(words, strings.ToLower(part[start:at]))
				start = at
			}
		}
		words = append(words, strings.ToLower(part[start:]))
	}
	return words
}
