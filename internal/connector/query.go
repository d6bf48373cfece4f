package connector

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	jmespath "github.com/jmespath-community/go-jmespath"
	"github.com/jmespath-community/go-jmespath/pkg/functions"
	"github.com/jmespath-community/go-jmespath/pkg/parsing"

	"ballerine/internal/expr"
)

// maxQuery is the longest jmespath expression, in bytes.
const maxQuery = 4096

// query is a compiled jmespath expression.
type query struct {
	text     string
	compiled jmespath.JMESPath
}

// queryError is what is wrong with an expression, and where in it.
type queryError struct {
	offset  int
	code    string
	message string
	hint    string
}

func compileQuery(text string, roots []string) (q *query, problems []queryError) {
	defer func() { // the parser is not ours
		if recover() != nil {
			q, problems = nil, []queryError{{code: "jmespath", message: "This expression cannot be read."}}
		}
	}()
	if len(text) > maxQuery {
		return nil, []queryError{{code: "too_long", message: fmt.Sprintf("An expression has at most %d bytes.", maxQuery)}}
	}
	tree, err := parsing.NewParser().Parse(text)
	if err != nil {
		e := queryError{code: "jmespath", message: "This is not a jmespath expression: " + strings.TrimPrefix(err.Error(), "SyntaxError: ") + "."}
		var syntax parsing.SyntaxError
		if errors.As(err, &syntax) {
			e.offset = min(max(syntax.Offset, 0), len(text))
		}
		return nil, []queryError{e}
	}
	if problems = inspect(text, tree, roots); len(problems) > 0 {
		return nil, problems
	}
	compiled, err := jmespath.Compile(text)
	if err != nil {
		return nil, []queryError{{code: "jmespath", message: "This expression cannot be compiled."}}
	}
	return &query{text, compiled}, nil
}

// available are the names that an expression may begin with, or the one that was probably meant.
func available(name string, roots []string) string {
	names := roots
	if slices.Contains(roots, "callback_url") { // a request: a placeholder may be one of these, too, though no expression
		names = append(slices.Clone(roots), "secret", "vendor")
	}
	if near := expr.Suggest(name, names); near != "" {
		return "did you mean " + near + "?"
	}
	return "available: " + strings.Join(names, ", ")
}

// inspect finds functions that do not exist and names that the scope does not have.
func inspect(text string, tree parsing.ASTNode, roots []string) []queryError {
	known := map[string]bool{}
	for _, function := range functions.GetDefaultFunctions() {
		known[function.Name] = true
	}
	var problems []queryError
	var walk func(node parsing.ASTNode, root bool)
	walk = func(node parsing.ASTNode, root bool) {
		name, _ := node.Value.(string)
		switch node.NodeType {
		case parsing.ASTFunctionExpression:
			if !known[name] {
				problems = append(problems, queryError{max(0, strings.Index(text, name)), "unknown_function", fmt.Sprintf("There is no function %s.", name), ""})
			}
		case parsing.ASTField:
			if root && !slices.Contains(roots, name) {
				problems = append(problems, queryError{
					max(0, strings.Index(text, name)), "unknown_name", fmt.Sprintf("There is no %s here.", name), available(name, roots),
				})
			}
		case parsing.ASTExpRef:
			root = false
		}
		for i, child := range node.Children {
			walk(child, root && (i == 0 || !relative(node)))
		}
	}
	walk(tree, true)
	return problems
}

// relative reports whether the node's further children are evaluated on the result of its first child.
func relative(node parsing.ASTNode) bool {
	switch node.NodeType {
	case parsing.ASTSubexpression, parsing.ASTIndexExpression, parsing.ASTPipe, parsing.ASTProjection, parsing.ASTValueProjection, parsing.ASTFilterProjection:
		return true
	}
	return false
}

// value evaluates over a scope of JSON values. The error never carries a value.
func (q *query) value(scope any) (value any, err error) {
	defer func() {
		if recover() != nil {
			value, err = nil, errEvaluation
		}
	}()
	if value, err = q.compiled.Search(scope); err != nil {
		return nil, errEvaluation // its text may quote a value
	}
	return plain(value)
}

var errEvaluation = errors.New("the expression cannot be evaluated on this input")

// plain makes JSON values of whatever a library or a caller returned, so that schemas and expressions see one form only.
func plain(value any) (any, error) {
	written, err := json.Marshal(value)
	if err != nil {
		return nil, errEvaluation
	}
	var read any
	if err := json.Unmarshal(written, &read); err != nil {
		return nil, errEvaluation
	}
	return read, nil
}
