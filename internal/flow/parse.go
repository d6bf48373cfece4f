package flow

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
	"ballerine/internal/source"
	"ballerine/internal/workflow"
)

// Limits of a definition.
const (
	maxPages    = 50
	maxElements = 200 // on a page, those of groups included
	maxOptions  = 500
	maxText     = 10_000 // bytes
	maxEntries  = 200    // elements of a list that applicants enter
)

var idPattern = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}$`)

// Parse reads the pages of a workflow, as the member `flow` of its document has them. file names the document in diagnostics, all of
// which are about that member. The definition is nil when there is more than warnings, and has no pages where the workflow has none.
func Parse(file string, w *workflow.Workflow) (*Definition, problem.Diagnostics) {
	doc := source.Parse(file, w.Source)
	if doc.Root == nil {
		return nil, doc.Diagnostics
	}
	doc.Diagnostics = nil // the workflow's own, which are reported with it
	p := &parser{doc: doc, w: w, d: &Definition{workflow: w, largest: maxState, asked: map[string]*Element{}}, owned: w.Owned(), documents: map[string]bool{}}
	if node := member(doc.Root, "flow"); node != nil && node.Kind == yaml.MappingNode {
		p.flow(node)
	}
	doc.Diagnostics.Sort()
	doc.Diagnostics = slices.Compact(doc.Diagnostics).AtMost(problem.MaxDiagnostics)
	if doc.Diagnostics.Failed() {
		return nil, doc.Diagnostics
	}
	return p.d, doc.Diagnostics
}

// parser builds a definition; problems are collected in the document.
type parser struct {
	doc       *source.Document
	w         *workflow.Workflow
	d         *Definition
	owned     []string        // fields that only the system writes
	documents map[string]bool // kinds that pages ask for
	texts     []placedText    // every text, for diagnostics about languages
	rules     []placedRule
	pageNodes []*yaml.Node // the nodes of the pages of the definition: not everything in the list need be one
	pagePaths []string
	count     int    // elements of the page
	group     string // path of the group that is read; "" outside
}

type placedText struct {
	text Text
	node *yaml.Node
	path string
}

// placedRule is a rule that was read, with the field it belongs to.
type placedRule struct {
	rule  *Condition
	node  *yaml.Node
	path  string
	field string // "" for pages, documents and what asks for nothing
	is    string // visible | required | disabled | validate
}

func (p *parser) flow(node *yaml.Node) {
	members := p.doc.Fields(node, "flow", "url", "languages", "pages")
	if m, ok := members["languages"]; ok {
		p.languages(m.Value)
	}
	pages, ok := members["pages"]
	if !ok {
		return
	}
	if pages.Value.Kind != yaml.SequenceNode {
		p.doc.Report(pages.Value, "flow.pages", "type", "pages must be a list", "")
		return
	}
	if len(pages.Value.Content) > maxPages {
		p.doc.Report(pages.Value, "flow.pages", "too_many", fmt.Sprintf("a flow can have at most %d pages", maxPages), "")
		return
	}
	for i, element := range pages.Value.Content {
		p.page(element, fmt.Sprintf("flow.pages[%d]", i))
	}
	p.index()
	p.advise(pages.Value)
	p.bounded(pages.Value)
}

func (p *parser) languages(node *yaml.Node) {
	for i, element := range source.Sequence(node) {
		name := p.doc.String(element, fmt.Sprintf("flow.languages[%d]", i))
		if !isLanguage(name) {
			p.doc.Report(element, fmt.Sprintf("flow.languages[%d]", i), "unknown_language", name+" is not a language", "write two lower-case letters (ISO 639-1), such as en or de")
			continue
		}
		p.d.Languages = append(p.d.Languages, name)
	}
	slices.Sort(p.d.Languages)
	p.d.Languages = slices.Compact(p.d.Languages)
}

func isLanguage(name string) bool {
	return len(name) == 2 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz") == ""
}

func (p *parser) page(node *yaml.Node, path string) {
	members := p.doc.Fields(node, path, "id", "title", "description", "visible", "states", "event", "fields", "documents", "elements")
	if node.Kind != yaml.MappingNode {
		return
	}
	page, before := Page{}, len(p.doc.Diagnostics)
	p.count = 0
	if m, ok := members["id"]; !ok {
		p.doc.Report(node, path+".id", "required", "id is missing", "id: about")
	} else if page.ID = p.doc.String(m.Value, path+".id"); !idPattern.MatchString(page.ID) && len(p.doc.Diagnostics) == before {
		p.doc.Report(m.Value, path+".id", "name", "an id must have 1 to 64 letters, digits, _ and -, and begin with a letter or digit", "")
	} else if _, twice := p.d.page(page.ID); twice {
		p.doc.Report(m.Value, path+".id", "duplicate", "the page "+page.ID+" occurs twice", "")
	}
	page.Title, page.Description = p.text(members, path, "title"), p.text(members, path, "description")
	page.Visible = p.rule(members, path, "visible", "")
	if m, ok := members["event"]; ok {
		page.Event = p.doc.String(m.Value, path+".event")
	}
	p.states(&page, members, path)
	page.Elements = append(p.short(members, path), p.elements(members, path)...)
	p.d.Pages = append(p.d.Pages, page)
	p.pageNodes, p.pagePaths = append(p.pageNodes, node), append(p.pagePaths, path)
}

func (p *parser) states(page *Page, members source.Members, path string) {
	m, ok := members["states"]
	if !ok {
		return
	}
	var known []string
	for _, s := range p.w.Chart.States() {
		known = append(known, s.Path)
	}
	page.States = p.doc.Strings(m.Value, path+".states")
	for i, element := range source.Sequence(m.Value) {
		if element.Kind == yaml.ScalarNode && !slices.Contains(known, element.Value) {
			p.doc.Unknown(element, fmt.Sprintf("%s.states[%d]", path, i), "state", element.Value, known)
		}
	}
}

// elements reads the list of a page or a group.
func (p *parser) elements(members source.Members, path string) (found []Element) {
	m, ok := members["elements"]
	if !ok {
		return nil
	}
	if m.Value.Kind != yaml.SequenceNode {
		p.doc.Report(m.Value, path+".elements", "type", "elements must be a list", "")
		return nil
	}
	for i, element := range m.Value.Content {
		if p.count++; p.count > maxElements {
			p.doc.Report(element, fmt.Sprintf("%s.elements[%d]", path, i), "too_many", fmt.Sprintf("a page can have at most %d elements", maxElements), "divide it")
			return found
		}
		if e, ok := p.element(element, fmt.Sprintf("%s.elements[%d]", path, i)); ok {
			found = append(found, e)
		}
	}
	return found
}

// element reads one. A mapping without a type is a field or a document, whose type follows from the schema.
func (p *parser) element(node *yaml.Node, path string) (e Element, ok bool) {
	if node.Kind != yaml.MappingNode {
		p.doc.Report(node, path, "type", "an element must be a mapping with a type", "{field: applicant.name, type: text}")
		return e, false
	}
	names := slices.Sorted(maps.Keys(kinds))
	typed := member(node, "type")
	switch {
	case typed != nil:
		e.Type = p.doc.String(typed, path+".type")
	case member(node, "document") != nil:
		e.Type = typeDocument
	case member(node, "field") != nil:
		e.Type = p.derived(p.full(member(node, "field").Value))
	default:
		p.doc.Report(node, path+".type", "required", "type is missing", "known: "+strings.Join(names, ", "))
		return e, false
	}
	k, known := kinds[e.Type]
	if !known {
		p.doc.Unknown(typed, path+".type", "element type", e.Type, names)
		return e, false
	}
	members := p.doc.Fields(node, path, k.membersOf()...)
	e.Title, e.Hint = p.text(members, path, "title"), p.text(members, path, "hint")
	p.messages(&e, members, path)
	switch k.asks {
	case asksField:
		p.field(&e, k, members, node, path)
	case asksDocument:
		p.documentElement(&e, members, node, path)
	case asksGroup:
		p.groupElement(&e, members, node, path)
	default:
		if e.Type == typeHeading || e.Type == typeDescription {
			p.required(members, node, path, "text")
			e.Title = p.text(members, path, "text")
		}
	}
	p.ruleMembers(&e, members, path)
	return e, true
}

// full is a path of the context; within a group it is that of an element's member.
func (p *parser) full(field string) string {
	if p.group == "" {
		return field
	}
	return p.group + "[]." + field
}

func (p *parser) ruleMembers(e *Element, members source.Members, path string) {
	e.Visible = p.rule(members, path, "visible", e.Field)
	e.Required = p.rule(members, path, "required", e.Field)
	e.Disabled = p.rule(members, path, "disabled", e.Field)
	p.validators(e, members, path)
}

func (p *parser) required(members source.Members, node *yaml.Node, path, name string) (source.Pair, bool) {
	m, ok := members[name]
	if !ok {
		p.doc.Report(node, source.Join(path, name), "required", name+" is missing", "")
	}
	return m, ok
}

// field reads what asks for a field of the context.
func (p *parser) field(e *Element, k kind, members source.Members, node *yaml.Node, path string) {
	m, ok := p.required(members, node, path, "field")
	if !ok {
		return
	}
	e.Field = p.path(m.Value, path+".field")
	p.checks(e, members, node, path)
	p.place(e, k, m.Value, path+".field")
}

// path reads a path of names.
func (p *parser) path(node *yaml.Node, path string) string {
	text := p.doc.String(node, path)
	program, err := expr.CompilePath(text)
	if err == nil && !strings.Contains(text, "[") && len(program.Paths()) == 1 {
		return text
	}
	hint := ""
	if strings.Contains(text, "[") {
		hint = "fields of a list's elements are those of a group: {type: group, field: owners, elements: […]}"
	}
	p.doc.Report(node, path, "path", "expected a path such as applicant.country", hint)
	return ""
}

// place notes the field, and reports what is wrong with where it is.
func (p *parser) place(e *Element, k kind, node *yaml.Node, path string) {
	if e.Field == "" {
		return
	}
	full := p.full(e.Field)
	steps := stepsOf(full)
	if slices.Contains(p.owned, steps[0]) {
		p.doc.Report(node, path, "reserved_field", steps[0]+" is written by the workflow's own work: it cannot be entered", "")
		return
	}
	for other := range p.d.asked {
		if other == full || strings.HasPrefix(other, full+".") || strings.HasPrefix(full, other+".") {
			p.doc.Report(node, path, "duplicate", full+" is asked twice: by "+other, "ask for it once, and show it again with type: review")
			return
		}
	}
	p.d.asked[full] = e
	shape := p.w.Readable()
	if p.w.Schema == nil {
		return
	}
	switch field := shape.Find(steps); {
	case !field.Known:
		hint := shape.Suggest(steps)
		if hint == "" {
			hint = "add it to context.schema: without it no answer can be saved"
		}
		p.doc.Warn(node, path, "unknown_field", "context.schema has no field "+full, hint)
	case field.Types&k.writes == 0:
		p.doc.Warn(node, path, "type_differs", fmt.Sprintf("a field of type %s is %s, and context.schema has %s", e.Type, k.writes, field.Types), "no answer could be saved")
	}
}

func (p *parser) documentElement(e *Element, members source.Members, node *yaml.Node, path string) {
	m, ok := members["document"]
	if !ok && e.Type == typeSelfie {
		m.Value, m.Name, ok = node, typeSelfie, true
		e.Document = typeSelfie
	} else if m, ok = p.required(members, node, path, "document"); ok {
		e.Document = p.doc.String(m.Value, path+".document")
	}
	if ok {
		p.kindOf(e.Document, m.Value, path+".document")
	}
}

// kindOf notes a kind of document that is asked for.
func (p *parser) kindOf(name string, node *yaml.Node, path string) {
	var known []string
	for _, d := range p.w.Documents {
		known = append(known, d.Kind)
	}
	switch {
	case !slices.Contains(known, name):
		p.doc.Unknown(node, path, "document", name, known)
	case p.group != "":
		p.doc.Report(node, path, "unsupported", "documents belong to the case, and not to an element of a group", "")
	case p.documents[name]:
		p.doc.Report(node, path, "duplicate", "the document "+name+" is asked twice", "")
	}
	p.documents[name] = true
}

func (p *parser) groupElement(e *Element, members source.Members, node *yaml.Node, path string) {
	m, ok := p.required(members, node, path, "field")
	if !ok {
		return
	}
	if p.group != "" {
		p.doc.Report(node, path, "unsupported", "a group cannot lie in a group", "")
		return
	}
	e.Field = p.path(m.Value, path+".field")
	p.limits(e, members, path, 0, maxEntries)
	p.place(e, kinds[typeGroup], m.Value, path+".field")
	if _, ok := p.required(members, node, path, "elements"); !ok || e.Field == "" {
		return
	}
	p.group = e.Field
	e.Elements = p.elements(members, path)
	p.group = ""
}

// index lets asked find the elements in their present places.
func (p *parser) index() {
	p.d.asked = map[string]*Element{}
	for i := range p.d.Pages {
		for j := range p.d.Pages[i].Elements {
			e := &p.d.Pages[i].Elements[j]
			if e.Field == "" {
				continue
			}
			p.d.asked[e.Field] = e
			for k := range e.Elements {
				if inner := &e.Elements[k]; inner.Field != "" {
					p.d.asked[e.Field+"[]."+inner.Field] = inner
				}
			}
		}
	}
}

// stepsOf a path as expressions have them: "[]" is an element.
func stepsOf(path string) []string {
	return strings.Split(strings.ReplaceAll(path, "[]", ".[]"), ".")
}

// member of a mapping; nil if there is none.
func member(node *yaml.Node, name string) *yaml.Node {
	if node == nil || node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			return node.Content[i+1]
		}
	}
	return nil
}
