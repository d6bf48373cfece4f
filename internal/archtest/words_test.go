package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// unidiomatic are phrases that comments and messages do not use, each with what to write instead. Words that are right in other
// sentences are not listed: see the end of the glossary in CONTRIBUTING.md.
var unidiomatic = []struct {
	phrase  *regexp.Regexp
	instead string
}{
	{words(`told|tells`), "report, notify, state, show or return"},
	{words(`heard|hears`), "receive, learn, or be notified of"},
	{words(`loudly|(a|with a) loud word`), "prominently"},
	{words(`held against|holds? \w+ against`), "compare with, or check against"},
	{words(`says? whether`), "reports whether"},
	{words(`says? (what|which|where|why|how|so|of|when)`), "state, list, define or return"},
	{words(`what \w+ says`), "its contents, its result, or what it states"},
	{words(`(came|come|comes|became|become|becomes) of (it|them|this|that|an?|the)`), "result"},
	{words(`(is|are) there and (can|cannot|has|was)`), "exists"},
	{words(`anew`), "again"},
	{words(`goes on (with|from|after|at|behind|as|in|to|by|where|all)`), "continue"},
	{words(`(gives?|gave|given) back`), "return"},
	{words(`in silence`), "silently"},
	{words(`put right`), "correct"},
	{words(`(is|are|be) in nobody's way|nobody's business`), "does not block others, or is confidential"},
	{words(`nobody to tell|tell(s|ing)? (it|them|itself|themselves) apart`), "distinguish"},
}

func words(alternatives string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b(` + alternatives + `)\b`)
}

func TestCommentsAndMessagesUseStandardEnglish(t *testing.T) {
	read := eachGoFile(t, func(path string, files *token.FileSet, file *ast.File) int {
		if strings.HasSuffix(path, "archtest/words_test.go") { // it lists them
			return 0
		}
		for _, found := range unidiomaticText(files, file, !strings.HasSuffix(path, "_test.go")) {
			t.Error(found)
		}
		return 1
	})
	if read < 800 {
		t.Errorf("only %d files were read: the check looks in the wrong place", read)
	}
}

func TestUnidiomaticTextIsFound(t *testing.T) {
	const source = "package p\n\n// F says whether it\n// goes on with the next: retold is right.\nfunc F() string { return `told, as people are` }\n"
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "p.go", source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`p.go:3: "says whether": write reports whether`,
		`p.go:3: "goes on with": write continue`,
		`p.go:5: "told": write report, notify, state, show or return`,
	}
	if got := unidiomaticText(files, file, true); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := unidiomaticText(files, file, false); !slices.Equal(got, want[:2]) {
		t.Errorf("without literals: %q, want %q", got, want[:2])
	}
}

// unidiomaticText lists the refused phrases in a file's comments and, if asked for, in its string literals, with their places.
func unidiomaticText(files *token.FileSet, file *ast.File, literals bool) (found []string) {
	report := func(at token.Pos, text string) {
		place := files.Position(at)
		for _, one := range unidiomatic {
			for _, phrase := range one.phrase.FindAllString(text, -1) {
				found = append(found, fmt.Sprintf("%s:%d: %q: write %s", place.Filename, place.Line, phrase, one.instead))
			}
		}
	}
	for _, group := range file.Comments {
		report(group.Pos(), strings.ReplaceAll(group.Text(), "\n", " "))
	}
	if literals {
		ast.Inspect(file, func(node ast.Node) bool {
			if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				report(literal.Pos(), literal.Value)
			}
			return true
		})
	}
	return found
}
