package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const module = "ballerine"

// use is one import of one file, or one name of net/http that it uses.
type use struct {
	pkg, imports string // the importing package, below the module; the import, without the module's name when it is ours
	ours         bool
	where        string // file:line
	name         string // for net/http: the name used
	calls        string // a method that one package alone may call; see kept
}

// read lists what the Go files of a tree import. Tests are left out: they may reach for whatever proves the point.
func read(tree fs.FS) ([]use, error) {
	var uses []use
	err := fs.WalkDir(tree, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if file != "." && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" || name == "build" || name == "bin") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		source, err := fs.ReadFile(tree, file)
		if err != nil {
			return err
		}
		found, err := readFile(file, source)
		uses = append(uses, found...)
		return err
	})
	return uses, err
}

func readFile(file string, source []byte) ([]use, error) {
	files := token.NewFileSet()
	syntax, err := parser.ParseFile(files, file, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var uses []use
	pkg, http := path.Dir(file), ""
	for _, spec := range syntax.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if imported == "net/http" {
			http = "http"
			if spec.Name != nil {
				http = spec.Name.Name
			}
		}
		short, ours := strings.CutPrefix(imported, module+"/")
		uses = append(uses, use{pkg: pkg, imports: short, ours: ours, where: at(files, spec.Pos())})
	}
	ast.Inspect(syntax, func(node ast.Node) bool {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if _, ok := kept[selector.Sel.Name]; ok {
			uses = append(uses, use{pkg: pkg, calls: selector.Sel.Name, where: at(files, selector.Pos())})
		}
		if http == "" {
			return true
		}
		if base, ok := selector.X.(*ast.Ident); ok && base.Name == http {
			uses = append(uses, use{pkg: pkg, imports: "net/http", name: selector.Sel.Name, where: at(files, selector.Pos())})
		}
		return true
	})
	return uses, nil
}

func at(files *token.FileSet, pos token.Pos) string {
	where := files.Position(pos)
	return fmt.Sprintf("%s:%d", where.Filename, where.Line)
}

// check reports everything in a tree that breaks a rule.
func check(uses []use) []string {
	var broken []string
	report := func(u use, format string, args ...any) {
		broken = append(broken, fmt.Sprintf("%s: %s", u.where, fmt.Sprintf(format, args...)))
	}
	for _, u := range uses {
		if strings.Contains(u.pkg, "vendor/") {
			report(u, "nobody can import %s, and ./... leaves it out: Go takes what is below a folder named vendor for vendored", u.pkg)
		}
		if _, name := place(u.pkg); name == "" {
			report(u, "package %s has no place in the order of packages; give it one in internal/archtest", u.pkg)
			continue
		}
		switch {
		case u.calls != "":
			if home := kept[u.calls]; home != u.pkg {
				report(u, "%s calls %s, which is for %s: call that instead", u.pkg, u.calls, home)
			}
		case u.ours:
			checkOurs(u, report)
		case inDomain(u.pkg):
			checkForeign(u, report)
		}
	}
	return append(broken, shipped(uses)...)
}

func checkOurs(u use, report func(use, string, ...any)) {
	from, own := place(u.pkg)
	to, name := place(u.imports)
	switch {
	case name == "":
		report(u, "imports %s, which has no place in the order of packages", u.imports)
	case name == "statemachines" && own != name && !withinAny(u.pkg, embedders):
		report(u, "%s imports the shipped definitions; let it be handed what it needs", u.pkg)
	case own == "internal/store" && name == own && within(u.imports, "internal/store/embedded") && !within(u.pkg, "internal/store/embedded"):
		report(u, "%s imports another store", u.pkg)
	case to > from:
		report(u, "%s imports %s, which stands after it", u.pkg, u.imports)
	}
}

func checkForeign(u use, report func(use, string, ...any)) {
	if _, ok := exempt[u.pkg]; ok {
		return
	}
	for _, prefix := range foreign {
		if u.name == "" && strings.HasPrefix(u.imports, prefix) {
			report(u, "%s is domain and imports %s; define an interface and let an adapter import it", u.pkg, u.imports)
		}
	}
	if serving[u.name] {
		report(u, "%s is domain and uses http.%s; answering requests belongs to internal/httpapi", u.pkg, u.name)
	}
}

// shipped follows the imports of every function and reports what must not be found there.
func shipped(uses []use) []string {
	imports := map[string][]string{}
	for _, u := range uses {
		if u.ours {
			imports[u.pkg] = append(imports[u.pkg], u.imports)
		}
	}
	var broken []string
	var follow func(chain []string, seen map[string]bool)
	follow = func(chain []string, seen map[string]bool) {
		pkg := chain[len(chain)-1]
		if seen[pkg] {
			return
		}
		seen[pkg] = true
		if withinAny(pkg, neverShipped) {
			broken = append(broken, "ships what is for one machine only: "+strings.Join(chain, " -> "))
			return
		}
		for _, next := range imports[pkg] {
			follow(append(slices.Clone(chain), next), seen)
		}
	}
	for pkg := range imports {
		if within(pkg, "functions") {
			follow([]string{pkg}, map[string]bool{})
		}
	}
	slices.Sort(broken)
	return broken
}

func TestPackagesImportOnlyWhatStandsBeforeThem(t *testing.T) {
	uses, err := read(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	if len(uses) < 100 {
		t.Fatalf("only %d imports found: the repository is not where this test looks", len(uses))
	}
	for _, broken := range check(uses) {
		t.Error(broken)
	}
	for pkg := range exempt {
		if !slices.ContainsFunc(uses, func(u use) bool { return u.pkg == pkg }) {
			t.Errorf("%s is exempt and does not exist", pkg)
		}
	}
}

func TestEachBrokenRuleIsReported(t *testing.T) {
	for name, c := range map[string]struct{ file, source, want string }{
		"a package imports one that stands after it": {
			"internal/expr/a.go", `import _ "ballerine/internal/cases"`,
			"internal/expr/a.go:2: internal/expr imports internal/cases, which stands after it",
		},
		"the domain imports AWS": {
			"internal/cases/a.go", `import _ "github.com/aws/aws-sdk-go-v2/service/s3"`,
			"is domain and imports github.com/aws/aws-sdk-go-v2/service/s3",
		},
		"the domain imports Huma": {
			"internal/identity/a.go", `import _ "github.com/danielgtaylor/huma/v2"`,
			"is domain and imports github.com/danielgtaylor/huma/v2",
		},
		"the domain answers requests, under another name too": {
			"internal/connector/a.go", "import web \"net/http\"\n\nvar _ web.Handler", "is domain and uses http.Handler",
		},
		"a package without a place": {
			"internal/misc/a.go", `import _ "fmt"`, "package internal/misc has no place",
		},
		"the shipped definitions below app": {
			"internal/workflow/a.go", `import _ "ballerine/statemachines"`, "imports the shipped definitions",
		},
		"a package below one named vendor, which Go hides": {
			"internal/connector/vendor/fake/a.go", `import _ "fmt"`, "nobody can import internal/connector/vendor/fake",
		},
		"a function reaches the local system": {
			"functions/step/main.go", `import _ "ballerine/internal/asl/interpret"`,
			"ships what is for one machine only: functions/step -> internal/asl/interpret",
		},
		"months are added without a rule for their last day": {
			"internal/webhook/a.go", `import "time"

var _ = time.Now().AddDate(0, 1, 0)`, "internal/webhook/a.go:4: internal/webhook calls AddDate, which is for internal/calendar",
		},
		"one store imports another": {
			"internal/store/dynamo/a.go", `import _ "ballerine/internal/store/embedded"`, "imports another store",
		},
	} {
		t.Run(name, func(t *testing.T) {
			uses, err := read(fstest.MapFS{c.file: {Data: []byte("package a\n" + c.source + "\n")}})
			if err != nil {
				t.Fatal(err)
			}
			if broken := check(uses); len(broken) != 1 || !strings.Contains(broken[0], c.want) {
				t.Fatalf("got %q, want one report with %q", broken, c.want)
			}
		})
	}
}

func TestWhatTheRulesAllowIsNotReported(t *testing.T) {
	tree := fstest.MapFS{
		"internal/connector/a.go":            {Data: []byte("package a\nimport \"net/http\"\nvar _ http.Header\nvar _ = http.StatusOK\n")},
		"internal/store/s3/a.go":             {Data: []byte("package a\nimport _ \"github.com/aws/aws-sdk-go-v2/service/s3\"\nimport _ \"ballerine/internal/cases\"\n")},
		"internal/expr/a_test.go":            {Data: []byte("package a\nimport _ \"ballerine/internal/cases\"\n")},
		"cmd/ballerine/main.go":              {Data: []byte("package main\nimport _ \"ballerine/internal/local\"\nimport _ \"ballerine/statemachines\"\n")},
		"internal/asl/compile/testdata/x.go": {Data: []byte("not Go")},
	}
	uses, err := read(tree)
	if err != nil {
		t.Fatal(err)
	}
	if broken := check(uses); len(broken) != 0 {
		t.Fatalf("reported: %q", broken)
	}
}

func TestEveryPlaceInTheOrderIsTakenOnce(t *testing.T) {
	for i, name := range order {
		if at, _ := place(name); at != i {
			t.Errorf("%s is covered by %s already", name, order[at])
		}
	}
}
