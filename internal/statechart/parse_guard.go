package statechart

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/expr"
	"ballerine/internal/source"
	"ballerine/internal/text"
)

// guard reads a condition: an expression, or {type: …}. It returns the text for traces, too.
func (p *parser) guard(node *yaml.Node, path string, s *State) (guard, string) {
	if node.Kind == yaml.ScalarNode {
		if node.Tag == "!!bool" {
			return programGuard{expr.Constant(node.Value == "true")}, node.Value
		}
		return p.wrap(p.program(node, path, "guard"), node.Value)
	}
	if node.Kind != yaml.MappingNode {
		p.doc.Report(node, path, "type", "a guard must be an expression or a mapping with a type", "")
		return nil, ""
	}
	members := p.doc.Fields(node, path, "type", "options", "guards", "guard", "state", "params")
	kindNode, ok := members["type"]
	if !ok {
		p.doc.Report(node, path, "required", "a guard requires a type", "known: "+guardTypes)
		return nil, ""
	}
	switch kind := p.doc.String(kindNode.Value, source.Join(path, "type")); kind {
	case "and", "or":
		return p.joined(members, node, path, s, kind)
	case "not":
		m, ok := members["guard"]
		if !ok {
			p.doc.Report(node, path, "required", "not needs a guard", "")
			return nil, ""
		}
		inner, text := p.guard(m.Value, source.Join(path, "guard"), s)
		return notGuard{inner}, "not (" + text + ")"
	case "in-state", "stateIn":
		return p.stateGuard(members, node, path, s)
	default:
		return p.typed(kind, members, kindNode.Value, node, path)
	}
}

const guardTypes = "expr, json-logic, jmespath, json-schema, policy, in-state, and, or, not"

func (p *parser) wrap(program *expr.Program, text string) (guard, string) {
	if program == nil {
		return nil, text
	}
	return programGuard{program}, text
}

func (p *parser) joined(members source.Members, node *yaml.Node, path string, s *State, kind string) (guard, string) {
	m, ok := members["guards"]
	if !ok || m.Value.Kind != yaml.SequenceNode || len(m.Value.Content) == 0 {
		p.doc.Report(node, path, "required", kind+" requires a list of guards", "")
		return nil, ""
	}
	var guards []guard
	text := ""
	for i, element := range m.Value.Content {
		g, t := p.guard(element, fmt.Sprintf("%s.guards[%d]", path, i), s)
		guards = append(guards, g)
		if i > 0 {
			text += " " + kind + " "
		}
		text += "(" + t + ")"
	}
	if kind == "and" {
		return allGuard(guards), text
	}
	return anyGuard(guards), text
}

func (p *parser) stateGuard(members source.Members, node *yaml.Node, path string, s *State) (guard, string) {
	m, ok := members["state"]
	if !ok {
		p.doc.Report(node, path, "required", "in-state requires a state", "")
		return nil, ""
	}
	g := &inStateGuard{}
	p.inState = append(p.inState, pendingState{g, s, m.Value, source.Join(path, "state")})
	return g, "in " + m.Value.Value
}

// typed reads the guards that have options.
func (p *parser) typed(kind string, members source.Members, kindNode, node *yaml.Node, path string) (guard, string) {
	known := map[string][]string{"expr": {"rule"}, "json-logic": {"rule", "assignOnFailure", "payload"}, "jmespath": {"rule", "assignOnFailure", "payload"}, "json-schema": {"schema"}, "policy": {"policy", "outcome"}}
	keys, ok := known[kind]
	if !ok {
		p.doc.Unknown(kindNode, path, "guard type", kind, []string{"expr", "json-logic", "jmespath", "json-schema", "policy", "in-state", "and", "or", "not"})
		return nil, ""
	}
	m, ok := members["options"]
	if !ok {
		p.doc.Report(node, path, "required", "this guard requires options", "")
		return nil, ""
	}
	at := source.Join(path, "options")
	options := p.doc.Fields(m.Value, at, keys...)
	if kind == "policy" {
		return p.policy(options, m.Value, at)
	}
	rule, ok := options[keys[0]]
	if !ok {
		p.doc.Report(m.Value, at, "required", keys[0]+" is missing", "")
		return nil, ""
	}
	at = source.Join(at, keys[0])
	if kind == "expr" {
		return p.wrap(p.program(rule.Value, at, "guard"), rule.Value.Value)
	}
	if m, ok := options["payload"]; ok && p.doc.Bool(m.Value, source.Join(path, "options.payload")) {
		return p.overPayload(kind, rule.Value, at)
	}
	program, text := p.compileOther(kind, rule.Value, at)
	return p.wrap(program, text)
}

// overPayload reads a guard that may also find a field of the payload at the top, where the context has none of that name.
func (p *parser) overPayload(kind string, node *yaml.Node, path string) (guard, string) {
	var program *expr.Program
	var text string
	p.elsewhere(func() { program, text = p.compileOther(kind, node, path) }) // a payload can hold anything
	if program == nil {
		return nil, text
	}
	return payloadGuard{program, p.options.Own}, text
}

func (p *parser) compileOther(kind string, node *yaml.Node, path string) (*expr.Program, string) {
	var program *expr.Program
	var err error
	var text string
	switch kind {
	case "jmespath":
		text = p.doc.String(node, path)
		program, err = expr.CompileJMESPath(text)
	case "json-logic":
		value := p.doc.Value(node, path)
		text = brief(value)
		program, err = expr.CompileJSONLogic(value)
	default:
		value := p.doc.Value(node, path)
		text = brief(value)
		var schema *expr.Schema
		if schema, err = expr.CompileSchema(value); err == nil {
			program = schema.Program()
		}
	}
	if err != nil {
		e := expr.AsError(err)
		p.doc.ReportWithin(node, e.Column, e.Width, path, "expression", e.Message, e.Hint)
		return nil, text
	}
	p.fields(program, node, path, "guard")
	p.types(program, node, path, "guard")
	return program, text
}

func (p *parser) policy(options source.Members, node *yaml.Node, path string) (guard, string) {
	policy, ok1 := options["policy"]
	outcome, ok2 := options["outcome"]
	if !ok1 || !ok2 {
		p.doc.Report(node, path, "required", "a policy guard requires a policy and an outcome", "")
		return nil, ""
	}
	g := policyGuard{p.options.Policies, p.doc.String(policy.Value, path+".policy"), p.doc.String(outcome.Value, path+".outcome")}
	if p.options.CheckPolicy != nil {
		if message, hint := p.options.CheckPolicy(g.policy, g.outcome); message != "" {
			p.doc.Report(node, path, "unknown_policy", message, hint)
		}
	}
	if p.options.Policies == nil {
		p.doc.Report(node, path, "unsupported", "policies cannot be evaluated in a guard here", "invoke a rules task, and guard on its outcome")
	}
	return g, "policy " + g.policy + " is " + g.outcome
}

// brief is a rule as one short line of JSON.
func brief(value any) string {
	written, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	if len(written) > 120 {
		return text.Cut(string(written), 117) + "…"
	}
	return string(written)
}

// actions reads one action or a list of them.
func (p *parser) actions(node *yaml.Node, path string, s *State) []action {
	if source.IsNull(node) {
		return nil
	}
	var found []action
	for i, element := range source.Sequence(node) {
		at := path
		if node.Kind == yaml.SequenceNode {
			at = fmt.Sprintf("%s[%d]", path, i)
		}
		if a := p.action(element, at); a != nil {
			found = append(found, a)
		}
	}
	return found
}

var actionTypes = []string{"assign", "merge", "raise", "emit", "notify", "log"}

func (p *parser) action(node *yaml.Node, path string) action {
	if node.Kind != yaml.MappingNode {
		p.doc.Report(node, path, "type", "an action must be a mapping with a type", "known: "+strings.Join(actionTypes, ", "))
		return nil
	}
	kind := ""
	for _, pair := range p.doc.Mapping(node, path) {
		if pair.Name == "type" {
			kind = pair.Value.Value
		}
	}
	switch kind {
	case "assign":
		members := p.doc.Fields(node, path, "type", "values")
		action := assignAction{p.members(members["values"], node, source.Join(path, "values"), p.options.Copied)}
		p.written(action.members, members["values"].Value, source.Join(path, "values"))
		return action
	case "merge":
		return p.merge(node, path)
	case "raise", "emit":
		members := p.doc.Fields(node, path, "type", "event", "payload")
		event, ok := members["event"]
		if !ok {
			p.doc.Report(node, path, "required", kind+" needs an event", "")
			return nil
		}
		var payload []member
		if m, ok := members["payload"]; ok {
			payload = p.members(m, node, source.Join(path, "payload"), p.outgoing(kind))
		}
		if kind == "raise" {
			p.event(event.Value, source.Join(path, "event"), event.Value.Value)
			return raiseAction{event.Value.Value, payload}
		}
		return emitAction{event.Value.Value, payload}
	case "notify", "log":
		return p.messageAction(kind, node, path)
	}
	at := node
	p.doc.Unknown(at, path, "action type", kind, actionTypes)
	return nil
}

// outgoing checks the contents of an emitted event.
func (p *parser) outgoing(kind string) func(program *expr.Program, target []string, node *yaml.Node, path string) {
	if kind != "emit" || p.options.Emitted == nil {
		return nil
	}
	return func(program *expr.Program, _ []string, node *yaml.Node, path string) {
		p.options.Emitted(program, node, path)
	}
}

// merge reads {type: merge, values, arrays}.
func (p *parser) merge(node *yaml.Node, path string) action {
	members := p.doc.Fields(node, path, "type", "values", "arrays")
	a := mergeAction{members: p.members(members["values"], node, source.Join(path, "values"), p.options.Copied), arrays: arraysConcat}
	p.written(a.members, members["values"].Value, source.Join(path, "values"))
	if m, ok := members["arrays"]; ok {
		a.arrays = ArrayMerge(p.doc.String(m.Value, source.Join(path, "arrays")))
		if !slices.Contains(ArrayMerges(), a.arrays) {
			p.doc.Unknown(m.Value, source.Join(path, "arrays"), "way to merge lists", string(a.arrays), []string{"by_id", "by_index", "concat", "replace"})
		}
	}
	return a
}

// written checks that the context can have the fields that an assign writes, and that they may be written so.
func (p *parser) written(members []member, node *yaml.Node, path string) {
	for _, m := range members {
		at := source.Join(path, m.name)
		if p.options.Field != nil {
			if ok, hint := p.options.Field(m.path); !ok {
				p.doc.Report(node, at, "unknown_field", "unknown field "+m.name, hint)
			}
		}
		if p.options.Assigned != nil && m.program != nil {
			p.options.Assigned(m.program, m.path, keyOf(node, m.name), at, p.origin)
		}
	}
}

// keyOf is where a member's name stands.
func keyOf(node *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			return node.Content[i]
		}
	}
	return node
}

// messageAction reads notify and log: any members; texts are not evaluated.
func (p *parser) messageAction(kind string, node *yaml.Node, path string) action {
	a := messageAction{kind: EffectKind(kind)}
	for _, pair := range p.doc.Mapping(node, path) {
		switch pair.Name {
		case "type":
		case "message", "name":
			a.name = p.doc.String(pair.Value, source.Join(path, pair.Name))
		default:
			value := p.doc.Value(pair.Value, source.Join(path, pair.Name))
			a.members = append(a.members, member{pair.Name, []string{pair.Name}, expr.Constant(value)})
		}
	}
	return a
}

// members reads computed values: a text is an expression, anything else stands as it is.
func (p *parser) members(pair source.Pair, node *yaml.Node, path string, check func(program *expr.Program, target []string, node *yaml.Node, path string)) []member {
	if pair.Value == nil {
		p.doc.Report(node, path, "required", "values are missing", "")
		return nil
	}
	var found []member
	for _, m := range p.doc.Mapping(pair.Value, path) {
		at := source.Join(path, m.Name)
		steps := splitPath(m.Name)
		if slices.Contains(steps, "") || slices.Contains(given, m.Name) {
			p.doc.Report(m.Key, at, "path", "this is not a field that can be written", "")
			continue
		}
		var program *expr.Program
		if source.IsText(m.Value) {
			program = p.program(m.Value, at, "value")
		} else {
			program = expr.Constant(p.doc.Value(m.Value, at))
		}
		if program != nil && check != nil {
			check(program, steps, m.Value, at)
		}
		found = append(found, member{m.Name, steps, program})
	}
	return found
}
