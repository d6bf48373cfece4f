package reference

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

//go:embed page.html
var pageText string

//go:embed page.css
var style []byte

// Files are the document in JSON, its page and the page's style sheet, by the names under which the page asks for them.
func Files(document []byte) (map[string][]byte, error) {
	page, err := render(document)
	return map[string][]byte{"openapi.json": document, "docs.html": page, "docs.css": style}, err
}

type (
	group struct {
		Name, Description string
		Operations        []operation
	}
	operation struct {
		ID, Method, Path, Summary, Description string
		Parameters                             []member
		Bodies                                 []content
		Responses                              []response
	}
	member struct {
		Name, In, Description string
		Required              bool
		Type                  template.HTML
	}
	content struct {
		Kind    string
		Type    template.HTML
		Members []member
		Example string
	}
	response struct {
		Status, Description string
		Codes               []string
		Bodies              []content
	}
	schema struct {
		Name, Description string
		Type              template.HTML
		Members           []member
	}
	page struct {
		Title, Version, Description string
		Servers                     []string
		Groups                      []group
		Webhooks                    []operation
		Schemas                     []schema
	}
)

// render makes the page.
func render(document []byte) ([]byte, error) {
	var root node
	if err := json.Unmarshal(document, &root); err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	t, err := template.New("page").Funcs(template.FuncMap{"text": paragraphs, "lower": strings.ToLower, "anchor": func(name string) string { return strings.ReplaceAll(name, " ", "-") }}).Parse(pageText)
	if err != nil {
		return nil, fmt.Errorf("read the page's template: %w", err)
	}
	r := reader{root}
	var out bytes.Buffer
	if err := t.Execute(&out, r.page()); err != nil {
		return nil, fmt.Errorf("render the reference: %w", err)
	}
	return out.Bytes(), nil
}

// node is an object of the document.
type node map[string]any

func (n node) at(names ...string) node {
	for _, name := range names {
		next, _ := n[name].(map[string]any)
		n = next
	}
	return n
}

func (n node) text(name string) string {
	text, _ := n[name].(string)
	return text
}

func (n node) list(name string) (found []node) {
	all, _ := n[name].([]any)
	for _, one := range all {
		if object, ok := one.(map[string]any); ok {
			found = append(found, object)
		}
	}
	return found
}

func (n node) names() []string { return slices.Sorted(maps.Keys(n)) }

// reader reads a document.
type reader struct{ root node }

// resolve follows a reference to a component.
func (r reader) resolve(n node) node {
	if ref, ok := strings.CutPrefix(n.text("$ref"), "#/"); ok {
		return r.root.at(strings.Split(ref, "/")...)
	}
	return n
}

var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

func (r reader) page() page {
	info := r.root.at("info")
	p := page{Title: info.text("title"), Version: info.text("version"), Description: info.text("description")}
	for _, server := range r.root.list("servers") {
		p.Servers = append(p.Servers, server.text("url"))
	}
	byTag := map[string][]operation{}
	for _, path := range r.root.at("paths").names() {
		for _, method := range methods {
			if op := r.root.at("paths", path, strings.ToLower(method)); op != nil {
				tags, _ := op["tags"].([]any)
				tag := fmt.Sprint(append(tags, "other")[0])
				byTag[tag] = append(byTag[tag], r.operation(method, path, op))
			}
		}
	}
	for _, tag := range r.root.list("tags") {
		if operations := byTag[tag.text("name")]; len(operations) > 0 {
			p.Groups = append(p.Groups, group{tag.text("name"), tag.text("description"), operations})
		}
	}
	for _, name := range r.root.at("webhooks").names() {
		p.Webhooks = append(p.Webhooks, r.operation("event", name, r.root.at("webhooks", name, "post")))
	}
	for _, name := range r.root.at("components", "schemas").names() {
		s := r.root.at("components", "schemas", name)
		p.Schemas = append(p.Schemas, schema{name, s.text("description"), r.kind(s), r.members(s)})
	}
	return p
}

func (r reader) operation(method, path string, op node) operation {
	o := operation{ID: op.text("operationId"), Method: method, Path: path, Summary: op.text("summary"), Description: op.text("description")}
	for _, param := range op.list("parameters") {
		param = r.resolve(param)
		required, _ := param["required"].(bool)
		o.Parameters = append(o.Parameters, member{param.text("name"), param.text("in"), param.text("description"), required, r.kind(param.at("schema"))})
	}
	o.Bodies = r.contents(op.at("requestBody"))
	for _, status := range op.at("responses").names() {
		answer := r.resolve(op.at("responses", status))
		one := response{Status: status, Description: answer.text("description"), Bodies: r.contents(answer)}
		codes, _ := answer["x-codes"].([]any)
		for _, code := range codes {
			one.Codes = append(one.Codes, fmt.Sprint(code))
		}
		o.Responses = append(o.Responses, one)
	}
	return o
}

// contents are the bodies that something can have. What refers to a schema is not written out.
func (r reader) contents(of node) (found []content) {
	for _, kind := range of.at("content").names() {
		media := of.at("content", kind)
		one := content{Kind: kind, Type: r.kind(media.at("schema"))}
		if media.at("schema").text("$ref") == "" {
			one.Members = r.members(media.at("schema"))
		}
		if example, ok := media["example"]; ok && kind != "application/problem+json" {
			if text, err := json.MarshalIndent(example, "", "  "); err == nil {
				one.Example = string(text)
			}
		}
		found = append(found, one)
	}
	return found
}

func (r reader) members(of node) (found []member) {
	required, _ := of["required"].([]any)
	for _, name := range of.at("properties").names() {
		property := of.at("properties", name)
		found = append(found, member{name, "", property.text("description"), slices.Contains(required, any(name)), r.kind(property)})
	}
	return found
}

// kind states what values a schema takes, with links to those that have a name.
func (r reader) kind(s node) template.HTML {
	if ref := s.text("$ref"); ref != "" {
		name := html.EscapeString(ref[strings.LastIndex(ref, "/")+1:])
		return template.HTML(`<a href="#schema-` + name + `">` + name + `</a>`) //nolint:gosec // escaped
	}
	var parts []string
	switch kind := s["type"].(type) {
	case string:
		parts = append(parts, html.EscapeString(kind))
	case []any:
		for _, one := range kind {
			parts = append(parts, html.EscapeString(fmt.Sprint(one)))
		}
	}
	for _, of := range []string{"oneOf", "anyOf", "allOf"} {
		for _, one := range s.list(of) {
			parts = append(parts, string(r.kind(one)))
		}
	}
	text := strings.Join(parts, " or ")
	switch {
	case text == "":
		text = "any value"
	case slices.Contains(parts, "array"):
		text += " of " + string(r.kind(s.at("items")))
	}
	if values, ok := s["enum"].([]any); ok {
		var all []string
		for _, value := range values {
			all = append(all, "<code>"+html.EscapeString(fmt.Sprint(value))+"</code>")
		}
		text += ": " + strings.Join(all, ", ")
	}
	for _, limit := range []string{"format", "minimum", "maximum", "minLength", "maxLength", "maxItems", "default"} {
		if value, ok := s[limit]; ok {
			text += ", " + limit + " " + html.EscapeString(fmt.Sprint(value))
		}
	}
	return template.HTML(text) //nolint:gosec // every part is escaped
}

var (
	code = regexp.MustCompile("`([^`]+)`")
	bold = regexp.MustCompile(`\*\*([^*]+)\*\*`)
)

// paragraphs shows what descriptions use of Markdown: paragraphs, code and what is bold.
func paragraphs(text string) template.HTML {
	var out strings.Builder
	for part := range strings.SplitSeq(text, "\n\n") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		part = code.ReplaceAllString(html.EscapeString(part), "<code>$1</code>")
		out.WriteString("<p>" + bold.ReplaceAllString(part, "<strong>$1</strong>") + "</p>")
	}
	return template.HTML(out.String()) //nolint:gosec // escaped before anything is added
}
