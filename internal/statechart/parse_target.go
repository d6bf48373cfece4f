package statechart

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/expr"
	"ballerine/internal/source"
)

// pendingTarget is a target to resolve when all states are known: of a transition, or of a history state.
type pendingTarget struct {
	transition *Transition
	history    *State
	node       *yaml.Node
	path       string
	text       string
}

// target is the place of a transition's targets in the document.
type target struct {
	node *yaml.Node
	path string
}

type pendingState struct {
	guard *inStateGuard
	from  *State
	node  *yaml.Node
	path  string
}

// namedEvent is an event of children with its place in the document.
type namedEvent struct {
	name string
	node *yaml.Node
	path string
}

// targets reads one target or a list of them.
func (p *parser) targets(of pendingTarget, node *yaml.Node, path string) {
	if of.transition != nil {
		p.places[of.transition] = target{node, path}
	}
	for i, element := range source.Sequence(node) {
		of.node, of.path = element, path
		if node.Kind == yaml.SequenceNode {
			of.path = fmt.Sprintf("%s[%d]", path, i)
		}
		of.text = p.doc.String(element, of.path)
		p.pending = append(p.pending, of)
	}
}

// resolve finds the targets: a sibling or child by name, a path from there, ".child", or "#id" with a path behind it.
func (p *parser) resolve() {
	for _, pending := range p.pending {
		if pending.history != nil {
			p.resolveDefault(pending)
			continue
		}
		t := pending.transition
		if found := p.find(t.Source, pending.text); found != nil {
			t.Targets = append(t.Targets, found)
			p.ambiguous(pending, found)
		} else if isFailure(t.Event) && pending.text == targetContinue && p.places[t].node == pending.node {
			t.Continues = true
		} else if pending.text != "" {
			p.unknownTarget(pending)
		}
	}
	for _, pending := range p.inState {
		text := p.doc.String(pending.node, pending.path)
		if pending.guard.state = p.find(pending.from, text); pending.guard.state == nil {
			p.doc.Unknown(pending.node, pending.path, "state", text, p.stateNames())
		}
	}
	for _, s := range p.chart.states {
		if s.Kind == Compound && s.Initial != nil && s.Initial.Kind == History && len(s.Initial.Default) == 0 {
			p.doc.Report(p.nodes[s.Initial], p.paths[s.Initial], "history", "the initial state is a history state: it needs a target for the first time", "")
			p.partial = true
		}
		for _, t := range s.outgoing() {
			p.checkCompatible(t)
		}
	}
}

// targetContinue is not a state: `onError: continue` continues with the next work of the state.
const targetContinue = "continue"

// isFailure reports whether an event is the failure of work.
func isFailure(event string) bool {
	return strings.HasPrefix(event, "error.invoke.") || strings.HasPrefix(event, "error.work.")
}

// ambiguous reports a state whose name conflicts with the keyword.
func (p *parser) ambiguous(pending pendingTarget, found *State) {
	if isFailure(pending.transition.Event) && pending.text == targetContinue {
		p.doc.Warn(pending.node, pending.path, "ambiguous", "continue is the state "+found.Path+" here, not the keyword that continues with the next work", "rename the state, or write #"+found.Path)
	}
}

// resolveDefault finds where a history state leads before anything is remembered: inside its parent.
func (p *parser) resolveDefault(pending pendingTarget) {
	h := pending.history
	found := p.find(h, pending.text)
	switch {
	case found == nil:
		p.unknownTarget(pending)
	case !found.isInside(h.Parent) || found == h:
		p.doc.Report(pending.node, pending.path, "history", "a history state leads into its parent: "+found.Path+" is outside", "")
	case found.Kind == History:
		p.doc.Report(pending.node, pending.path, "history", "a history state cannot lead to another one", "")
	default:
		h.Default = append(h.Default, found)
	}
}

// checkCompatible checks that several targets can be active at once: each pair in different regions.
func (p *parser) checkCompatible(t *Transition) {
	for i, a := range t.Targets {
		for _, b := range t.Targets[i+1:] {
			common := a
			for common != nil && common != b && !b.isInside(common) {
				common = common.Parent
			}
			if common == nil || common == a || common == b || common.Kind != Parallel {
				at := p.places[t]
				p.doc.Report(at.node, at.path, "targets", a.Path+" and "+b.Path+" cannot be active at once", "several targets are in different regions of a parallel state")
				return
			}
		}
	}
}

// unknownTarget reports a target that is not there. The state that was probably meant counts as reached, so that one
// misspelling is one problem.
func (p *parser) unknownTarget(pending pendingTarget) {
	meant := expr.Suggest(pending.text, p.stateNames())
	hint := "known: " + strings.Join(p.stateNames(), ", ")
	if meant != "" {
		hint = "did you mean " + meant + "?"
	} else if len(p.chart.states) > 25 {
		hint = ""
	}
	p.doc.Report(pending.node, pending.path, "unknown_target", "there is no state "+pending.text, hint)
	if meant == "" {
		p.lost = append(p.lost, pending.text)
	}
	if pending.transition != nil {
		p.meant[pending.transition] = p.chart.byPath[meant]
	}
}

func (p *parser) find(from *State, text string) *State {
	if id, ok := strings.CutPrefix(text, "#"); ok {
		if s, found := p.byID[id]; found {
			return s
		}
		name, rest, _ := strings.Cut(id, ".")
		if s, found := p.byID[name]; found {
			return p.below(s, rest)
		}
		return p.chart.byPath[id]
	}
	if rest, ok := strings.CutPrefix(text, "."); ok {
		return p.below(from, rest)
	}
	for scope := from.Parent; scope != nil; scope = scope.Parent {
		if s := p.below(scope, text); s != nil {
			return s
		}
	}
	return p.below(p.chart.root, text)
}

func (p *parser) below(s *State, path string) *State {
	full := path
	if s.Path != "" {
		full = s.Path + "." + path
	}
	return p.chart.byPath[full]
}

func (p *parser) stateNames() []string {
	var found []string
	for _, s := range p.chart.states[1:] {
		found = append(found, s.Path)
	}
	return found
}
