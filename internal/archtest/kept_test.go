package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// keepers are the types whose values keep something from one call to the next, as "package.Type": a struct with a cache, with a lock and a
// map, or with a sync.Map, and package variables of that type. What they keep may outlive an erasure or a revocation.
func keepers(tree fs.FS) ([]string, error) {
	var found []string
	err := fs.WalkDir(tree, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		source, err := fs.ReadFile(tree, file)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), file, source, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, declared := range syntax.Decls {
			general, ok := declared.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range general.Specs {
				if name := keeper(spec); name != "" {
					found = append(found, path.Dir(file)+"."+name)
				}
			}
		}
		return nil
	})
	slices.Sort(found)
	return found, err
}

func keeper(spec ast.Spec) string {
	switch s := spec.(type) {
	case *ast.ValueSpec:
		if named(s.Type) == "sync.Map" {
			return s.Names[0].Name
		}
	case *ast.TypeSpec:
		fields, ok := s.Type.(*ast.StructType)
		if !ok {
			return ""
		}
		locked, mapped, cached := false, false, false
		for _, f := range fields.Fields.List {
			_, isMap := f.Type.(*ast.MapType)
			locked = locked || slices.Contains([]string{"sync.Mutex", "sync.RWMutex", "sync.Map"}, named(f.Type))
			mapped = mapped || isMap || named(f.Type) == "sync.Map"
			cached = cached || isCache(f.Type)
		}
		if locked && mapped || cached {
			return s.Name.Name
		}
	}
	return ""
}

// isCache reports whether a type is *cache.Cache of something.
func isCache(t ast.Expr) bool {
	pointer, ok := t.(*ast.StarExpr)
	if !ok {
		return false
	}
	generic, ok := pointer.X.(*ast.IndexListExpr)
	return ok && named(generic.X) == "cache.Cache"
}

func named(t ast.Expr) string {
	if s, ok := t.(*ast.SelectorExpr); ok {
		if p, ok := s.X.(*ast.Ident); ok {
			return p.Name + "." + s.Sel.Name
		}
	}
	return ""
}

// fetching keeps something, too, in another form.
var fetching = []string{"identity.fetched", "keyring.Ring"}

var row = regexp.MustCompile("(?m)^\\| `([a-zA-Z0-9/]+\\.[a-zA-Z]+)` \\| [^|]+ \\| [^|]+ \\|$")

func TestWhatAProcessKeepsIsWrittenDown(t *testing.T) {
	found, err := keepers(os.DirFS("../../internal"))
	if err != nil || len(found) < 10 {
		t.Fatalf("%d: %v", len(found), err)
	}
	const file = "../../docs/architecture.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, match := range row.FindAllStringSubmatch(string(text), -1) {
		documented = append(documented, match[1])
	}
	for _, name := range found {
		if !slices.Contains(documented, name) {
			t.Errorf("%s keeps something from one call to the next: say in %s what, and for how long after it was erased or revoked", name, file)
		}
	}
	for _, name := range documented {
		dir, declared, _ := strings.Cut(name, ".")
		if !slices.Contains(found, name) && !slices.Contains(fetching, name) {
			t.Errorf("%s is in %s, and %s has no %s that keeps something (any more)", name, file, dir, declared)
		}
	}
}

func TestWhatKeepsIsFound(t *testing.T) {
	found, err := keepers(fstest.MapFS{"p/a.go": {Data: []byte(`package p

type one struct { mu sync.Mutex; known map[string]int }
type two struct { seen sync.Map }
var three sync.Map
type neither struct { mu sync.Mutex; n int }
type nor struct { known map[string]int }
type four struct { kept *cache.Cache[string, int] }
`)}, "p/a_test.go": {Data: []byte("package p\n\nvar fake sync.Map\n")}})
	if err != nil || !slices.Equal(found, []string{"p.four", "p.one", "p.three", "p.two"}) {
		t.Errorf("%v %v", found, err)
	}
}
