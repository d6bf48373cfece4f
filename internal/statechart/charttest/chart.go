// Package charttest draws random charts for property tests: nested, parallel, with history, timers, raised events, work
// and guards over the context. A chart is written in the project's own form, and in the one that peers/run.mjs reads.
package charttest

import (
	"encoding/json"
	"fmt"
	"strconv"

	"pgregory.net/rapid"
)

// Options say what the charts may have.
type Options struct {
	Work     bool // states with work, some of it at once
	Emit     bool // actions that emit events
	Timers   bool
	Wildcard bool
	Parallel bool
	Flat     bool // no states inside states
	States   int  // at most so many; 0: 12
	// OneAlways keeps to one state with eventless transitions: XState asks regions for them in the order in which they were
	// entered, SCXML in that of the document.
	OneAlways bool
}

// Chart is a random chart. Its states are named s1, s2, …; the name is also their id.
type Chart struct {
	Root   *State
	States []*State // without the root, document order
}

// State of a chart.
type State struct {
	Name     string
	Kind     string // atomic | compound | parallel | final | history
	Parent   *State
	Children []*State
	Initial  *State
	Deep     bool
	Default  *State // of a history state; nil: none
	On       []On
	Always   []Transition
	After    []On // Event is the delay in milliseconds
	OnDone   []Transition
	OnError  []Transition
	Entry    []Action
	Exit     []Action
	Work     [][]Work // by stage
}

// On is what a state does on an event.
type On struct {
	Event       string
	Transitions []Transition // empty: forbidden
}

// Transition of a chart.
type Transition struct {
	Targets []*State
	Guard   string // "": none; ">=n", "<n", "in sN"
	Reenter bool
	Actions []Action
}

// Action computes the next n, raises an event, or emits one.
type Action struct {
	Add   int
	Raise string
	Emit  string
}

// Work of a state. OnError without transitions: a failure is the state's, or an incident.
type Work struct {
	ID      string
	OnDone  []Transition
	OnError []Transition
}

// offsets keep sums of delays apart.
var offsets = []int{1, 5, 19, 67, 211, 613, 853, 947, 401, 127, 37, 11}

// Modulus of the context field n.
const Modulus = 1009

type drawer struct {
	t       *rapid.T
	options Options
	chart   *Chart
	left    int
	works   int
	timers  int
	always  bool
}

// Events that random charts know, besides GO_<state> for each state.
var Events = []string{"X", "Y", "Z", "X.a"}

// Draw makes a chart.
func Draw(t *rapid.T, options Options) *Chart {
	if options.States == 0 {
		options.States = 12
	}
	d := &drawer{t: t, options: options, chart: &Chart{Root: &State{Name: "m"}}, left: rapid.IntRange(2, options.States).Draw(t, "states")}
	root := d.chart.Root
	root.Kind = "compound"
	if options.Parallel && !options.Flat && d.oneIn(6, "root parallel") {
		root.Kind = "parallel"
	}
	d.children(root, 0)
	for _, s := range append([]*State{root}, d.chart.States...) {
		d.behaviour(s)
	}
	for _, s := range d.chart.States {
		root.On = append(root.On, On{"GO_" + s.Name, []Transition{{Targets: []*State{s}}}})
	}
	return d.chart
}

func (d *drawer) oneIn(n int, label string) bool {
	return rapid.IntRange(0, n-1).Draw(d.t, label) == n-1
}

func (d *drawer) children(s *State, depth int) {
	least := 1
	if s.Kind == "parallel" {
		least = 2
	}
	n := rapid.IntRange(least, 4).Draw(d.t, "children")
	for i := range n {
		if d.left <= 0 && i >= least {
			break
		}
		d.left--
		child := &State{Name: "s" + strconv.Itoa(len(d.chart.States)+1), Kind: "atomic", Parent: s}
		s.Children = append(s.Children, child)
		d.chart.States = append(d.chart.States, child)
		switch pick := rapid.IntRange(0, 9).Draw(d.t, "kind"); {
		case d.options.Flat || depth >= 3 || d.left <= 0:
			if pick == 9 && i > 0 {
				child.Kind = "final"
			}
		case pick < 3:
			child.Kind = "compound"
			d.children(child, depth+1)
		case pick < 5 && d.options.Parallel:
			child.Kind = "parallel"
			d.children(child, depth+1)
		case pick == 5 && i > 0 && depth > 0: // the chart itself is never left, so there is nothing to remember
			child.Kind = "history"
			child.Deep = rapid.Bool().Draw(d.t, "deep")
		case pick >= 8 && i > 0:
			child.Kind = "final"
		}
	}
	if s.Kind == "compound" {
		s.Initial = s.Children[0]
	}
	for _, child := range s.Children {
		if child.Kind == "history" && s.Kind == "compound" && rapid.Bool().Draw(d.t, "default") {
			child.Default = rapid.SampledFrom(s.Children[:1]).Draw(d.t, "default target")
		}
	}
}

func (d *drawer) behaviour(s *State) {
	if s.Kind == "final" || s.Kind == "history" {
		if s.Kind == "final" {
			s.Entry = d.actions("entry", false)
		}
		return
	}
	s.Entry, s.Exit = d.actions("entry", true), d.actions("exit", true)
	for _, event := range Events {
		if d.oneIn(2, "on "+event) {
			s.On = append(s.On, On{event, d.transitions(s)})
		}
	}
	if d.options.Wildcard && d.oneIn(8, "wildcard") {
		s.On = append(s.On, On{rapid.SampledFrom([]string{"*", "X.*"}).Draw(d.t, "glob"), d.transitions(s)})
	}
	if d.oneIn(8, "always") && !(d.options.OneAlways && d.always) {
		d.always = true
		t := d.transition(s)
		t.Guard = rapid.SampledFrom([]string{"<200", ">=800", "<30"}).Draw(d.t, "always guard")
		if len(t.Targets) == 0 && len(t.Actions) == 0 {
			t.Actions = []Action{{Add: 7}}
		}
		s.Always = []Transition{t}
	}
	if s.Parent == nil {
		return
	}
	if d.options.Timers && d.oneIn(4, "timer") {
		for range rapid.IntRange(1, 2).Draw(d.t, "timers") {
			d.timers++ // two that are due at the same moment fire in an order of each engine's own
			delay := 1000*rapid.IntRange(1, 3).Draw(d.t, "delay") + offsets[d.timers%len(offsets)]
			s.After = append(s.After, On{strconv.Itoa(delay), d.some(s)})
		}
	}
	if s.Kind == "atomic" && d.options.Work && d.oneIn(3, "work") {
		d.work(s)
	}
	if (s.Kind != "atomic" || len(s.Work) > 0) && d.oneIn(2, "onDone") {
		s.OnDone = d.some(s)
	}
	if len(s.Work) > 0 && d.oneIn(3, "onError") {
		s.OnError = d.some(s)
	}
}

func (d *drawer) work(s *State) {
	for range rapid.IntRange(1, 2).Draw(d.t, "stages") {
		var stage []Work
		for range rapid.SampledFrom([]int{1, 1, 2}).Draw(d.t, "at once") {
			d.works++
			w := Work{ID: "w" + strconv.Itoa(d.works)}
			if d.oneIn(4, "own onDone") {
				w.OnDone = d.some(s)
			}
			if d.oneIn(3, "own onError") {
				w.OnError = d.some(s)
			}
			stage = append(stage, w)
		}
		s.Work = append(s.Work, stage)
	}
}

// transitions is a list that may be empty: the event is forbidden.
func (d *drawer) transitions(s *State) []Transition {
	if d.oneIn(12, "forbidden") {
		return nil
	}
	return d.some(s)
}

// some is a list of one or two, the last perhaps guarded, too.
func (d *drawer) some(s *State) []Transition {
	first := d.transition(s)
	if first.Guard == "" || d.oneIn(2, "one") {
		return []Transition{first}
	}
	return []Transition{first, d.transition(s)}
}

func (d *drawer) transition(s *State) Transition {
	t := Transition{Actions: d.actions("actions", true)}
	t.Guard = rapid.SampledFrom([]string{"", "", "<500", ">=500", "in"}).Draw(d.t, "guard")
	if t.Guard == "in" {
		t.Guard = "in " + d.target().Name
		for _, other := range d.chart.States {
			if t.Guard == "in "+other.Name && other.Kind == "history" {
				t.Guard = ""
			}
		}
	}
	switch pick := rapid.IntRange(0, 9).Draw(d.t, "targets"); {
	case pick == 0 && len(t.Actions) > 0:
	case pick == 1:
		if t.Targets = d.several(); len(t.Targets) > 0 {
			break
		}
		fallthrough
	default:
		// A history state of an ancestor may stand for the source itself. Then XState enters without leaving.
		target := d.target()
		for target.Kind == "history" && (s == target.Parent || s.inside(target.Parent)) {
			target = target.Parent
		}
		t.Targets = []*State{target}
	}
	t.Reenter = s.Parent != nil && len(t.Targets) > 0 && d.oneIn(4, "reenter")
	return t
}

func (d *drawer) target() *State { return rapid.SampledFrom(d.chart.States).Draw(d.t, "target") }

// several targets: one in each of two regions of a parallel state.
func (d *drawer) several() []*State {
	var parallels []*State
	for _, s := range d.chart.States {
		if s.Kind == "parallel" {
			parallels = append(parallels, s)
		}
	}
	if len(parallels) == 0 {
		return nil
	}
	var found []*State
	for _, region := range rapid.SampledFrom(parallels).Draw(d.t, "parallel").Children {
		if region.Kind == "history" || len(found) == 2 {
			continue
		}
		inside := []*State{region}
		for _, s := range d.chart.States {
			if s.inside(region) && s.Kind != "history" {
				inside = append(inside, s)
			}
		}
		found = append(found, rapid.SampledFrom(inside).Draw(d.t, "inside"))
	}
	if len(found) < 2 {
		return nil
	}
	return found
}

func (s *State) inside(ancestor *State) bool {
	for p := s.Parent; p != nil; p = p.Parent {
		if p == ancestor {
			return true
		}
	}
	return false
}

func (d *drawer) actions(label string, raise bool) []Action {
	switch pick := rapid.IntRange(0, 7).Draw(d.t, label); {
	case pick < 5:
		return nil
	case pick == 6 && d.options.Emit:
		return []Action{{Emit: rapid.SampledFrom([]string{"told", "shown"}).Draw(d.t, "emitted")}}
	case pick == 5 && raise && d.oneIn(4, "raise"): // more of it, and most charts go round for ever
		return []Action{{Raise: rapid.SampledFrom([]string{"Y", "Z"}).Draw(d.t, "raised")}}
	}
	return []Action{{Add: rapid.IntRange(1, 50).Draw(d.t, "add")}}
}

// object is JSON in the making.
type object = map[string]any

// JSON is the chart as a workflow document.
func (c *Chart) JSON() []byte {
	root := c.Root.object(own{})
	root["limits"] = object{"microsteps": 1000}
	return mustEncode(root)
}

// Peer is the chart as peers/run.mjs reads it. Work is left out: it is this project's own.
func (c *Chart) Peer() any { return c.Root.object(peer{}) }

func mustEncode(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic("charttest: a chart is always JSON: " + err.Error())
	}
	return text
}

// dialect writes what differs between the two forms.
type dialect interface {
	guard(guard string) any
	action(a Action) any
	work() bool
}

func (s *State) object(d dialect) object {
	o := object{}
	switch s.Kind {
	case "compound":
		o["initial"] = s.Initial.Name
	case "history":
		o["history"] = map[bool]string{true: "deep", false: "shallow"}[s.Deep]
		if s.Default != nil {
			o["target"] = s.Default.Name
		}
	}
	if s.Kind != "compound" && s.Kind != "atomic" {
		o["type"] = s.Kind
	}
	if s.Parent != nil {
		o["id"] = s.Name
	}
	if len(s.Children) > 0 {
		states := ordered{}
		for _, child := range s.Children {
			states = append(states, member{child.Name, child.object(d)})
		}
		o["states"] = states
	}
	put(o, "entry", actions(d, s.Entry))
	put(o, "exit", actions(d, s.Exit))
	put(o, "always", transitions(d, s.Always))
	put(o, "on", events(d, s.On))
	put(o, "after", events(d, s.After))
	if d.work() || s.Kind != "atomic" {
		put(o, "onDone", transitions(d, s.OnDone))
	}
	if d.work() {
		put(o, "onError", transitions(d, s.OnError))
		put(o, "invoke", s.invoke(d))
	}
	return o
}

func (s *State) invoke(d dialect) []any {
	var stages []any
	for _, stage := range s.Work {
		var entries []any
		for _, w := range stage {
			entry := object{"src": "document", "id": w.ID}
			put(entry, "onDone", transitions(d, w.OnDone))
			put(entry, "onError", transitions(d, w.OnError))
			entries = append(entries, entry)
		}
		if len(entries) == 1 {
			stages = append(stages, entries[0])
			continue
		}
		stages = append(stages, object{"parallel": entries})
	}
	return stages
}

func put[L ~[]T, T any](o object, name string, list L) {
	if len(list) > 0 {
		o[name] = list
	}
}

func events(d dialect, list []On) ordered {
	var o ordered
	for _, on := range list {
		if len(on.Transitions) == 0 {
			o = append(o, member{on.Event, object{}})
			continue
		}
		o = append(o, member{on.Event, transitions(d, on.Transitions)})
	}
	return o
}

func transitions(d dialect, list []Transition) []any {
	var found []any
	for _, t := range list {
		o := object{}
		var targets []string
		for _, s := range t.Targets {
			targets = append(targets, "#"+s.Name)
		}
		put(o, "target", targets)
		if t.Guard != "" {
			o["guard"] = d.guard(t.Guard)
		}
		if t.Reenter {
			o["reenter"] = true
		}
		put(o, "actions", actions(d, t.Actions))
		found = append(found, o)
	}
	return found
}

func actions(d dialect, list []Action) []any {
	var found []any
	for _, a := range list {
		found = append(found, d.action(a))
	}
	return found
}

// ordered is a JSON object whose members keep their order.
type ordered []member

type member struct {
	name  string
	value any
}

// MarshalJSON implements json.Marshaler.
func (o ordered) MarshalJSON() ([]byte, error) {
	text := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(append(text, mustEncode(m.name)...), ':')
		text = append(text, mustEncode(m.value)...)
	}
	return append(text, '}'), nil
}

// own is the project's form.
type own struct{}

func (own) work() bool { return true }

func (own) guard(guard string) any {
	var name string
	if n, _ := fmt.Sscanf(guard, "in %s", &name); n == 1 {
		return object{"type": "in-state", "state": "#" + name}
	}
	return "n " + guard
}

func (own) action(a Action) any {
	if a.Raise != "" {
		return object{"type": "raise", "event": a.Raise}
	}
	if a.Emit != "" {
		return object{"type": "emit", "event": a.Emit, "payload": object{"n": "n"}}
	}
	return object{"type": "assign", "values": object{"n": fmt.Sprintf("(n * 3 + %d) %% %d", a.Add, Modulus)}}
}

// peer is what peers/run.mjs reads.
type peer struct{}

func (peer) work() bool { return false }

func (peer) guard(guard string) any {
	var name string
	var n int
	if found, _ := fmt.Sscanf(guard, "in %s", &name); found == 1 {
		return object{"in": "#" + name}
	}
	if found, _ := fmt.Sscanf(guard, "<%d", &n); found == 1 {
		return object{"below": n}
	}
	_, _ = fmt.Sscanf(guard, ">=%d", &n)
	return object{"from": n}
}

func (peer) action(a Action) any {
	if a.Raise != "" {
		return object{"type": "raise", "event": a.Raise}
	}
	return object{"type": "add", "by": a.Add}
}
