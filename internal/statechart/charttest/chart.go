// Package charttest generates random charts for property tests: nested, parallel, with history, timers, raised events, work
// and guards over the context. A chart is written in the project's own format and in the one that peers/run.mjs reads.
package charttest

import (
	"encoding/json"
	"fmt"
)

// Options define what the charts may contain.
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

	Continues bool // of onError: continues with the next work
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

// modulus of the context field n.
const modulus = 1009

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
			if n := w.ID[len(w.ID)-1]; n%2 == 1 { // a vendor may ask to be asked again later
				entry["src"], entry["input"] = "vendor", object{"plugin": "p"}
			}
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
		if t.Continues {
			o["target"] = "continue"
		}
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
	return object{"type": "assign", "values": object{"n": fmt.Sprintf("(n * 3 + %d) %% %d", a.Add, modulus)}}
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
