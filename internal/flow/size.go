package flow

import (
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// MaxFaults is how many faults are reported at once.
const MaxFaults = 100

// Limits of a state, in bytes of JSON. An answer of the API can have 6 MB.
const (
	maxState = 4 << 20 // with everything that was entered
	maxWorst = 2 << 20 // of what definitions have in it, with as many elements of groups as there can be
)

// Bytes that members of a state have besides the contents of a definition.
const (
	elementBytes = 300 // of an element: names of its members, and checks
	faultBytes   = 120 // of something that is wrong, and of what remains to be done
	optionBytes  = 24
	placeBytes   = 8 // [199] and the points
)

// size of a state as an answer has it.
func size(s State) int {
	written, err := json.Marshal(s)
	if err != nil {
		return 0 // what cannot be written is no state
	}
	return len(written)
}

// bounded refuses pages whose state could become too large.
func (p *parser) bounded(node *yaml.Node) {
	whole := 0
	for i := range p.d.Pages {
		page := &p.d.Pages[i]
		whole += elementBytes + longest(page.Title) + longest(page.Description) + ruleBytes(page.Visible)
		for j := range page.Elements {
			e := &page.Elements[j]
			own := e.worst("") + p.acceptedBytes(e.Document)
			if whole += own; own > maxWorst {
				p.doc.Report(p.pageNodes[i], p.pagePaths[i], "too_large", fmt.Sprintf("the state of %s can have %d bytes, and all pages in total %d", e.Field, own, maxWorst), hintSize)
				return
			}
		}
	}
	if whole > maxWorst {
		p.doc.Report(node, "flow.pages", "too_large", fmt.Sprintf("the state of the pages can have %d bytes, and at most %d", whole, maxWorst), hintSize)
	}
}

// acceptedBytes is how many bytes the checks of a document can have in the state.
func (p *parser) acceptedBytes(document string) int {
	kind, known := p.w.Document(document)
	if !known {
		return 0
	}
	bytes := elementBytes
	for _, name := range kind.ContentTypes {
		bytes += len(name) + 3
	}
	return bytes
}

const hintSize = "set max of groups, offer fewer options, or shorten texts"

// worst is how many bytes an element can have in the state, besides what is entered.
func (e *Element) worst(group string) int {
	bytes := e.repeated(group) + longest(e.Hint) + ruleBytes(e.Visible) + ruleBytes(e.Required) + ruleBytes(e.Disabled)
	options := e.Options
	if options == nil && e.Type == typeIndustry {
		options = industries
	}
	for _, o := range options {
		bytes += optionBytes + len(o.Value) + max(len(o.Value), longest(o.Title))
	}
	for _, v := range e.Validate {
		bytes += ruleBytes(v.Rule) + longest(v.Error) + optionBytes
	}
	if e.Type != typeGroup {
		return bytes
	}
	items := maxEntries
	if e.Checks.Max != nil {
		items = int(*e.Checks.Max)
	}
	for i := range e.Elements {
		bytes += e.Elements[i].worst(e.Field) + items*e.Elements[i].repeated(e.Field)
	}
	return bytes
}

// repeated is what every element of a group has of one of its fields.
func (e *Element) repeated(group string) int {
	field := len(group) + len(e.Field) + placeBytes
	message := 0
	for _, text := range e.Texts {
		message = max(message, longest(text))
	}
	for _, v := range e.Validate {
		message = max(message, longest(v.Error))
	}
	return elementBytes + field + longest(e.Title) + 6*len(e.Checks.Pattern) + 2*(faultBytes+message) + field
}

// longest of the texts in all languages.
func longest(text Text) (bytes int) {
	for _, one := range text {
		bytes = max(bytes, len(one))
	}
	return bytes
}

func ruleBytes(rule Rule) int {
	if rule == nil || rule.Portable == nil {
		return 0
	}
	written, _ := json.Marshal(rule.Portable) // portable rules are JSON
	return len(written)
}
