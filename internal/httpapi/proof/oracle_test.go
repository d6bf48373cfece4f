package proof

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/cases"
	"ballerine/internal/statechart"
)

// The oracle knows a workflow by its file, and a case by its record. It shares no code with the product.

// Those who can send an event, as definitions name them.
const (
	applicant = "applicant"
	client    = "client"
	reviewer  = "reviewer"
	approver  = "approver"
)

var (
	outside = []string{applicant, client}
	people  = []string{reviewer, approver}
	anybody = []string{applicant, client, reviewer, approver}
)

// place is a state of a definition; the root has the empty path.
type place struct {
	path, kind string
	above      *place
	order      int
	tags, by   []string
	arcs       []*arc
	sources    map[string]string // of its work, by id
}

// arc is a transition that somebody can ask for. Without to it moves nothing; forbidden ones stop the event.
type arc struct {
	event     string
	from      *place
	to        []*place
	guard     func(r cases.Record) bool
	by        []string
	forbidden bool
	reenter   bool
}

// book is a definition as it is written.
type book struct {
	places  []*place // in the order of the document; the root first
	byPath  map[string]*place
	byID    map[string]*place
	offered []string // events that the pages name
	careful bool     // a decision in favour of a case always takes two people
	late    []func() // targets and guards, once all places are known
	guards  map[string]func(r cases.Record) bool
}

// read reads a definition. Guards that are text have the meaning in guards; a text that it does not have is an error.
func read(text []byte, guards map[string]func(r cases.Record) bool) (*book, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	b := &book{byPath: map[string]*place{}, byID: map[string]*place{}, guards: map[string]func(r cases.Record) bool{}}
	maps.Copy(b.guards, guards)
	root := document.Content[0]
	b.careful = member(member(root, "review"), "four_eyes") != nil
	b.place(nil, "", root)
	for _, page := range list(member(member(root, "flow"), "pages")) {
		if event := member(page, "event"); event != nil {
			b.offered = append(b.offered, event.Value)
		}
	}
	for _, settle := range b.late {
		settle()
	}
	for text := range b.guards {
		if b.guards[text] == nil {
			return nil, fmt.Errorf("say what the guard means: %s", text)
		}
	}
	return b, nil
}

func member(node *yaml.Node, name string) *yaml.Node {
	for i := 0; node != nil && node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			return node.Content[i+1]
		}
	}
	return nil
}

// list is a sequence's elements; one thing is a list of one, nothing none.
func list(node *yaml.Node) []*yaml.Node {
	switch {
	case node == nil || node.Tag == "!!null":
		return nil
	case node.Kind == yaml.SequenceNode:
		return node.Content
	}
	return []*yaml.Node{node}
}

func words(node *yaml.Node) (found []string) {
	for _, one := range list(node) {
		found = append(found, one.Value)
	}
	return found
}

func (b *book) place(above *place, path string, node *yaml.Node) {
	p := &place{path: path, above: above, order: len(b.places), tags: words(member(node, "tags")), by: words(member(node, "by")), kind: "atomic"}
	b.places = append(b.places, p)
	b.byPath[path] = p
	if id := member(node, "id"); id != nil {
		b.byID[id.Value] = p
	}
	if kind := member(node, "type"); kind != nil {
		p.kind = kind.Value
	}
	if inner := member(node, "states"); inner != nil {
		if p.kind == "atomic" {
			p.kind = "compound"
		}
		for i := 0; i+1 < len(inner.Content); i += 2 {
			b.place(p, strings.TrimPrefix(path+"."+inner.Content[i].Value, "."), inner.Content[i+1])
		}
	}
	p.sources = map[string]string{}
	for _, stage := range list(member(node, "invoke")) {
		for _, work := range append(list(member(stage, "parallel")), stage) {
			if id, source := member(work, "id"), member(work, "src"); id != nil && source != nil {
				p.sources[id.Value] = source.Value
			}
		}
	}
	on := member(node, "on")
	for i := 0; on != nil && i+1 < len(on.Content); i += 2 {
		b.arcs(p, on.Content[i].Value, on.Content[i+1])
	}
}

func (b *book) arcs(p *place, event string, node *yaml.Node) {
	if isReport(event) { // nobody's who calls
		return
	}
	if node.Tag == "!!null" || node.Kind == yaml.MappingNode && len(node.Content) == 0 {
		p.arcs = append(p.arcs, &arc{event: event, from: p, forbidden: true})
		return
	}
	for _, one := range list(node) {
		a := &arc{event: event, from: p}
		p.arcs = append(p.arcs, a)
		targets := []*yaml.Node{one}
		if one.Kind == yaml.MappingNode {
			targets, a.by = list(member(one, "target")), words(member(one, "by"))
			again := member(one, "reenter")
			a.reenter = again != nil && again.Value == "true"
			if guard := member(one, "guard"); guard != nil {
				b.late = append(b.late, func() { a.guard = b.guard(p, guard) })
			}
		}
		b.late = append(b.late, func() {
			for _, target := range targets {
				a.to = append(a.to, b.named(p, target.Value))
			}
		})
	}
}

// named finds a target: "#id", or a state beside the one that names it.
func (b *book) named(from *place, name string) *place {
	if id, ok := strings.CutPrefix(name, "#"); ok {
		return b.byID[id]
	}
	beside := from
	if from.above != nil {
		beside = from.above
	}
	return b.byPath[strings.TrimPrefix(beside.path+"."+name, ".")]
}

// guard is what a condition means. Besides those of the map there are "n <500", "n >=500" and {type: in-state}.
func (b *book) guard(from *place, node *yaml.Node) func(r cases.Record) bool {
	if state := member(node, "state"); state != nil {
		wanted := b.named(from, state.Value)
		return func(r cases.Record) bool { return slices.Contains(b.active(r), wanted) }
	}
	var bound float64
	if n, _ := fmt.Sscanf(node.Value, "n <%g", &bound); n == 1 {
		return func(r cases.Record) bool { n, known := r.Context["n"].(float64); return known && n < bound }
	}
	if n, _ := fmt.Sscanf(node.Value, "n >=%g", &bound); n == 1 {
		return func(r cases.Record) bool { n, known := r.Context["n"].(float64); return known && n >= bound }
	}
	meaning := b.guards[node.Value]
	if meaning == nil {
		b.guards[node.Value] = nil // set by read
	}
	return meaning
}

// inside reports whether a place lies somewhere in another one.
func (p *place) inside(other *place) bool {
	for at := p.above; at != nil; at = at.above {
		if at == other {
			return true
		}
	}
	return false
}

func (p *place) tagged(tag string) bool { return slices.Contains(p.tags, tag) }

// active are the places where a case is, without the root, in the order of the document.
func (b *book) active(r cases.Record) (found []*place) {
	for _, a := range r.Snapshot.Active {
		found = append(found, b.byPath[a.State])
	}
	slices.SortFunc(found, func(x, y *place) int { return cmp.Compare(x.order, y.order) })
	return found
}

// leaves are the innermost places where a case is.
func (b *book) leaves(r cases.Record) []*place {
	return slices.DeleteFunc(b.active(r), func(p *place) bool { return p.kind != "atomic" && p.kind != "final" })
}

// isReport reports whether an event is a report of a child.
func isReport(event string) bool { return strings.HasPrefix(event, "child.") }

// matching are what a place has for an event: by its name, then by wildcards, the longest first. They are looked at in
// this order until one is taken or forbids.
func (p *place) matching(event string, wild bool) (found []*arc) {
	for _, a := range p.arcs {
		if a.event == event {
			found = append(found, a)
		}
	}
	var globs []*arc
	for _, a := range p.arcs {
		prefix, glob := strings.CutSuffix(a.event, "*")
		if wild && glob && (strings.HasPrefix(event, prefix) || event+"." == prefix) {
			globs = append(globs, a)
		}
	}
	slices.SortStableFunc(globs, func(x, y *arc) int { return len(y.event) - len(x.event) })
	return append(found, globs...)
}

// taken are the transitions that an event would take (SCXML: for each leaf the innermost that holds; of two that leave the
// same places the inner one, else the first).
func (b *book) taken(r cases.Record, event string, wild bool) (chosen []*arc) {
	for _, leaf := range b.leaves(r) {
		if a := b.upwards(leaf, r, event, wild); a != nil && !slices.Contains(chosen, a) {
			chosen = append(chosen, a)
		}
	}
	var kept []*arc
next:
	for _, a := range chosen {
		beaten := map[*arc]bool{}
		for _, other := range kept {
			if !b.collide(r, a, other) {
				continue
			}
			if !a.from.inside(other.from) {
				continue next
			}
			beaten[other] = true
		}
		kept = append(slices.DeleteFunc(kept, func(other *arc) bool { return beaten[other] }), a)
	}
	return kept
}

func (b *book) upwards(leaf *place, r cases.Record, event string, wild bool) *arc {
	for p := leaf; p != nil; p = p.above {
		for _, a := range p.matching(event, wild) {
			if a.forbidden {
				return nil
			}
			if a.guard == nil || a.guard(r) {
				return a
			}
		}
	}
	return nil
}

// left is what a transition leaves: everything inside the nearest place around it and its targets. One that stays within
// its source leaves the source alone, unless it has reenter.
func (b *book) left(r cases.Record, a *arc) (found []*place) {
	if len(a.to) == 0 {
		return nil
	}
	around := func(p *place, itself bool) bool {
		return !slices.ContainsFunc(a.to, func(to *place) bool { return !to.inside(p) && (!itself || to != p) })
	}
	domain := a.from
	if a.reenter || !around(a.from, true) {
		for domain = a.from.above; domain != nil && !around(domain, false); domain = domain.above {
		}
	}
	if domain == nil {
		domain = b.places[0]
	}
	return slices.DeleteFunc(b.active(r), func(p *place) bool { return !p.inside(domain) })
}

func (b *book) collide(r cases.Record, x, y *arc) bool {
	others := b.left(r, y)
	return slices.ContainsFunc(b.left(r, x), func(p *place) bool { return slices.Contains(others, p) })
}

// reviewed: people decide here. The tag declares it, or an audience that names them alone.
func (p *place) reviewed() bool {
	return p.tagged("manual_review") || len(p.by) > 0 && !shares(p.by, outside)
}

// whose states for whom a transition is (ADR 27).
func (b *book) whose(r cases.Record, a *arc, event string) []string {
	if len(a.by) > 0 {
		return a.by
	}
	left := b.left(r, a)
	for _, p := range b.active(r) {
		beside := slices.Contains(left, p) && p != a.from && !a.from.inside(p)
		if p.reviewed() && (p.inside(a.from) || beside) {
			return []string{reviewer}
		}
	}
	for p := a.from; p != nil; p = p.above {
		switch {
		case len(p.by) > 0:
			return p.by
		case p.tagged("manual_review"):
			return []string{reviewer}
		case p.tagged("collection_flow"):
			return outside
		}
	}
	if slices.Contains(b.offered, event) {
		return outside
	}
	return []string{client}
}

// may reports whether somebody who can be taken for any of these may send an event, and it does something.
func (b *book) may(r cases.Record, who []string, event string) bool {
	chosen := b.taken(r, event, true)
	return len(chosen) > 0 && shares(who, b.common(r, chosen, event))
}

func (b *book) common(r cases.Record, chosen []*arc, event string) []string {
	all := slices.Clone(anybody)
	for _, a := range chosen {
		all = both(all, b.whose(r, a, event))
	}
	return all
}

// known are the events that are named where the case is.
func (b *book) known(r cases.Record) (found []string) {
	for _, p := range append(b.active(r), b.places[0]) {
		for _, a := range p.arcs {
			if !strings.HasSuffix(a.event, "*") && !slices.Contains(found, a.event) {
				found = append(found, a.event)
			}
		}
	}
	return found
}

// events are all that the definition names, and some that it does not.
func (b *book) events() []string {
	found := []string{"NOPE", "approve", "X.other"}
	for _, p := range b.places {
		for _, a := range p.arcs {
			if !strings.HasSuffix(a.event, "*") && !slices.Contains(found, a.event) {
				found = append(found, a.event)
			}
		}
	}
	return found
}

// writes reports whether the case takes data and documents of somebody outside: in a state that collects, or, where no tag
// says, in one that has an event of theirs and no work to do.
func (b *book) writes(r cases.Record, who string) bool {
	return slices.ContainsFunc(b.leaves(r), func(leaf *place) bool { return b.writesIn(r, leaf, who) })
}

func (b *book) writesIn(r cases.Record, leaf *place, who string) bool {
	for p := leaf; p != nil; p = p.above {
		switch {
		case len(p.by) > 0 && !shares(p.by, outside), len(p.by) == 0 && p.tagged("manual_review"):
			return false
		case p.tagged("collection_flow") && len(p.by) > 0:
			return slices.Contains(p.by, who)
		case p.tagged("collection_flow"):
			return slices.Contains(outside, who) // a key that may write nothing is nobody
		}
	}
	for p := leaf; p.above != nil; p = p.above {
		if busy(r, p) {
			return false
		}
		for _, a := range p.arcs {
			if !a.forbidden && slices.Contains(b.whose(r, a, a.event), who) {
				return true
			}
		}
	}
	return false
}

// busy reports whether the work of a place has not ended.
func busy(r cases.Record, p *place) bool {
	for _, a := range r.Snapshot.Active {
		for _, work := range a.Work {
			if a.State == p.path && work.Status != statechart.WorkDone && work.Status != statechart.WorkFailed {
				return true
			}
		}
	}
	return false
}

func shares(a, b []string) bool { return len(both(a, b)) > 0 }

func both(a, b []string) (found []string) {
	for _, name := range a {
		if slices.Contains(b, name) {
			found = append(found, name)
		}
	}
	return found
}
