package importing

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/source"
)

// state of the machine that is imported.
type state struct {
	key, name string // in the input, and here
	id        string // XState's
	kind      string // atomic compound parallel final history
	node      *yaml.Node
	at        string // the place in the input
	parent    *state
	children  []*state
	work      bool // plugins of Ballerine run in it
}

// move is a transition, for what is checked over the whole machine.
type move struct {
	source  *state
	event   string // as here; "" for always
	targets []*state
	guarded bool
	stays   bool // it leaves no state
	inward  bool // it leads to the source or into it, and leaves the source alone
	node    *yaml.Node
	at      string
}

// build reads the states, without what they do.
func (i *importer) build(node *yaml.Node, parent *state, key, at string) *state {
	s := &state{key: key, name: key, node: node, at: at, parent: parent, kind: "atomic"}
	states, _ := lookup(node, "states")
	kind, _ := lookup(node, "type")
	history, remembers := lookup(node, "history")
	switch {
	case parent != nil && (kind.Value != nil && kind.Value.Value == "history" || kind.Value == nil && remembers && history.Value.Value != "false"):
		s.kind = "history"
	case len(pairs(states.Value)) > 0 && kind.Value != nil && kind.Value.Value == "parallel":
		s.kind = "parallel"
	case len(pairs(states.Value)) > 0:
		s.kind = "compound"
	case kind.Value != nil && kind.Value.Value == "final":
		s.kind = "final"
	}
	if id, ok := lookup(node, "id"); ok && id.Value.Kind == yaml.ScalarNode {
		s.id = id.Value.Value
	}
	if s.id == "" && parent != nil {
		s.id = parent.id + "." + key
	} else if key, ok := lookup(node, "key"); ok && s.id == "" {
		s.id = key.Value.Value
	}
	taken := map[string]bool{}
	for _, m := range pairs(states.Value) {
		child := i.build(m.Value, s, m.Name, source.Join(source.Join(at, "states"), m.Name))
		child.name = unique(name(m.Name), func(n string) bool { return taken[n] })
		taken[child.name] = true
		if child.name != m.Name {
			i.doc.Warn(m.Key, child.at, "not_carried", "the state is renamed to "+child.name+": a name has letters, digits, _ and -", "")
		}
		s.children = append(s.children, child)
	}
	return s
}

// path of a state here.
func (s *state) path() string {
	if s.parent == nil || s.parent.parent == nil {
		if s.parent == nil {
			return ""
		}
		return s.name
	}
	return s.parent.path() + "." + s.name
}

func (s *state) inside(other *state) bool {
	for p := s.parent; p != nil; p = p.parent {
		if p == other {
			return true
		}
	}
	return false
}

func (s *state) within(other *state) bool { return s == other || s.inside(other) }

func (s *state) walk(visit func(*state)) {
	visit(s)
	for _, child := range s.children {
		child.walk(visit)
	}
}

// common is the innermost state around both, or one of them.
func common(a, b *state) *state {
	for !b.within(a) {
		a = a.parent
	}
	return a
}

// concurrent reports whether both can be active at once.
func concurrent(a, b *state) bool {
	c := common(a, b)
	return c == a || c == b || c.kind == "parallel"
}

// region is the child of an ancestor in which the state is.
func (s *state) region(ancestor *state) *state {
	for s.parent != ancestor {
		s = s.parent
	}
	return s
}

// shows reports whether leaving the state and entering it again could be seen: by actions, deadlines or work.
func (s *state) shows() bool {
	for _, member := range []string{"entry", "exit", "onEntry", "onExit", "after", "invoke", "activities"} {
		if _, ok := lookup(s.node, member); ok {
			return true
		}
	}
	return s.work
}

func (s *state) child(key string) *state {
	k := slices.IndexFunc(s.children, func(c *state) bool { return c.key == key })
	if k < 0 {
		return nil
	}
	return s.children[k]
}

// below follows keys; nil if there is no such state.
func (s *state) below(keys []string) *state {
	for _, key := range keys {
		if s = s.child(key); s == nil {
			return nil
		}
	}
	return s
}

// keys cuts a path at its dots; in XState 5 a backslash keeps a dot.
func (i *importer) keys(path string) []string {
	if i.version == 4 {
		return strings.Split(path, ".")
	}
	found, b := []string{}, strings.Builder{}
	for k := 0; k < len(path); k++ {
		switch {
		case path[k] == '\\' && k+1 < len(path):
			k++
			b.WriteByte(path[k])
		case path[k] == '.':
			found = append(found, b.String())
			b.Reset()
		default:
			b.WriteByte(path[k])
		}
	}
	return append(found, b.String())
}

// find resolves a target as XState does: "#id", "#id.child", ".child" of the source, or a path from its parent.
func (i *importer) find(from *state, given string) *state {
	if id, ok := strings.CutPrefix(given, "#"); ok {
		if s := i.byID(id); s != nil {
			return s
		}
		steps := i.keys(id)
		if s := i.byID(steps[0]); s != nil {
			return s.below(steps[1:])
		}
		return nil
	}
	if rest, ok := strings.CutPrefix(given, "."); ok {
		return from.below(i.keys(rest))
	}
	if from.parent != nil {
		from = from.parent
	}
	return from.below(i.keys(given))
}

func (i *importer) byID(id string) (found *state) {
	i.machine.walk(func(s *state) {
		if found == nil && s.id == id && id != "" {
			found = s
		}
	})
	return found
}

// reference is how a state is named here from another one: by its name beside it, ".name" inside, else from the top.
func (i *importer) reference(from, to *state) string {
	switch {
	case to.parent == nil:
		return "#" + to.name
	case from.parent == to.parent:
		return to.name
	case to.inside(from) && from.parent != nil:
		return "." + strings.TrimPrefix(to.path(), from.path()+".")
	case to.inside(from):
		return "." + to.path()
	}
	return "#" + to.path()
}
