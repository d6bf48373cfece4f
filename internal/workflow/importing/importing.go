package importing

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/problem"
	"ballerine/internal/source"
	"ballerine/internal/workflow"
)

// Options of an import.
type Options struct {
	// XState is the version that the machine was written for, 4 or 5; 0: derived from the machine itself. If it cannot be
	// derived, and the two versions would behave differently, the import is refused.
	XState int
}

// Result of an import.
type Result struct {
	Workflow []byte              // YAML; marked with workflow.RefusedKey when the import is refused
	Plugins  map[string][]byte   // YAML by id: the services that a Ballerine definition calls
	Notes    problem.Diagnostics // what was dropped or replaced, with its place in the input
}

// Import reads a definition and makes a workflow of it. Its meaning never changes silently: each member is converted, or
// dropped with a note, or the import is refused. The diagnostics fail if it is refused; all of them have their place in
// the input. The result then still has all that could be converted, marked so that it cannot be published; it has no
// workflow if the input is in no known format.
func Import(file string, text []byte, options Options) (Result, problem.Diagnostics) {
	doc := source.Parse(file, text)
	if doc.Root == nil {
		return Result{}, doc.Diagnostics
	}
	if twice(doc, doc.Root, ""); doc.Diagnostics.Failed() {
		return Result{}, doc.Diagnostics // which of the two counts is anybody's guess
	}
	i := newImporter(doc, options)
	var out object
	switch {
	case i.has(doc.Root, "definition"):
		out = i.ballerine(doc.Root)
	case i.has(doc.Root, "states"):
		out = i.xstate(doc.Root)
	default:
		doc.Report(doc.Root, "", "unknown_format", "this is neither a state machine nor a definition with one", "an XState machine has the key states, a Ballerine definition has the key definition")
	}
	if out.Node == nil {
		return Result{}, doc.Diagnostics
	}
	i.leftovers(doc.Root, "")
	_, found := workflow.Parse("workflow.yaml", write(out.Node), nil)
	i.place(found, out.Node)
	doc.Diagnostics.Sort()
	doc.Diagnostics = slices.CompactFunc(doc.Diagnostics, func(a, b problem.Diagnostic) bool { return a == b })
	failed := doc.Diagnostics.Of(problem.SeverityError)
	if len(failed) > 0 {
		out = mark(out, failed)
	}
	result := Result{Workflow: write(out.Node), Plugins: map[string][]byte{}, Notes: doc.Diagnostics.Of(problem.SeverityWarning)}
	for _, id := range slices.Sorted(maps.Keys(i.plugins)) {
		result.Plugins[id] = write(i.plugins[id])
	}
	return result, failed
}

// mark puts what was refused at the head of the workflow, so that it cannot be used before it is repaired.
func mark(out object, failed problem.Diagnostics) object {
	list := sequence()
	for _, d := range failed {
		entry := newObject().text("at", fmt.Sprintf("%s:%d:%d", d.File, d.Line, d.Column)).text("path", d.Path).text("message", d.Message).text("hint", d.Hint)
		list.Content = append(list.Content, entry.Node)
	}
	marked := newObject().set(workflow.RefusedKey, list)
	marked.HeadComment = "This import was refused: the listed parts could not be imported. Correct them, remove the entries, and validate."
	marked.Content = append(marked.Content, out.Content...)
	return marked
}

func write(node *yaml.Node) []byte {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(node); err != nil {
		panic("importing: a tree of nodes is always YAML: " + err.Error())
	}
	_ = encoder.Close() // a buffer takes everything
	return out.Bytes()
}
