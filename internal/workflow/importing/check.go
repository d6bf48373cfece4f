package importing

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// check refuses what depends on the machine as a whole: where XState chooses otherwise than SCXML does.
func (i *importer) check() {
	i.machine.walk(func(s *state) {
		if s.kind == "parallel" {
			i.selection(s)
			i.races(s)
		}
	})
	for _, wild := range i.moves {
		if wild.event == "*" {
			i.wildcard(wild)
		}
	}
}

// named reports whether it follows on an event that is sent, or on none; not on a deadline or an end.
func (m move) named() bool {
	return !slices.Contains([]string{"after", "done.state", "done.invoke", "error.invoke"}, m.event)
}

// meets reports whether one event can set off both.
func (m move) meets(other move) bool {
	a, b := m.event, other.event
	if a == "" || b == "" {
		return a == b
	}
	return a == b || glob(a, b) || glob(b, a)
}

func glob(pattern, event string) bool {
	if pattern == "*" {
		return true
	}
	prefix, ok := strings.CutSuffix(pattern, ".*")
	return ok && (strings.HasPrefix(event, prefix+".") || event == prefix || strings.HasPrefix(strings.TrimSuffix(event, ".*"), prefix+"."))
}

// selection: when a region of a parallel state acts on an event, XState does not consult the states around them; here
// they are consulted by the regions that do not act. The difference shows when one of the two leaves no state.
func (i *importer) selection(parallel *state) {
	for _, inner := range i.moves {
		if !inner.source.inside(parallel) || !inner.named() {
			continue
		}
		for _, outer := range i.moves {
			if !parallel.within(outer.source) || !outer.named() || !inner.meets(outer) || len(inner.targets) > 0 && !inner.stays && len(outer.targets) > 0 || len(outer.targets) == 0 && outer.silent() {
				continue
			}
			i.doc.Report(i.nodeOf(inner), inner.at, "not_carried", "on "+orEventless(inner.event)+" XState evaluates "+outer.source.title()+" only when no region of "+parallel.title()+" reacts; here each region that does not react evaluates it",
				"rename one of the two")
			return
		}
	}
}

// silent: it has no effect at all.
func (m move) silent() bool {
	_, acts := lookup(m.node, "actions")
	return len(m.targets) == 0 && !acts
}

func orEventless(event string) string {
	if event == "" {
		return "eventless transitions"
	}
	return event
}

// races: of two regions that move at once, one of which leaves the other, XState 4 mixes both; and of eventless transitions
// the order in which the regions were entered decides, not that of the document.
func (i *importer) races(parallel *state) {
	for _, one := range i.moves {
		if !one.source.inside(parallel) || !one.named() || i.version == 5 && one.event != "" {
			continue
		}
		region := one.source.region(parallel)
		if !slices.ContainsFunc(one.targets, func(to *state) bool { return !to.within(region) }) {
			continue
		}
		for _, other := range i.moves {
			if !other.source.inside(parallel) || !other.named() || other.source.region(parallel) == region || !one.meets(other) {
				continue
			}
			i.doc.Report(i.nodeOf(one), one.at, "not_carried", "on "+orEventless(one.event)+" this leaves "+region.title()+" while "+other.source.title()+" moves as well; XState and this system choose differently between them",
				"guard both, or rename one")
			return
		}
	}
}

// wildcard: in XState * also matches the ends of states and work and deadlines that no other transition takes.
func (i *importer) wildcard(wild move) {
	refused := ""
	i.machine.walk(func(s *state) {
		if refused != "" || !concurrent(wild.source, s) {
			return
		}
		for what, happens := range map[string]bool{"after": i.waits(s), "done.state": s.ends(), "done.invoke": i.invokes(s), "error.invoke": i.invokes(s)} {
			before := what == "after" && s == wild.source && i.version != 5 // XState 4 asks a state's wildcard before its deadlines
			if happens && (before || !s.within(wild.source) || !i.surely(s, what)) {
				refused = map[string]string{"after": "a deadline of ", "done.state": "the end of ", "done.invoke": "the end of work of ", "error.invoke": "a failure of work of "}[what] + s.title()
			}
		}
	})
	if refused != "" {
		i.doc.Report(i.nodeOf(wild), wild.at, "not_carried", "in XState * also matches "+refused+"; here a wildcard only matches events that are sent", "list the intended events, and use onDone or onError for the end of work")
	}
}

func (i *importer) waits(s *state) bool   { _, ok := lookup(s.node, "after"); return ok }
func (i *importer) invokes(s *state) bool { _, ok := lookup(s.node, "invoke"); return ok }

// ends reports whether a state below the machine can come to an end.
func (s *state) ends() bool {
	if s.parent == nil {
		return false
	}
	found := false
	s.walk(func(inner *state) { found = found || inner.kind == "final" && inner.parent == s })
	return found || s.kind == "parallel" && !slices.ContainsFunc(s.children, func(c *state) bool { return c.kind != "history" && c.kind != "final" && !c.ends() })
}

// surely reports whether what happens to a state is always taken by the state itself.
func (i *importer) surely(s *state, event string) bool {
	last := map[string]bool{} // by place without its number: a delay, a piece of work
	for _, m := range i.moves {
		if m.source == s && m.event == event {
			at, _, _ := strings.Cut(m.at[len(s.at):], "[")
			last[at] = last[at] || !m.guarded
		}
	}
	for _, sure := range last {
		if !sure {
			return false
		}
	}
	if event == "done.invoke" || event == "error.invoke" {
		m, _ := lookup(s.node, "invoke")
		return len(last) > 0 && len(elements(m.Value)) == 1
	}
	return len(last) > 0
}

// nodeOf is where a transition is written; a forbidden event may have no node.
func (i *importer) nodeOf(m move) *yaml.Node {
	if m.node != nil {
		return m.node
	}
	return m.source.node
}
