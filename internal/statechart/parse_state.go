package statechart

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/source"
)

var kinds = []string{"atomic", "compound", "parallel", "final", "history"}

func (p *parser) kind(s *State, node *yaml.Node, path string, members source.Members) {
	declared := ""
	if m, ok := members["type"]; ok {
		declared = p.doc.String(m.Value, source.Join(path, "type"))
		if !slices.Contains(kinds, declared) {
			p.doc.Unknown(m.Value, source.Join(path, "type"), "state type", declared, kinds)
		}
	}
	if _, ok := members["history"]; ok && declared == "" {
		declared = "history" // as XState 4 lets it be written
	}
	switch {
	case declared == "history" && s.Parent != nil:
		p.historyState(s, path, members)
	case len(s.Children) > 0 && declared == "parallel":
		s.Kind = Parallel
	case len(s.Children) > 0:
		s.Kind = Compound
		p.initial(s, node, path, members)
	case declared == "final" && s.Parent != nil:
		s.Kind = Final
	case s.Parent == nil:
		p.doc.Report(node, "states", "required", "a workflow requires states", "")
	default:
		s.Kind = Atomic
	}
	p.fits(s, node, path, declared, members)
	if s.Parent != nil && s.Kind == History {
		s.Parent.history = append(s.Parent.history, s)
	}
}

// fits reports members that the kind of state has no use for.
func (p *parser) fits(s *State, node *yaml.Node, path, declared string, members source.Members) {
	if (declared == "final" || declared == "history") && string(s.Kind) != declared || len(s.Children) > 0 && s.Kind == History {
		p.doc.Report(node, path, "final", "a "+declared+" state has no states inside it", "")
	}
	for _, name := range []string{"history", "target"} {
		if m, ok := members[name]; ok && s.Kind != History {
			p.doc.Report(m.Key, source.Join(path, name), "never", name+" only applies to a history state", "")
		}
	}
	if m, ok := members["initial"]; ok && s.Kind != Compound && s.Parent != nil {
		hint := ""
		if s.Kind == Parallel {
			hint = "all states inside a parallel state are active at once"
		}
		p.doc.Report(m.Key, source.Join(path, "initial"), "initial", "only a compound state can have an initial state", hint)
	}
	if declared == "parallel" && len(s.Children) == 0 || s.Kind == Parallel && len(s.Regions()) == 0 {
		p.doc.Report(node, path, "required", "a parallel state requires states inside: its regions", "")
	}
	if s.Kind == Compound && s.Initial != nil && !slices.ContainsFunc(s.Children, func(c *State) bool { return c.Kind != History }) {
		p.doc.Report(node, path, "required", "there are only history states inside", "")
	}
}

// historyState reads {type: history, history: shallow | deep, target}. true is shallow, as in XState 4.
func (p *parser) historyState(s *State, path string, members source.Members) {
	s.Kind = History
	if m, ok := members["history"]; ok {
		switch m.Value.Value {
		case "shallow", "true":
		case "deep":
			s.Deep = true
		default:
			p.doc.Unknown(m.Value, source.Join(path, "history"), "history", m.Value.Value, []string{"shallow", "deep"})
		}
	}
	if s.Parent.Parent == nil {
		p.doc.Warn(p.nodes[s], path, "never", "a history state at the top has no effect: the workflow itself is never exited", "")
	}
	if m, ok := members["target"]; ok && !source.IsNull(m.Value) {
		p.targets(pendingTarget{history: s}, m.Value, source.Join(path, "target"))
	}
	for _, name := range []string{"on", "always", "after", "onDone", "onError", "entry", "exit", "invoke", "tags", "by"} {
		if m, ok := members[name]; ok {
			p.doc.Report(m.Key, source.Join(path, name), "never", "a history state is never active: it cannot have "+name, "")
		}
	}
}

// initial reads the name of the first state, or {target, actions}.
func (p *parser) initial(s *State, node *yaml.Node, path string, members source.Members) {
	s.Initial = s.Children[0]
	m, ok := members["initial"]
	if !ok {
		p.doc.Report(node, source.Join(path, "initial"), "required", "initial is missing: which state is entered first?", "")
		return
	}
	at, target := source.Join(path, "initial"), m.Value
	if target.Kind == yaml.MappingNode {
		inner := p.doc.Fields(target, at, "target", "actions", "description", "meta")
		if m, ok := inner["actions"]; ok {
			s.begin = p.actions(m.Value, source.Join(at, "actions"), s)
		}
		if target, at = inner["target"].Value, source.Join(at, "target"); target == nil {
			p.doc.Report(m.Key, at, "required", "initial is missing: which state is entered first?", "")
			return
		}
	}
	name := strings.TrimPrefix(p.doc.String(target, at), ".")
	for _, child := range s.Children {
		if child.Name == name {
			s.Initial = child
			return
		}
	}
	p.doc.Unknown(target, at, "state", name, childNames(s))
}

func childNames(s *State) []string {
	var found []string
	for _, child := range s.Children {
		found = append(found, child.Name)
	}
	return found
}
