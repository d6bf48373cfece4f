package charttest

import (
	"strconv"

	"pgregory.net/rapid"
)

// offsets keep sums of delays apart.
var offsets = []int{1, 5, 19, 67, 211, 613, 853, 947, 401, 127, 37, 11}

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
		case pick == 5 && i > 0 && depth > 0: // the chart itself is never left, so it has no history
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
			} else if d.oneIn(3, "goes on") {
				w.OnError = []Transition{{Continues: true, Guard: rapid.SampledFrom([]string{"", "<500"}).Draw(d.t, "goes on guard")}}
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
		// A history state of an ancestor may refer to the source itself. Then XState enters without leaving.
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
		return []Action{{Emit: rapid.SampledFrom([]string{"noted", "shown"}).Draw(d.t, "emitted")}}
	case pick == 5 && raise && d.oneIn(4, "raise"): // more of it, and most charts go round for ever
		return []Action{{Raise: rapid.SampledFrom([]string{"Y", "Z"}).Draw(d.t, "raised")}}
	}
	return []Action{{Add: rapid.IntRange(1, 50).Draw(d.t, "add")}}
}
