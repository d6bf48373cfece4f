package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// shapes is the package whose types may all be exported: they are the schemas of the OpenAPI document, by their names.
const shapes = "internal/httpapi"

// limits names constants that the documentation is checked against, by package.
const limits = "docs/reference/limits.md"

var limit = regexp.MustCompile("`([a-z/]+)\\.([A-Z][A-Za-z]+)`")

// source is a package, and what other packages use of it.
type source struct {
	name      string                // as its files declare
	declared  map[string]bool       // what it exports; true: a type
	leads     map[string][]ast.Expr // what stands in the interface of what it exports, by name: whoever has that has these
	constants [][]string            // constants of one declaration: they are one set
	embedded  []ast.Expr
	used      map[string]bool
}

// sources reads the packages of a tree, tests beside them.
func sources(tree fs.FS) (map[string]*source, error) {
	files, found := token.NewFileSet(), map[string]*source{}
	var syntaxes []*ast.File
	err := fs.WalkDir(tree, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && file != "." && (strings.HasPrefix(entry.Name(), ".") || slices.Contains([]string{"node_modules", "testdata", "build", "bin"}, entry.Name())) {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(file, ".go") {
			return nil
		}
		text, err := fs.ReadFile(tree, file)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(files, file, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		syntaxes = append(syntaxes, syntax)
		if strings.HasPrefix(file, "internal/") && !strings.HasSuffix(file, "_test.go") {
			of := found[path.Dir(file)]
			if of == nil {
				of = &source{name: syntax.Name.Name, declared: map[string]bool{}, leads: map[string][]ast.Expr{}, used: map[string]bool{}}
				found[path.Dir(file)] = of
			}
			of.declare(syntax)
		}
		return nil
	})
	for _, syntax := range syntaxes {
		mark(found, syntax)
	}
	return found, err
}

func (p *source) declare(syntax *ast.File) {
	for _, d := range syntax.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				p.export(d.Name, d.Type)
			} else if d.Name.IsExported() {
				receiver := receiverOf(d.Recv.List[0].Type)
				p.leads[receiver] = append(p.leads[receiver], d.Type)
			}
		case *ast.GenDecl:
			p.declareAll(d)
		}
	}
}

func (p *source) declareAll(d *ast.GenDecl) {
	var set []string
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			p.export(s.Name, s.Type)
			if s.Name.IsExported() {
				p.declared[s.Name.Name] = true
			}
			p.embeds(s.Type)
		case *ast.ValueSpec:
			for _, name := range s.Names {
				p.export(name, append(slices.Clone(s.Values), s.Type)...)
				set = append(set, name.Name)
			}
		}
	}
	if d.Tok == token.CONST && len(set) > 1 {
		p.constants = append(p.constants, set)
	}
}

func (p *source) export(name *ast.Ident, leads ...ast.Expr) {
	p.leads[name.Name] = append(p.leads[name.Name], leads...)
	if name.IsExported() {
		p.declared[name.Name] = false
	}
}

// embeds notes the types that a struct embeds: their names are those of its fields.
func (p *source) embeds(t ast.Expr) {
	fields, ok := t.(*ast.StructType)
	if !ok {
		return
	}
	for _, f := range fields.Fields.List {
		if len(f.Names) == 0 {
			p.embedded = append(p.embedded, f.Type)
		}
	}
}

func receiverOf(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.StarExpr:
		return receiverOf(t.X)
	case *ast.IndexExpr:
		return receiverOf(t.X)
	case *ast.IndexListExpr:
		return receiverOf(t.X)
	case *ast.Ident:
		return t.Name
	}
	return ""
}

// mark notes what a file uses of other packages. An external test is another package.
func mark(all map[string]*source, syntax *ast.File) {
	imported := map[string]*source{}
	for _, spec := range syntax.Imports {
		quoted, err := strconv.Unquote(spec.Path.Value)
		of := all[strings.TrimPrefix(quoted, module+"/")]
		if err != nil || of == nil {
			continue
		}
		name := of.name
		if spec.Name != nil {
			name = spec.Name.Name
		}
		imported[name] = of
	}
	ast.Inspect(syntax, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok {
			if base, ok := selector.X.(*ast.Ident); ok && imported[base.Name] != nil {
				imported[base.Name].used[selector.Sel.Name] = true
			}
		}
		return true
	})
}

// reach marks what stands in the interface of what is used, and the constants beside a used one.
func (p *source) reach() {
	for _, t := range p.embedded {
		p.follow(t)
	}
	for again := true; again; {
		before := len(p.used)
		for _, name := range slices.Collect(maps.Keys(p.used)) {
			for _, node := range p.leads[name] {
				p.follow(node)
			}
		}
		for _, set := range p.constants {
			if slices.ContainsFunc(set, func(name string) bool { return p.used[name] }) {
				for _, name := range set {
					p.used[name] = true
				}
			}
		}
		again = len(p.used) > before
	}
}

// follow marks the names in a type, or in the type of a literal.
func (p *source) follow(of ast.Expr) {
	switch t := of.(type) {
	case *ast.Ident:
		if _, ok := p.leads[t.Name]; ok {
			p.used[t.Name] = true
		}
	case *ast.StarExpr:
		p.follow(t.X)
	case *ast.UnaryExpr:
		p.follow(t.X)
	case *ast.Ellipsis:
		p.follow(t.Elt)
	case *ast.ArrayType:
		p.follow(t.Elt)
	case *ast.ChanType:
		p.follow(t.Value)
	case *ast.CompositeLit:
		p.follow(t.Type)
	case *ast.MapType:
		p.follow(t.Key)
		p.follow(t.Value)
	case *ast.IndexExpr:
		p.follow(t.X)
		p.follow(t.Index)
	case *ast.IndexListExpr:
		p.follow(t.X)
		for _, index := range t.Indices {
			p.follow(index)
		}
	case *ast.FuncType:
		p.followAll(t.TypeParams, false)
		p.followAll(t.Params, false)
		p.followAll(t.Results, false)
	case *ast.InterfaceType:
		p.followAll(t.Methods, false)
	case *ast.StructType:
		p.followAll(t.Fields, true)
	}
}

func (p *source) followAll(fields *ast.FieldList, onlyExported bool) {
	if fields == nil {
		return
	}
	for _, f := range fields.List {
		if !onlyExported || len(f.Names) == 0 || slices.ContainsFunc(f.Names, (*ast.Ident).IsExported) {
			p.follow(f.Type)
		}
	}
}

// unused are the exports of internal packages that no other package uses, as "package.Name". An external test is another package.
func unused(tree fs.FS) ([]string, error) {
	found, err := sources(tree)
	if err != nil {
		return nil, err
	}
	if text, err := fs.ReadFile(tree, limits); err == nil {
		for _, named := range limit.FindAllStringSubmatch(string(text), -1) {
			if p := found["internal/"+named[1]]; p != nil {
				p.used[named[2]] = true
			}
		}
	}
	var names []string
	for folder, p := range found {
		p.reach()
		for name, isType := range p.declared {
			if !p.used[name] && (folder != shapes || !isType) {
				names = append(names, folder+"."+name)
			}
		}
	}
	slices.Sort(names)
	return names, nil
}

func TestWhatIsExportedIsUsedByAnotherPackage(t *testing.T) {
	names, err := unused(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		t.Errorf("%s is exported, and no other package uses it: give it a small letter", name)
	}
}

func TestAnExportThatNobodyUsesIsFound(t *testing.T) {
	names, err := unused(fstest.MapFS{
		"internal/a/a.go": {Data: []byte(`package a

type Answer struct { Part Part; hidden Hidden }
type Part int
type Hidden struct{}
type Embedded struct{}
type holder struct { Embedded }
const ( First Part = iota; Second )
const ( Third = "third"; Fourth = "fourth" )
const MaxOfDocs = 5
func Ask() (*Answer, error) { return nil, nil }
func (a *Answer) Way(of Way) {}
type Way struct{}
func Own() {}
func ForTests() {}
var Alone = 1
`)},
		"internal/a/a_test.go":     {Data: []byte("package a\n\nvar _ = Alone\n")},
		"internal/a/b_test.go":     {Data: []byte("package a_test\n\nimport \"ballerine/internal/a\"\n\nvar _ = a.ForTests\n")},
		"internal/b/b.go":          {Data: []byte("package b\n\nimport x \"ballerine/internal/a\"\n\nvar _, _ = x.Ask()\nvar _ = x.First\n")},
		"internal/httpapi/h.go":    {Data: []byte("package httpapi\n\ntype Schema struct{}\n\nfunc Unused() {}\n")},
		"docs/reference/limits.md": {Data: []byte("| five | 5 | `a.MaxOfDocs` |\n")},
	})
	want := []string{"internal/a.Alone", "internal/a.Fourth", "internal/a.Hidden", "internal/a.Own", "internal/a.Third", "internal/httpapi.Unused"}
	if err != nil || !slices.Equal(names, want) {
		t.Errorf("%q, want %q: %v", names, want, err)
	}
}
