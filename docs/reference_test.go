package docs

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// constants evaluates the constants of a package of this repository: numbers, durations and texts.
func constants(t *testing.T, folder string) map[string]constant.Value {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "internal", folder, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no package internal/%s (%v)", folder, err)
	}
	named := map[string]ast.Expr{}
	for _, file := range files {
		syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range syntax.Decls {
			group, ok := declaration.(*ast.GenDecl)
			if !ok || group.Tok != token.CONST {
				continue
			}
			for _, spec := range group.Specs {
				for i, name := range spec.(*ast.ValueSpec).Names {
					if values := spec.(*ast.ValueSpec).Values; i < len(values) {
						named[name.Name] = values[i]
					}
				}
			}
		}
	}
	found := map[string]constant.Value{}
	for name, expression := range named {
		if value := evaluate(expression, named); value.Kind() != constant.Unknown {
			found[name] = value
		}
	}
	return found
}

var units = map[string]time.Duration{"Second": time.Second, "Minute": time.Minute, "Hour": time.Hour}

func evaluate(expression ast.Expr, named map[string]ast.Expr) constant.Value {
	switch e := expression.(type) {
	case *ast.BasicLit:
		return constant.MakeFromLiteral(e.Value, e.Kind, 0)
	case *ast.ParenExpr:
		return evaluate(e.X, named)
	case *ast.Ident:
		if other, ok := named[e.Name]; ok {
			return evaluate(other, named)
		}
	case *ast.SelectorExpr:
		if unit, ok := units[e.Sel.Name]; ok {
			return constant.MakeInt64(int64(unit))
		}
	case *ast.BinaryExpr:
		x, y := evaluate(e.X, named), evaluate(e.Y, named)
		if x.Kind() != constant.Int || y.Kind() != constant.Int {
			return constant.MakeUnknown()
		}
		if e.Op == token.SHL {
			by, _ := constant.Uint64Val(y)
			return constant.Shift(x, e.Op, uint(by))
		}
		return constant.BinaryOp(x, e.Op, y)
	}
	return constant.MakeUnknown()
}

func page(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var errorRow = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (\\d{3}) \\| (yes|no) \\| .+ \\|$")

func TestTheErrorPageHasEveryCode(t *testing.T) {
	rows := map[string][]string{}
	for _, row := range errorRow.FindAllStringSubmatch(page(t, "reference/errors.md"), -1) {
		rows[row[1]] = row
	}
	codes := 0
	for _, value := range constants(t, "problem") {
		if value.Kind() != constant.String {
			continue
		}
		codes++
		code := problem.Code(constant.StringVal(value))
		retry := map[bool]string{true: "yes", false: "no"}[code.Retryable()]
		row, ok := rows[string(code)]
		switch {
		case !ok:
			t.Errorf("docs/reference/errors.md lacks the code %s", code)
		case row[2] != strconv.Itoa(code.Status()) || row[3] != retry:
			t.Errorf("docs/reference/errors.md says of %s: %s, retry %s; it is %d, retry %s", code, row[2], row[3], code.Status(), retry)
		}
		delete(rows, string(code))
	}
	for code := range rows {
		t.Errorf("docs/reference/errors.md has the code %s, which does not exist", code)
	}
	if codes < 30 {
		t.Fatalf("only %d codes were found in internal/problem", codes)
	}
}

func TestTheEventPageHasEveryType(t *testing.T) {
	var listed []string
	for _, row := range regexp.MustCompile("(?m)^\\| `((?:case|workflow|webhook)\\.[a-z_*]+)` \\|").FindAllStringSubmatch(page(t, "reference/events.md"), -1) {
		listed = append(listed, row[1])
	}
	types := cases.EventTypes()
	slices.Sort(listed)
	slices.Sort(types)
	if !slices.Equal(listed, types) {
		t.Errorf("docs/reference/events.md lists %v; the types are %v", listed, types)
	}
}

var (
	limitRow = regexp.MustCompile("(?m)^\\| .+ \\| ([\\d,]+)(?: ([A-Za-z]+))? \\| `([a-z/]+)\\.([A-Za-z]+)` \\|$")
	measures = map[string]int64{
		"": 1, "characters": 1, "bytes": 1, "KB": 1 << 10, "MB": 1 << 20, "second": int64(time.Second), "minute": int64(time.Minute), "hour": int64(time.Hour),
		"day": int64(24 * time.Hour),
	}
)

func TestTheLimitsPageAgreesWithTheCode(t *testing.T) {
	text := page(t, "reference/limits.md")
	rows := limitRow.FindAllStringSubmatch(text, -1)
	if lines := strings.Count(text, "` |\n"); lines != len(rows) || len(rows) < 30 {
		t.Fatalf("%d of %d rows could be read", len(rows), lines)
	}
	packages := map[string]map[string]constant.Value{}
	for _, row := range rows {
		folder, name := row[3], row[4]
		if packages[folder] == nil {
			packages[folder] = constants(t, folder)
		}
		measure, known := measures[row[2]]
		if !known {
			measure, known = measures[strings.TrimSuffix(row[2], "s")]
		}
		number, err := strconv.ParseInt(strings.ReplaceAll(row[1], ",", ""), 10, 64)
		if err != nil || !known {
			t.Errorf("the limit cannot be read: %s", row[0])
			continue
		}
		value, ok := packages[folder][name]
		if !ok {
			t.Errorf("internal/%s has no constant %s, which docs/reference/limits.md names", folder, name)
			continue
		}
		if actual, _ := constant.Int64Val(value); actual != number*measure {
			t.Errorf("docs/reference/limits.md says %s %s for %s.%s, which is %d", row[1], row[2], folder, name, actual)
		}
	}
}
