package workflow

import (
	"fmt"
	"strings"

	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

// Graph draws the chart as "mermaid" (stateDiagram-v2) or "dot" (Graphviz). The same workflow always produces the same text.
func Graph(w *Workflow, format string) (string, error) {
	switch format {
	case "mermaid":
		g := &drawing{w: w}
		g.line(0, "stateDiagram-v2")
		g.mermaid(w.Chart.Root(), 1)
		return g.b.String(), nil
	case "dot":
		g := &drawing{w: w}
		g.line(0, "digraph %s {", quote(w.ID))
		g.line(1, "compound=true; rankdir=LR; node [shape=box, style=rounded]; start [shape=point];")
		g.dot(w.Chart.Root(), 1)
		for _, leaf := range w.Chart.Root().Leaves() {
			g.line(1, "start -> %s;", quote(leaf.Path))
		}
		g.dotEdges()
		g.line(0, "}")
		return g.b.String(), nil
	}
	return "", problem.New(problem.Invalid, "There is no graph format of this name: mermaid, dot.")
}

type drawing struct {
	w *Workflow
	b strings.Builder
}

func (g *drawing) line(indent int, format string, args ...any) {
	g.b.WriteString(strings.Repeat("  ", indent))
	fmt.Fprintf(&g.b, format, args...)
	g.b.WriteByte('\n')
}

// node is a name that Mermaid accepts for a path. Underscores are doubled, so that no two paths share a name.
func node(path string) string {
	return strings.NewReplacer("_", "__", "-", "_d", ".", "_s").Replace(path)
}

func (g *drawing) mermaid(s *statechart.State, indent int) {
	if s.Kind == statechart.Parallel {
		g.regions(s, indent)
	} else {
		for _, child := range s.Children {
			g.state(child, indent)
		}
	}
	if s.Initial != nil {
		g.line(indent, "[*] --> %s", node(s.Initial.Path))
	}
	for _, child := range s.Children {
		for _, t := range all(child) {
			for _, target := range t.Targets {
				g.line(indent, "%s --> %s : %s", node(child.Path), node(target.Path), mermaidText(label(t)))
			}
		}
		for _, target := range child.Default {
			g.line(indent, "%s --> %s : at first", node(child.Path), node(target.Path))
		}
		if child.Kind == statechart.Final {
			g.line(indent, "%s --> [*]", node(child.Path))
		}
	}
	if s.Parent == nil {
		g.rootMermaid(s, indent)
	}
}

// regions draws the states of a parallel state beside each other.
func (g *drawing) regions(s *statechart.State, indent int) {
	for i, region := range s.Children {
		if i > 0 {
			g.line(indent, "--")
		}
		g.state(region, indent)
	}
}

func (g *drawing) state(s *statechart.State, indent int) {
	g.line(indent, `state "%s" as %s`, nameOfState(s), node(s.Path))
	if len(s.Children) > 0 {
		g.line(indent, "state %s {", node(s.Path))
		g.mermaid(s, indent+1)
		g.line(indent, "}")
	}
}

// nameOfState marks history states as the field does: H, and H* for deep ones.
func nameOfState(s *statechart.State) string {
	switch {
	case s.Kind == statechart.History && s.Deep:
		return s.Name + " (H*)"
	case s.Kind == statechart.History:
		return s.Name + " (H)"
	}
	return s.Name
}

// rootMermaid draws the chart's own transitions, which start at any state, as a note.
func (g *drawing) rootMermaid(s *statechart.State, indent int) {
	for _, t := range all(s) {
		for _, target := range t.Targets {
			g.line(indent, "note right of %s : from any state on %s", node(target.Path), mermaidText(label(t)))
		}
	}
}

// mermaidText escapes what ends a label or begins another statement.
func mermaidText(text string) string {
	return strings.NewReplacer("#", "#35;", ";", "#59;", ":", "#58;", "\n", " ", "\r", " ", "<", "#60;", ">", "#62;").Replace(text)
}

func (g *drawing) dot(s *statechart.State, indent int) {
	for _, child := range s.Children {
		switch child.Kind {
		case statechart.Compound, statechart.Parallel:
			g.line(indent, "subgraph %s {", quote("cluster_"+child.Path))
			g.line(indent+1, "label=%s; style=%s;", quote(child.Name), map[bool]string{true: "dashed", false: "solid"}[s.Kind == statechart.Parallel])
			g.dot(child, indent+1)
			g.line(indent, "}")
		case statechart.Final:
			g.line(indent, "%s [label=%s, peripheries=2];", quote(child.Path), quote(child.Name))
		case statechart.History:
			g.line(indent, "%s [label=%s, shape=circle];", quote(child.Path), quote(map[bool]string{true: "H*", false: "H"}[child.Deep]))
		default:
			g.line(indent, "%s [label=%s];", quote(child.Path), quote(child.Name))
		}
	}
}

func (g *drawing) dotEdges() {
	for _, s := range append([]*statechart.State{g.w.Chart.Root()}, g.w.Chart.States()...) {
		for _, t := range all(s) {
			for _, target := range t.Targets {
				g.edge(s, target, label(t))
			}
		}
		for _, target := range s.Default {
			g.edge(s, target, "at first")
		}
	}
}

// edge connects states; one that has states inside is cut at its border.
func (g *drawing) edge(s, target *statechart.State, text string) {
	from, ends := tip(s), ""
	if s.Parent == nil {
		from = "start"
	} else if len(s.Children) > 0 {
		ends += ", ltail=" + quote("cluster_"+s.Path)
	}
	if len(target.Children) > 0 {
		ends += ", lhead=" + quote("cluster_"+target.Path)
	}
	g.line(1, "%s -> %s [label=%s%s];", quote(from), quote(tip(target)), quote(text), ends)
}

// tip is the node that represents a state.
func tip(s *statechart.State) string {
	if s.Kind == statechart.History {
		return s.Path
	}
	return s.Leaf().Path
}

func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ", "\r", " ").Replace(text) + `"`
}

// all transitions of a state, those of its work included.
func all(s *statechart.State) []*statechart.Transition {
	found := append([]*statechart.Transition{}, s.Transitions...)
	for _, i := range s.Invocations {
		found = append(append(found, i.OnDone...), i.OnError...)
	}
	return found
}

// label states when a transition is taken.
func label(t *statechart.Transition) string {
	text := t.Event
	switch {
	case text == "":
		text = "always"
	case strings.HasPrefix(text, "after."):
		for _, timer := range t.Source.Timers {
			if timer.Event == text {
				text = "after " + timer.Delay.Text
			}
		}
	case strings.HasPrefix(text, "done.state."):
		text = "done"
	case strings.HasPrefix(text, "error.work."):
		text = "error"
	case strings.HasPrefix(text, "done.invoke."):
		text = strings.TrimPrefix(text, "done.invoke.") + " done"
	case strings.HasPrefix(text, "error.invoke."):
		text = strings.TrimPrefix(text, "error.invoke.") + " failed"
	}
	if t.Guarded {
		text += " [" + t.GuardText + "]"
	}
	return text
}
