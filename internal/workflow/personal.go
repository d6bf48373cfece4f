package workflow

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
	"ballerine/internal/source"
)

// Reread is Parse of what counts already: a version that was published. What was taken once and would be refused today for the sake
// of personal data is a warning then, so that no case stops with an update. What may be personal data is not shown either way.
func Reread(file string, text []byte, catalog Catalog) (*Workflow, problem.Diagnostics) {
	return parseAs(file, text, catalog, true)
}

// Shape states what of a context is personal data, and which names in it are the workflow's own: what its schema describes, and
// results of its work, whose values vendors and policies have written.
func (w *Workflow) Shape() *expr.Shape { return w.disclosed }

// Readable describes all that conditions of the workflow can read: its context with the results of its work, `documents`, `children`,
// `stale` and the `event`.
func (w *Workflow) Readable() *expr.Shape { return w.readable }

// Names reports whether a name is that of a context field in the workflow, and therefore not data.
func (w *Workflow) Names(field string) bool {
	return w.disclosed.Names(field)
}

// Properties describe what is declared with documents of a kind; nil: they are not described.
func (w *Workflow) Properties(kind string) *expr.Shape {
	described, _ := w.Document(kind)
	return expr.NewShape(described.Properties)
}

// Unmarked are the places that a former version marks as personal data and this one does not, sorted: in the context, in results of
// work, in properties of documents.
func (w *Workflow) Unmarked(former *Workflow) []string {
	found := w.Shape().Unmarked(expr.NewShape(former.Schema))
	found = append(found, w.Shape().Exposed(former.Shape())...) // of what work writes: where it is described now
	for i, one := range found {
		found[i] = source.Join("context", one)
	}
	for _, d := range w.Documents {
		for _, one := range w.Properties(d.Kind).Unmarked(former.Properties(d.Kind)) {
			found = append(found, source.Join("documents."+d.Kind+".properties", one))
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// Copies are the places to which the workflow copies personal data without a mark there, as "from -> to", sorted.
func (w *Workflow) Copies() []string {
	found := slices.Clone(w.copies)
	slices.Sort(found)
	return slices.Compact(found)
}

// disclose computes what Shape returns. results are the schemas of what work writes.
func (r *reader) disclose() *expr.Shape {
	whole := maps.Clone(r.w.Schema)
	if whole == nil {
		whole = map[string]any{}
	}
	declared, _ := whole["properties"].(map[string]any)
	properties := map[string]any{}
	for _, name := range append(slices.Concat(r.w.results, r.w.Reserved), "children") {
		written, _ := r.results[name].(map[string]any)
		hidden := maps.Clone(written)
		if hidden == nil {
			hidden = map[string]any{}
		}
		hidden["personal"] = true
		properties[name] = hidden
	}
	maps.Copy(properties, declared)
	whole["properties"] = properties
	return expr.NewShape(whole)
}

// personalData reports what is wrong with how the document treats personal data: an error, but for what is published already.
func (r *reader) personalData(node *yaml.Node, path, message, hint string) {
	if r.published {
		r.doc.Warn(node, path, codePersonal, message, hint)
		return
	}
	r.doc.Report(node, path, codePersonal, message, hint)
}

const codePersonal = "personal_data"

// clear reports what prevents a schema from declaring which data is personal.
func (r *reader) clear(node *yaml.Node, path string, schema map[string]any) {
	for _, one := range expr.NewShape(schema).Unclear() {
		at := node
		for _, name := range strings.Split(one.Path, ".") {
			if next := member(at, name); next != nil {
				at = next
			}
		}
		r.personalData(at, source.Join(path, one.Path), one.Message, one.Hint)
	}
}

// sent finds out whether an expression returns personal data. A number or boolean that is computed from personal data
// (an age, whether there is an address) is not personal; the data itself is, and so is a text or date derived from it.
func (r *reader) sent(program *expr.Program) (path string, personal bool) {
	shape := r.everything()
	if computed := program.Types(shape) &^ (expr.TypeNumber | expr.TypeBool | expr.TypeNull); computed == 0 && !program.IsPath() {
		return "", false
	}
	queried, everything := program.Queried()
	if everything && shape.Find(nil).Personal {
		return "the whole context", true
	}
	for _, reference := range slices.Concat(program.Paths(), queried) {
		if shape.Find(reference.Steps).Personal {
			return reference.Path, true
		}
	}
	return "", false
}

// emitted refuses personal data in what everybody with access to events receives.
func (r *reader) emitted(program *expr.Program, node *yaml.Node, path string) {
	if from, personal := r.sent(program); personal {
		r.personalData(node, path, "events must not contain personal data, and "+from+" is or may be some", "send data that does not identify the person: ids, codes, or a computed number or boolean. Receivers can read the case for more")
	}
}

// copied warns of personal data that is copied to a field that is not marked as personal.
func (r *reader) copied(program *expr.Program, target []string, node *yaml.Node, path string) {
	from, personal := r.sent(program)
	if !personal || r.shape == nil || r.shape.Personal(target) {
		return // what no schema describes is not shown
	}
	r.w.copies = append(r.w.copies, from+" -> "+expr.JoinPath(target))
	r.doc.Warn(node, path, codePersonal, from+" is or may be personal data, and "+expr.JoinPath(target)+" is not marked: it is shown to everybody who can see the case", "mark "+expr.JoinPath(target)+" in context.schema with personal: true")
}
