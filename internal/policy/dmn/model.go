package dmn

import (
	"bytes"
	"slices"
	"strings"

	"ballerine/internal/expr"
	"ballerine/internal/policy/table"
	"ballerine/internal/policy/tablefile"
	"ballerine/internal/problem"
)

// namespaces of DMN's versions.
var namespaces = []string{
	"http://www.omg.org/spec/DMN/20151101/dmn.xsd", "http://www.omg.org/spec/DMN/20180521/MODEL/", "https://www.omg.org/spec/DMN/20191111/MODEL/",
	"https://www.omg.org/spec/DMN/20211108/MODEL/", "https://www.omg.org/spec/DMN/20230324/MODEL/",
}

// Decision is a decision of a document that is a table.
type Decision struct {
	ID, Name string
	tablefile.Sheet
	Allowed  [][]string          // by input: the texts that it may have; nil: any
	Problems problem.Diagnostics // of this decision; with more than warnings the table is not to be used
}

// Model is what a document has.
type Model struct {
	Name      string
	Decisions []Decision          // that are tables
	Others    problem.Diagnostics // what else there is, as warnings
}

// Read reads a document. given maps names of FEEL to names or paths of the policy, "Monthly income" to "income.monthly", and
// names of outputs. The diagnostics are problems of the whole document; those of a decision come with it.
func Read(file string, text []byte, given map[string]string) (Model, problem.Diagnostics) {
	start := tablefile.Place{Line: 1, Column: 1}
	if len(text) > tablefile.MaxBytes {
		return Model{}, problem.Diagnostics{start.Diagnostic(file, "too_large", "the document is too large", "")}
	}
	root, failed := parse(file, bytes.TrimPrefix(text, []byte("\ufeff")))
	if failed != nil {
		return Model{}, problem.Diagnostics{*failed}
	}
	if root.name != "definitions" || !slices.Contains(namespaces, root.space) {
		return Model{}, problem.Diagnostics{root.at.Diagnostic(file, "dmn", "this is not a DMN document of version 1.1 to 1.5", "the root element must be definitions of http://www.omg.org/spec/DMN/…")}
	}
	m := &modelReader{file: file, given: given, space: root.space, types: map[string]*element{}, owners: map[string]string{}, made: Model{Name: root.attribute("name")}}
	m.known(root)
	for _, child := range root.children {
		m.read(child)
	}
	m.made.Others.Sort()
	return m.made, nil
}

type modelReader struct {
	file   string
	given  map[string]string
	space  string
	owners map[string]string   // see names
	types  map[string]*element // item definitions by name
	names  []string            // that expressions may use
	made   Model
}

// known collects the names that expressions may use, and the types.
func (m *modelReader) known(root *element) {
	for _, child := range root.children {
		switch child.name {
		case "itemDefinition":
			m.types[child.attribute("name")] = child
			m.components(child, 0)
		case "inputData", "decision":
			m.names = append(m.names, child.attribute("name"))
			if v := child.first("variable"); v != nil {
				m.names = append(m.names, v.attribute("name"))
			}
		}
	}
	m.names = slices.DeleteFunc(m.names, func(name string) bool { return name == "" })
}

func (m *modelReader) components(definition *element, depth int) {
	for _, part := range definition.all("itemComponent") {
		m.names = append(m.names, part.attribute("name"))
		if depth < maxNested {
			m.components(part, depth+1)
		}
	}
}

func (m *modelReader) other(at tablefile.Place, code, message, hint string) {
	d := at.Diagnostic(m.file, code, message, hint)
	d.Severity = problem.SeverityWarning
	m.made.Others = append(m.made.Others, d)
}

// read takes a table and reports what has no place in a policy.
func (m *modelReader) read(e *element) {
	if e.space != m.space {
		return // of the diagram, or of a tool
	}
	switch e.name {
	case "decision":
		m.decision(e)
	case "inputData", "itemDefinition", "description", "textAnnotation", "association", "group", "knowledgeSource", "organizationUnit", "performanceIndicator", "artifact":
	case "businessKnowledgeModel":
		m.other(e.at, "not_carried", "business knowledge models are not imported: policies cannot call them", "compute it into an input field")
	case "decisionService":
		m.other(e.at, "not_carried", "decision services are not imported", "a policy is always evaluated as a whole")
	case "import":
		m.other(e.at, "not_carried", "imports from other documents are not read", "import that document separately")
	case "extensionElements":
		m.other(e.at, "not_carried", "tool-specific extensions are not imported", "")
	default:
		m.other(e.at, "not_carried", "this part of the document is not imported", "")
	}
}

// the forms of a decision's logic that are no table.
var logic = map[string]string{
	"literalExpression": "an expression", "context": "a context", "invocation": "an invocation", "list": "a list", "relation": "a relation", "functionDefinition": "a function",
	"conditional": "a condition", "for": "a loop", "some": "a condition over a list", "every": "a condition over a list", "filter": "a filter",
}

func (m *modelReader) decision(e *element) {
	body := e.first("decisionTable")
	if body == nil {
		for _, child := range e.children {
			if what, is := logic[child.name]; is {
				m.other(child.at, "not_carried", "the decision is "+what+" instead of a table; it is not imported", "write it as a rule's condition, or compute it into an input field")
				return
			}
		}
		m.other(e.at, "not_carried", "the decision has no table; it is not imported", "")
		return
	}
	t := &tableReader{model: m, names: newNames(m.given, m.names, m.owners), decision: e, body: body}
	t.made.ID, t.made.Name = e.attribute("id"), e.attribute("name")
	t.made.Sheet.Name = t.made.Name
	t.read()
	t.made.Problems.Sort()
	m.made.Decisions = append(m.made.Decisions, t.made)
}

// typeOf maps a type of FEEL to that of a column. ok is false if there is none.
func (m *modelReader) typeOf(name string, depth int) (typed table.Type, allowed *element, ok bool) {
	if at := strings.LastIndexByte(name, ':'); at >= 0 && m.types[name] == nil {
		name = name[at+1:]
	}
	if d := m.types[name]; d != nil && depth < 10 {
		if d.attribute("isCollection") == "true" || d.first("typeRef") == nil {
			return "", nil, false
		}
		typed, inner, ok := m.typeOf(strings.TrimSpace(d.first("typeRef").text), depth+1)
		if own := d.first("allowedValues"); own != nil {
			inner = own
		}
		return typed, inner, ok
	}
	switch name {
	case "", "Any":
		return "", nil, true
	case "string":
		return table.Text, nil, true
	case "number", "integer", "long", "double":
		return table.Number, nil, true
	case "boolean":
		return table.Bool, nil, true
	case "date", "dateTime", "date and time":
		return table.Date, nil, true
	}
	return "", nil, false
}

// Decision returns the decision of a name or id, or the only one that is a table when none is named. Errors: NotFound, Invalid
// when one has to be named.
func (m Model) Decision(name string) (Decision, error) {
	var all []string
	for _, d := range m.Decisions {
		if all = append(all, d.Name); name != "" && (d.Name == name || d.ID == name) || name == "" && len(m.Decisions) == 1 {
			return d, nil
		}
	}
	switch {
	case len(all) == 0:
		return Decision{}, problem.New(problem.NotFound, "The document has no decision tables.")
	case name == "":
		return Decision{}, problem.New(problem.Invalid, "The document has several decisions; choose one of: %s.", strings.Join(all, ", "))
	}
	hint := ""
	if s := expr.Suggest(name, all); s != "" {
		hint = " Did you mean " + s + "?"
	}
	return Decision{}, problem.New(problem.NotFound, "The document has no decision table with this name; it has: %s.%s", strings.Join(all, ", "), hint)
}
