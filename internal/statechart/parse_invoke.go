package statechart

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/expr"
	"ballerine/internal/source"
)

func splitPath(path string) []string { return strings.Split(path, ".") }

// given are the names that guards see beside the context's own fields: work cannot write them.
var given = []string{"event", "documents", "children"}

// Sources are the tasks that can do a state's work.
var sources = []string{"vendor", "rules", "document", "children", "screening"}

// invocations reads invoke: one entry or a list, done in their order; those of {parallel: […]} at once.
func (p *parser) invocations(s *State, node *yaml.Node, path string) {
	if source.IsNull(node) {
		return
	}
	if s.Kind != Atomic {
		p.doc.Report(node, path, "unsupported", "only an atomic state can invoke work", "move invoke into the initial state, or into a region of its own")
		return
	}
	stage := 0
	for i, element := range source.Sequence(node) {
		at := path
		if node.Kind == yaml.SequenceNode {
			at = fmt.Sprintf("%s[%d]", path, i)
		}
		before := len(s.Invocations)
		if m := p.atOnce(element, at); m.Value != nil {
			for j, inner := range source.Sequence(m.Value) {
				p.invocation(s, inner, fmt.Sprintf("%s.parallel[%d]", at, j), stage)
			}
		} else {
			p.invocation(s, element, at, stage)
		}
		if len(s.Invocations) > before {
			stage++
		}
	}
}

// atOnce returns the list of an entry {parallel: […]}; an empty pair for any other entry.
func (p *parser) atOnce(node *yaml.Node, path string) source.Pair {
	if node.Kind != yaml.MappingNode {
		return source.Pair{}
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value != "parallel" {
			continue
		}
		m := p.doc.Fields(node, path, "parallel", "description")["parallel"]
		if m.Value != nil && (m.Value.Kind != yaml.SequenceNode || len(m.Value.Content) == 0) {
			p.doc.Report(m.Value, source.Join(path, "parallel"), "type", "parallel must be a list of entries that run concurrently", "")
			return source.Pair{Value: &yaml.Node{Kind: yaml.SequenceNode}}
		}
		return m
	}
	return source.Pair{}
}

func (p *parser) invocation(s *State, node *yaml.Node, path string, stage int) {
	members := p.doc.Fields(node, path, "src", "id", "input", "timeout", "retry", "onDone", "onError", "description")
	i := &Invocation{state: s, Input: map[string]any{}, Stage: stage}
	i.Source = p.required(members, node, path, "src")
	if i.Source != "" {
		p.sourceName(members["src"].Value, source.Join(path, "src"), i.Source)
	}
	if i.ID = p.required(members, node, path, "id"); i.ID != "" {
		p.name(members["id"].Value, source.Join(path, "id"), i.ID)
		if _, twice := s.Invocation(i.ID); twice {
			p.doc.Report(members["id"].Value, source.Join(path, "id"), "duplicate", "the id "+i.ID+" occurs twice in this state", "")
		}
		if slices.Contains(given, i.ID) || strings.Contains(i.ID, "-") {
			p.doc.Report(members["id"].Value, source.Join(path, "id"), "name", "the id becomes a field of the context: letters, digits and _, and not "+strings.Join(given, ", "), "")
		}
	}
	switch m, ok := members["input"]; {
	case i.Source == "children":
		p.childrenInput(i, m, node, source.Join(path, "input"))
	case ok && !source.IsNull(m.Value):
		p.input(i, m.Value, source.Join(path, "input"))
	}
	if m, ok := members["timeout"]; ok {
		i.Timeout = p.duration(m.Value, source.Join(path, "timeout"))
	}
	if m, ok := members["retry"]; ok {
		i.Retry = p.retry(m.Value, source.Join(path, "retry"))
	}
	if m, ok := members["onDone"]; ok {
		i.OnDone = p.list(s, doneInvoke(i.ID), m.Value, m.Key, source.Join(path, "onDone"))
	}
	if m, ok := members["onError"]; ok {
		i.OnError = p.list(s, errorInvoke(i.ID), m.Value, m.Key, source.Join(path, "onError"))
	}
	if p.options.Invocation != nil {
		p.options.Invocation(i, Place{Path: path, Node: node})
	}
	s.Invocations = append(s.Invocations, i)
}

func (p *parser) sourceName(node *yaml.Node, path, name string) {
	for _, known := range sources {
		if known == name {
			return
		}
	}
	p.doc.Unknown(node, path, "task", name, sources)
}

func (p *parser) required(members source.Members, node *yaml.Node, path, name string) string {
	m, ok := members[name]
	if !ok {
		p.doc.Report(node, source.Join(path, name), "required", name+" is missing", "")
		return ""
	}
	return p.doc.String(m.Value, source.Join(path, name))
}

// input reads {plugin: …, with: {name: expression}}.
func (p *parser) input(i *Invocation, node *yaml.Node, path string) {
	for _, pair := range p.doc.Mapping(node, path) {
		at := source.Join(path, pair.Name)
		if pair.Name != "with" {
			i.Input[pair.Name] = p.doc.Value(pair.Value, at)
			continue
		}
		i.With = map[string]*expr.Program{}
		for _, m := range p.members(source.Pair{Value: pair.Value}, pair.Value, at, nil) {
			i.With[m.name] = m.program
		}
	}
}

func (p *parser) duration(node *yaml.Node, path string) time.Duration {
	delay, ok := ParseDelay(p.doc.String(node, path))
	exact, fixed := delay.Exact()
	if !ok || !fixed {
		p.doc.Report(node, path, "duration", "this must be an ISO 8601 duration (PT30S) or milliseconds", "")
		return 0
	}
	return exact
}

func (p *parser) retry(node *yaml.Node, path string) *Retry {
	members := p.doc.Fields(node, path, "attempts", "interval", "rate", "max_interval", "jitter", "errors")
	r := &Retry{Attempts: 3, Interval: time.Second, Rate: 2, Jitter: true}
	if m, ok := members["attempts"]; ok {
		r.Attempts = p.bounded(m.Value, source.Join(path, "attempts"), 0, 100)
	}
	if m, ok := members["interval"]; ok {
		r.Interval = p.duration(m.Value, source.Join(path, "interval"))
	}
	if m, ok := members["rate"]; ok {
		r.Rate = p.doc.Number(m.Value, source.Join(path, "rate"))
		if r.Rate < 1 || r.Rate > 10 {
			p.doc.Report(m.Value, source.Join(path, "rate"), "range", "the rate must be a number from 1 to 10", "")
		}
	}
	if m, ok := members["max_interval"]; ok {
		r.MaxInterval = p.duration(m.Value, source.Join(path, "max_interval"))
	}
	if m, ok := members["jitter"]; ok {
		r.Jitter = p.doc.Bool(m.Value, source.Join(path, "jitter"))
	}
	if m, ok := members["errors"]; ok {
		r.Errors = p.doc.Strings(m.Value, source.Join(path, "errors"))
	}
	return r
}

func (p *parser) bounded(node *yaml.Node, path string, least, most int) int {
	n := p.doc.Number(node, path)
	if n != float64(int(n)) || int(n) < least || int(n) > most {
		p.doc.Report(node, path, "range", fmt.Sprintf("this must be a whole number from %d to %d", least, most), "")
		return least
	}
	return int(n)
}
