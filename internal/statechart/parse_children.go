package statechart

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/expr"
	"ballerine/internal/source"
)

// MaxChildren bounds how many child cases one piece of work can start.
const MaxChildren = 200

// childrenInput reads what work of source children starts.
func (p *parser) childrenInput(i *Invocation, input source.Pair, entry *yaml.Node, path string) {
	i.Cases = &Children{Until: UntilAll}
	node, members := entry, source.Members(nil)
	if !source.IsNull(input.Value) {
		node = input.Value
		members = p.doc.Fields(node, path, "workflow", "version", "each", "until", "subject", "context", "external_id", "result")
	}
	for name, m := range members {
		i.Input[name] = p.doc.Value(m.Value, source.Join(path, name))
	}
	i.Cases.Workflow = p.required(members, node, path, "workflow")
	if m, ok := members["version"]; ok {
		i.Cases.Version = p.bounded(m.Value, source.Join(path, "version"), 1, 1<<31-1)
	}
	if m, ok := members["each"]; ok {
		i.Cases.Each = p.program(m.Value, source.Join(path, "each"), "value")
	}
	if m, ok := members["until"]; ok {
		i.Cases.Until = p.until(m.Value, source.Join(path, "until"))
	}
	p.reading([]string{"item", "index"}, func() {
		i.Cases.Subject = p.computed(members, path, "subject")
		i.Cases.Context = p.computed(members, path, "context")
		if m, ok := members["external_id"]; ok {
			i.Cases.ExternalID = p.program(m.Value, source.Join(path, "external_id"), "value")
		}
	})
	p.elsewhere(func() { i.Cases.Result = p.computed(members, path, "result") })
}

// until reads how many children must have ended: all, any, none, or a number.
func (p *parser) until(node *yaml.Node, path string) int {
	switch node.Value {
	case "all":
		return UntilAll
	case "any":
		return 1
	case "none":
		return 0
	}
	if source.IsText(node) {
		p.doc.Unknown(node, path, "number of children", node.Value, []string{"all", "any", "none", fmt.Sprintf("1 to %d", MaxChildren)})
		return UntilAll
	}
	return p.bounded(node, path, 1, MaxChildren)
}

// computed reads values by their paths; nil when there are none.
func (p *parser) computed(members source.Members, path, name string) map[string]*expr.Program {
	m, ok := members[name]
	if !ok {
		return nil
	}
	found := map[string]*expr.Program{}
	for _, one := range p.members(m, m.Value, source.Join(path, name), nil) {
		found[one.name] = one.program
	}
	return found
}

// reading lets expressions read further names.
func (p *parser) reading(names []string, read func()) {
	before := p.options
	defer func() { p.options = before }()
	if field := before.Field; field != nil {
		p.options.Field = func(steps []string) (bool, string) {
			if slices.Contains(names, steps[0]) {
				return true, ""
			}
			ok, hint := field(steps)
			if name := expr.Suggest(steps[0], names); !ok && name != "" {
				hint = "did you mean " + expr.JoinPath(append([]string{name}, steps[1:]...)) + "?"
			}
			return ok, hint
		}
	}
	read()
}

// elsewhere reads expressions over another case's context, which is unknown here.
func (p *parser) elsewhere(read func()) {
	before := p.options
	defer func() { p.options = before }()
	p.options.Field, p.options.Types = nil, nil
	read()
}

// reports checks that the children whose events transitions wait for are started somewhere, and that work is done whose outcome they wait for.
func (p *parser) reports() {
	var known, works []string
	for _, s := range p.chart.states {
		for _, i := range s.Invocations {
			works = append(works, i.ID)
			if i.Cases != nil {
				known = append(known, ChildEvent(i.ID))
			}
		}
	}
	for _, event := range p.childEvents {
		if !slices.Contains(known, event.name) {
			p.doc.Unknown(event.node, event.path, "child event", event.name, known)
		}
	}
	for _, event := range p.workEvents {
		p.outcomeOf(event, works)
	}
}

// outcomeOf warns of an event that is the outcome of work that no state has.
func (p *parser) outcomeOf(event namedEvent, works []string) {
	kind := doneInvoke("")
	if strings.HasPrefix(event.name, errorInvoke("")) {
		kind = errorInvoke("")
	}
	id := strings.TrimPrefix(event.name, kind)
	if slices.Contains(works, id) {
		return
	}
	hint := ""
	if name := expr.Suggest(id, works); name != "" {
		hint = "did you mean " + kind + name + "?"
	} else if len(works) > 0 && len(works) <= 24 {
		hint = "known: " + strings.Join(works, ", ")
	}
	p.doc.Warn(event.node, event.path, "never", "no state has the work "+id+": "+event.name+" never happens", hint)
}
