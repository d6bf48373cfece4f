package statechart

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/expr"
	"ballerine/internal/source"
)

// Options describe the document that a chart is part of to the parser.
type Options struct {
	// Keys are further keys of the root that are not the chart's.
	Keys []string
	// Field reports whether a path that a guard reads can exist, and what may have been meant; nil: anything may.
	Field func(steps []string) (ok bool, hint string)
	// Types reports type errors in an expression, or a condition; nil: types are not checked.
	Types func(program *expr.Program, condition bool) []*expr.Error
	// Emitted checks a value that is sent with an event, and Copied one that is written to a field of the context, with its
	// place in the document; nil: any value is accepted.
	Emitted func(program *expr.Program, node *yaml.Node, path string)
	Copied  func(program *expr.Program, target []string, node *yaml.Node, path string)
	// Guarded is called with every transition that has a guard, and the guard's place. Targets are not known yet.
	Guarded func(t *Transition, node *yaml.Node, path string)
	// Assigned is called with every field that an action writes, the place of its name, and the origin of the action's data.
	Assigned func(program *expr.Program, target []string, name *yaml.Node, path string, from Origin)
	// Policies resolves policy guards; nil: they are refused.
	Policies Policies
	// CheckPolicy reports what is wrong with the policy and the outcome that a guard names; "" if they are valid.
	CheckPolicy func(policy, outcome string) (message, hint string)
	// Offered are events that the applicant is offered by name: see Audience.
	Offered []string
	// Own reports whether only the chart and its work write a field of the context; nil: there is no such field.
	Own func(name string) bool
	// Invocation is called for every entry of invoke, to check and to note it.
	Invocation func(i *Invocation, at Place)
}

// Origin is the origin of the data that an action uses.
type Origin int

// Actions follow from the chart's own steps, from an event by which people of the back office decide, or from one that
// an applicant or a client sends.
const (
	FromChart Origin = iota
	FromPeople
	FromCallers
)

// Place is a place in the document.
type Place struct {
	Path string
	Node *yaml.Node // the whole entry
}

// Input is the node of a member of the entry's input, or the nearest one that exists.
func (p Place) Input(name string) *yaml.Node {
	at := p.Node
	for _, key := range []string{"input", name} {
		for i := 0; at.Kind == yaml.MappingNode && i+1 < len(at.Content); i += 2 {
			if at.Content[i].Value == key {
				at = at.Content[i+1]
				break
			}
		}
	}
	return at
}

var (
	rootKeys  = []string{"id", "type", "initial", "states", "on", "always", "entry", "exit", "onDone", "tags", "meta", "limits", "description", "version", "context", "predictableActionArguments", "by"}
	stateKeys = []string{"type", "initial", "states", "on", "always", "after", "onDone", "onError", "entry", "exit", "invoke", "tags", "meta", "description", "id", "history", "target", "by"}
)

// limits of a chart: names become labels and state names of the compiled machine.
const (
	maxStates     = 2000
	maxNameLength = 80
)

// parser builds a chart. Problems are collected in the document; a chart with problems is not returned.
type parser struct {
	doc         *source.Document
	options     Options
	chart       *Chart
	byID        map[string]*State
	nodes       map[*State]*yaml.Node
	paths       map[*State]string // of the document: "states.a.states.b"
	pending     []pendingTarget
	inState     []pendingState
	places      map[*Transition]target // where targets are written
	meant       map[*Transition]*State // transitions whose target is not there, and what was probably meant
	lost        []string               // targets that are not there, and like no state
	childEvents []namedEvent           // events of children that transitions wait for
	workEvents  []namedEvent           // and outcomes of work, by name
	origin      Origin                 // of the actions that are being read
	partial     bool                   // something was refused that the rest hangs on
}

// Parse reads the chart at the document's root. It returns nil if there are problems, which are recorded in the document.
func Parse(doc *source.Document, options Options) *Chart {
	if doc.Root == nil {
		return nil
	}
	p := &parser{doc: doc, options: options, chart: &Chart{byPath: map[string]*State{}}, byID: map[string]*State{}, nodes: map[*State]*yaml.Node{}, paths: map[*State]string{}, meant: map[*Transition]*State{}, places: map[*Transition]target{}}
	p.chart.Microsteps = MaxMicrosteps
	before := len(doc.Diagnostics)
	root := &State{Kind: Compound, byEvent: map[string][]*Transition{}}
	p.chart.root = root
	p.chart.states = []*State{root}
	p.nodes[root] = doc.Root
	members := doc.Fields(doc.Root, "", slices.Concat(rootKeys, options.Keys)...)
	p.limits(members)
	p.state(root, doc.Root, "", members)
	p.resolve()
	if !doc.Diagnostics[before:].Failed() {
		p.chart.prepare()
		p.chart.prepareAudiences(options.Offered)
	}
	p.check()
	if doc.Diagnostics[before:].Failed() {
		return nil
	}
	return p.chart
}

// limits reads the bounds that the chart sets.
func (p *parser) limits(members source.Members) {
	m, ok := members["limits"]
	if !ok || source.IsNull(m.Value) {
		return
	}
	limits := p.doc.Fields(m.Value, "limits", "microsteps")
	if m, ok := limits["microsteps"]; ok {
		p.chart.Microsteps = p.bounded(m.Value, "limits.microsteps", 1, 10_000)
	}
}

// state reads the members of a state (or the root) into s.
func (p *parser) state(s *State, node *yaml.Node, path string, members source.Members) {
	s.order = len(p.chart.states) - 1
	if m, ok := members["description"]; ok {
		s.Description = p.doc.String(m.Value, source.Join(path, "description"))
	}
	if m, ok := members["id"]; ok {
		p.byID[p.doc.String(m.Value, source.Join(path, "id"))] = s
	}
	if m, ok := members["tags"]; ok {
		s.Tags = p.doc.Strings(m.Value, source.Join(path, "tags"))
		p.misspelt(s.Tags, m.Value, source.Join(path, "tags"))
	}
	if m, ok := members["by"]; ok {
		s.By = p.audience(m.Value, source.Join(path, "by"))
	}
	if m, ok := members["states"]; ok && !source.IsNull(m.Value) {
		p.children(s, m.Value, source.Join(path, "states"))
	}
	p.kind(s, node, path, members)
	if m, ok := members["meta"]; ok {
		s.Meta, _ = p.doc.Value(m.Value, source.Join(path, "meta")).(map[string]any)
	}
	if m, ok := members["entry"]; ok {
		s.entry = p.actions(m.Value, source.Join(path, "entry"), s)
	}
	if m, ok := members["exit"]; ok {
		s.exit = p.actions(m.Value, source.Join(path, "exit"), s)
	}
	if m, ok := members["invoke"]; ok {
		p.invocations(s, m.Value, source.Join(path, "invoke"))
	}
	if s.Kind != History {
		p.transitions(s, path, members)
	}
}

func (p *parser) children(s *State, node *yaml.Node, path string) {
	for _, pair := range p.doc.Mapping(node, path) {
		at := source.Join(path, pair.Name)
		child := &State{Name: pair.Name, Parent: s, depth: s.depth + 1, byEvent: map[string][]*Transition{}}
		child.Path = pair.Name
		if s.Path != "" {
			child.Path = s.Path + "." + pair.Name
		}
		p.name(pair.Key, at, pair.Name)
		if len(p.chart.states) > maxStates {
			p.doc.Report(pair.Key, at, "too_large", fmt.Sprintf("a workflow can have at most %d states", maxStates), "")
			return
		}
		s.Children = append(s.Children, child)
		p.chart.states = append(p.chart.states, child)
		p.chart.byPath[child.Path] = child
		p.nodes[child], p.paths[child] = pair.Key, at
		value := pair.Value
		if source.IsNull(value) {
			value = &yaml.Node{Kind: yaml.MappingNode, Line: pair.Key.Line, Column: pair.Key.Column}
		}
		p.state(child, value, at, p.doc.Fields(value, at, stateKeys...))
	}
}

// name checks a state's name or a work's id: it becomes part of labels.
func (p *parser) name(node *yaml.Node, path, name string) {
	for _, r := range name {
		if !(r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			p.doc.Report(node, path, "name", fmt.Sprintf("the name %q may only contain letters, digits, _ and -", name), "")
			return
		}
	}
	if name == "" || len(name) > maxNameLength {
		p.doc.Report(node, path, "name", fmt.Sprintf("a name must have 1 to %d characters", maxNameLength), "")
	}
}

// transitions reads on, always, after, onDone and onError.
func (p *parser) transitions(s *State, path string, members source.Members) {
	if m, ok := members["on"]; ok && !source.IsNull(m.Value) {
		at := source.Join(path, "on")
		for _, pair := range p.doc.Mapping(m.Value, at) {
			p.event(pair.Key, source.Join(at, pair.Name), pair.Name)
			p.add(s, pair.Name, p.list(s, pair.Name, pair.Value, pair.Key, source.Join(at, pair.Name)))
		}
	}
	if m, ok := members["always"]; ok {
		s.always = p.list(s, "", m.Value, m.Key, source.Join(path, "always"))
		s.Transitions = append(s.Transitions, s.always...)
	}
	if m, ok := members["after"]; ok && !source.IsNull(m.Value) {
		p.after(s, m.Value, source.Join(path, "after"))
	}
	p.ending(s, members["onDone"], doneState(s), source.Join(path, "onDone"), len(s.Invocations) > 0 || (s.Kind == Compound || s.Kind == Parallel) && s.Parent != nil, "onDone belongs to a state with invoke, or with states inside")
	p.ending(s, members["onError"], errorWork(s), source.Join(path, "onError"), len(s.Invocations) > 0, "onError belongs to a state with invoke")
	slices.SortStableFunc(s.globs, func(a, b *Transition) int { return len(b.Event) - len(a.Event) })
	if s.Kind == Final && len(s.Transitions)+len(s.Invocations) > 0 {
		p.doc.Report(p.nodes[s], path, "final", "a final state cannot have on, always, after or invoke", "")
	}
}

// ending reads onDone or onError of a state.
func (p *parser) ending(s *State, m source.Pair, event, path string, fits bool, message string) {
	if m.Value == nil {
		return
	}
	if !fits {
		p.doc.Warn(m.Key, path, "never", message, "")
	}
	p.add(s, event, p.list(s, event, m.Value, m.Key, path))
}

// event checks an event's name.
func (p *parser) event(node *yaml.Node, path, name string) {
	bare := strings.TrimSuffix(name, ".*")
	if name == "" || len(name) > maxNameLength || name != "*" && strings.ContainsAny(bare, "* \t\n") {
		p.doc.Report(node, path, "event", "an event name must have 1 to 80 characters and no blanks; a wildcard is * or ends with .*", "")
	}
	if strings.HasPrefix(name, childPrefix) {
		p.childEvents = append(p.childEvents, namedEvent{name, node, path})
	}
	if !strings.HasSuffix(name, "*") && (strings.HasPrefix(name, doneInvoke("")) || strings.HasPrefix(name, errorInvoke(""))) {
		p.workEvents = append(p.workEvents, namedEvent{name, node, path})
	}
	for _, prefix := range []string{"done.state.", "error.work.", "after."} {
		if strings.HasPrefix(name, prefix) {
			p.doc.Report(node, path, "event", fmt.Sprintf("events that begin with %s are reserved for the system", prefix), "use onDone, onError or after")
		}
	}
}

// add files the candidates of an event.
func (p *parser) add(s *State, event string, found []*Transition) {
	s.Transitions = append(s.Transitions, found...)
	if strings.HasSuffix(event, "*") {
		s.globs = append(s.globs, found...)
		return
	}
	s.byEvent[event] = append(s.byEvent[event], found...)
}

func (p *parser) after(s *State, node *yaml.Node, path string) {
	if s.Parent == nil {
		p.doc.Report(node, path, "unsupported", "the workflow itself cannot have timers: move after to a state", "")
		return
	}
	for _, pair := range p.doc.Mapping(node, path) {
		at := source.Join(path, pair.Name)
		delay, ok := ParseDelay(pair.Name)
		if !ok {
			p.doc.Report(pair.Key, at, "duration", "a delay must be an ISO 8601 duration (P14D, PT30M) or milliseconds, greater than 0 and at most ten years", "")
			continue
		}
		event := fmt.Sprintf("after.%s.%d", s.Path, len(s.Timers))
		s.Timers = append(s.Timers, &Timeout{Index: len(s.Timers), Delay: delay, Event: event})
		p.add(s, event, p.list(s, event, pair.Value, pair.Key, at))
	}
}

// list reads "target", {…} or a list of these.
func (p *parser) list(s *State, event string, node, key *yaml.Node, path string) []*Transition {
	if source.IsNull(node) || (node.Kind == yaml.MappingNode && len(node.Content) == 0) {
		return []*Transition{{Source: s, Event: event, Forbidden: true, line: key.Line, column: key.Column}}
	}
	var found []*Transition
	for i, element := range source.Sequence(node) {
		at := path
		if node.Kind == yaml.SequenceNode {
			at = fmt.Sprintf("%s[%d]", path, i)
		}
		if len(found) > 0 && !found[len(found)-1].Guarded {
			p.doc.Warn(element, at, "shadowed", "this transition is never evaluated: the one before it has no guard", "move the one without a guard to the end")
		}
		t := p.transition(s, event, element, at)
		if t.Guarded && t.GuardText != "" && slices.ContainsFunc(found, func(other *Transition) bool { return other.Guarded && other.GuardText == t.GuardText }) {
			p.doc.Warn(element, at, "shadowed", "this transition is never taken: one before it has the same guard", "")
		}
		found = append(found, t)
	}
	return found
}

func (p *parser) transition(s *State, event string, node *yaml.Node, path string) *Transition {
	t := &Transition{Source: s, Event: event, line: node.Line, column: node.Column}
	if node.Kind == yaml.ScalarNode {
		p.targets(pendingTarget{transition: t}, node, path)
		return t
	}
	members := p.doc.Fields(node, path, "target", "guard", "cond", "actions", "reenter", "internal", "description", "otherwise", "by")
	if m, ok := members["by"]; ok {
		p.by(t, m, source.Join(path, "by"))
	}
	if m, ok := members["target"]; ok && !source.IsNull(m.Value) {
		p.targets(pendingTarget{transition: t}, m.Value, source.Join(path, "target"))
	}
	if m, ok := members["cond"]; ok {
		members["guard"] = m
	}
	if m, ok := members["guard"]; ok {
		t.Guarded = true
		t.guard, t.GuardText = p.guard(m.Value, source.Join(path, "guard"), s)
		if p.options.Guarded != nil {
			p.options.Guarded(t, m.Value, source.Join(path, "guard"))
		}
	}
	if m, ok := members["actions"]; ok {
		p.origin = originOf(t)
		t.actions = p.actions(m.Value, source.Join(path, "actions"), s)
		p.origin = FromChart
	}
	if m, ok := members["reenter"]; ok {
		t.Reenter = p.doc.Bool(m.Value, source.Join(path, "reenter"))
	}
	if m, ok := members["internal"]; ok {
		t.Reenter = !p.doc.Bool(m.Value, source.Join(path, "internal"))
	}
	if m, ok := members["description"]; ok {
		t.Description = p.doc.String(m.Value, source.Join(path, "description"))
	}
	if m, ok := members["otherwise"]; ok {
		if t.Otherwise = p.sentence(m.Value, source.Join(path, "otherwise")); !t.Guarded {
			p.doc.Warn(m.Key, source.Join(path, "otherwise"), "never", "otherwise is never shown: the transition has no guard", "")
		}
	}
	return t
}

// originOf returns the origin of a transition's event. Who may send it is only known after everything is read: this uses
// the declarations on the transition and around it.
func originOf(t *Transition) Origin {
	if t.Event == "" || IsInternal(t.Event) {
		return FromChart
	}
	if t.By != 0 {
		if t.By&^People == 0 {
			return FromPeople
		}
		return FromCallers
	}
	for s := t.Source; s != nil; s = s.Parent {
		if slices.Contains(s.Tags, TagReview) || s.By != 0 && s.By&^People == 0 {
			return FromPeople
		}
	}
	return FromCallers
}

// sentence reads a text for people: one text, or a mapping of languages to texts in which English is required.
func (p *parser) sentence(node *yaml.Node, path string) Sentence {
	if node.Kind != yaml.MappingNode {
		return Sentence{Text: p.doc.String(node, path)}
	}
	texts := map[string]string{}
	for _, pair := range p.doc.Mapping(node, path) {
		if !isLanguage(pair.Name) {
			p.doc.Report(pair.Key, source.Join(path, pair.Name), "unknown_language", pair.Name+" is not a language code", "write two lower-case letters (ISO 639-1), such as en or de")
			continue
		}
		texts[pair.Name] = p.doc.String(pair.Value, source.Join(path, pair.Name))
	}
	if texts["en"] == "" {
		p.doc.Report(node, path, "missing", "the English text is missing", "add en: it is shown if there is no text in the reader's language")
	}
	return Sentence{Text: texts["en"], In: texts}
}

// isLanguage reports whether a name is written as ISO 639-1 codes are.
func isLanguage(name string) bool {
	return len(name) == 2 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz") == ""
}

// program compiles an expression at a node and checks the fields that it reads.
func (p *parser) program(node *yaml.Node, path, what string) *expr.Program {
	compiled, err := expr.Compile(node.Value)
	if err != nil {
		e := expr.AsError(err)
		p.doc.ReportWithin(node, e.Column, e.Width, path, "expression", fmt.Sprintf("%s %q: %s", what, node.Value, e.Message), e.Hint)
		return nil
	}
	p.fields(compiled, node, path, what)
	p.types(compiled, node, path, what)
	return compiled
}

// types reports what cannot be right about the types in an expression.
func (p *parser) types(program *expr.Program, node *yaml.Node, path, what string) {
	if p.options.Types == nil {
		return
	}
	for _, e := range p.options.Types(program, what == "guard") {
		message := e.Message
		if program.Source() != "" {
			message = fmt.Sprintf("%s %q: %s", what, program.Source(), e.Message)
		}
		p.doc.ReportWithin(node, e.Column, e.Width, path, "type", message, e.Hint)
	}
}

// fields reports paths that the context cannot have.
func (p *parser) fields(program *expr.Program, node *yaml.Node, path, what string) {
	if p.options.Field == nil {
		return
	}
	for _, reference := range program.Paths() {
		ok, hint := p.options.Field(reference.Steps)
		if ok {
			continue
		}
		message := fmt.Sprintf("unknown field %s", reference.Path)
		if program.Source() != "" {
			message = fmt.Sprintf("%s %q: %s", what, program.Source(), message)
		}
		if reference.Column == 0 {
			p.doc.Report(node, path, "unknown_field", message, hint)
			continue
		}
		p.doc.ReportWithin(node, reference.Column, reference.Width, path, "unknown_field", message, hint)
	}
}
