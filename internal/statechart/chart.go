package statechart

import (
	"time"

	"ballerine/internal/expr"
)

// Kind of state.
type Kind string

// The kinds. A history state is never active: a transition to it leads to what its parent's states were when they were
// last left.
const (
	Atomic   Kind = "atomic"
	Compound Kind = "compound"
	Parallel Kind = "parallel"
	Final    Kind = "final"
	History  Kind = "history"
)

// Chart is a parsed and checked statechart: immutable, safe for concurrent use.
type Chart struct {
	root   *State
	states []*State          // document order, root first
	byPath map[string]*State // without the root
	start  []entry           // what starting enters

	Microsteps int // how many microsteps one event may take

	parallel bool     // some state is parallel
	always   bool     // some state has eventless transitions
	recalls  bool     // there are history states
	most     int      // regions and pieces of work that can be active at once
	decides  bool     // people decide in some state
	offered  []string // events that the applicant is offered by name
}

// State is a state of a chart. It must not be changed.
type State struct {
	Path        string // dotted, "review.waiting"; "" for the root
	Name        string
	Kind        Kind
	Description string
	Tags        []string
	By          Audience // who may send the events of the state and of those inside, unless a nearer declaration overrides it; 0: not declared
	Meta        map[string]any
	Parent      *State
	Children    []*State
	Initial     *State   // of a compound state
	Deep        bool     // of a history state: the leaves, not the children, are remembered
	Default     []*State // of a history state: where it leads before anything is remembered; empty: as its parent is entered
	Invocations []*Invocation
	Timers      []*Timeout
	Transitions []*Transition // all of the state's own, document order: on, always, after, onDone, onError

	order    int // place in document order
	depth    int
	begin    []action // of a compound state whose initial one is entered by default, after entry
	history  []*State // the history states among the children
	entry    []action
	exit     []action
	always   []*Transition
	byEvent  map[string][]*Transition // exact event -> candidates in order
	turn     Audience                 // the nearest declaration of who acts in the state; 0: none
	collects Audience                 // for whom data is collected in the state, by the nearest tag; 0: none
	deciding bool                     // people decide in the state itself
	globs    []*Transition            // "*" and "x.*", document order
}

// Transition is what a state does on an event.
type Transition struct {
	Source      *State
	Event       string   // "SUBMIT", "x.*", "*", "" for always, "after.<path>.<n>", "done.invoke.<id>", "done.state.<path>", …
	Targets     []*State // none: actions only
	Guarded     bool
	GuardText   string
	Forbidden   bool // the event is known and has no effect here, whatever ancestors define
	Reenter     bool // leaves and enters the source even when the target is inside it
	Description string
	Otherwise   Sentence // for people, when the guard does not hold; without one they read the guard
	By          Audience // who may send the event, where the transition itself declares it; 0: see audience.go
	Continues   bool     // of onError: the work counts as answered with its error, and the next work is done

	guard   guard
	actions []action
	domain  *State  // the state within which it moves, when no history state is among the targets
	entries []entry // what it enters then, in document order
	dynamic bool    // a history state is among the targets: both are computed when it is taken
	line    int
	column  int
}

// Timeout is an `after` of a state: a delay and the event that its passing raises.
type Timeout struct {
	Index int
	Delay Delay
	Event string // "after.<path>.<index>"
}

// Invocation is work that a state does on entry: Source names the task that does it.
type Invocation struct {
	ID      string
	Source  string         // vendor | rules | document | children | screening
	Input   map[string]any // {plugin: …}, {policy: …}, …; `with` holds computed values, see With
	With    map[string]*expr.Program
	Timeout time.Duration // 0: the task's own
	Retry   *Retry        // nil: the task's own
	OnDone  []*Transition
	OnError []*Transition
	Stage   int       // work of one stage is done at once, a stage when the one before it has ended
	Cases   *Children // of work of source children
	state   *State
}

// Children states which child cases a piece of work starts: one for each element of a list, or a single one.
type Children struct {
	Workflow string
	Version  int           // 0: the newest when the work begins
	Each     *expr.Program // the list; nil: a single child
	Until    int           // how many must have ended for the work to be done; UntilAll: all of them
	// What each child begins with, by dotted path. They read the parent's context, the element as item, and its place in
	// the list as index.
	Subject, Context map[string]*expr.Program
	ExternalID       *expr.Program            // nil: none
	Result           map[string]*expr.Program // what a report takes over from the child's context
}

// UntilAll is the number of children that work waits for when it waits for all of them.
const UntilAll = -1

// Retry is how often a failed attempt is made again.
type Retry struct {
	Attempts    int
	Interval    time.Duration
	Rate        float64
	MaxInterval time.Duration
	Jitter      bool
	Errors      []string
}

// Root is the chart itself, as a compound state with Path "".
func (c *Chart) Root() *State { return c.root }

// States are all states without the root, in document order.
func (c *Chart) States() []*State { return c.states[1:] }

// State finds a state by its path.
func (c *Chart) State(path string) (*State, bool) { s, ok := c.byPath[path]; return s, ok }

// Leaf is the first atomic or final state that entering s leads to.
func (s *State) Leaf() *State { return s.Leaves()[0] }

// Leaves are the atomic and final states that entering s by default leads to: one, or one for each region.
func (s *State) Leaves() []*State {
	switch s.Kind {
	case Compound:
		return s.Initial.Leaves()
	case Parallel:
		var found []*State
		for _, region := range s.Regions() {
			found = append(found, region.Leaves()...)
		}
		return found
	case History:
		if len(s.Default) == 0 {
			return s.defaultOf().Leaves()
		}
		var found []*State
		for _, target := range s.Default {
			found = append(found, target.Leaves()...)
		}
		return found
	}
	return []*State{s}
}

// Regions are the children of a parallel state that are active with it.
func (s *State) Regions() []*State {
	var found []*State
	for _, child := range s.Children {
		if child.Kind != History {
			found = append(found, child)
		}
	}
	return found
}

// defaultOf is where a history state without a target leads: as its parent is entered.
func (s *State) defaultOf() *State {
	if s.Parent.Kind == Parallel {
		return s.Parent
	}
	return s.Parent.Initial
}

// MostRegions is how many regions and pieces of work can be active at once: 1 for a chart that does one thing at a time.
func (c *Chart) MostRegions() int { return c.most }

func (s *State) mostRegions() int {
	most := 1
	switch s.Kind {
	case Compound:
		for _, child := range s.Children {
			most = max(most, child.mostRegions())
		}
	case Parallel:
		most = 0
		for _, region := range s.Regions() {
			most += region.mostRegions()
		}
	}
	for _, stage := range s.Stages() {
		most = max(most, len(stage))
	}
	return most
}

// Stages are the works of the state by stage: those of one stage are done at once.
func (s *State) Stages() [][]*Invocation {
	var found [][]*Invocation
	for _, i := range s.Invocations {
		if i.Stage == len(found) {
			found = append(found, nil)
		}
		found[i.Stage] = append(found[i.Stage], i)
	}
	return found
}

// Invocation finds work of the state by its id.
func (s *State) Invocation(id string) (*Invocation, bool) {
	for _, i := range s.Invocations {
		if i.ID == id {
			return i, true
		}
	}
	return nil, false
}

// State that does the work.
func (i *Invocation) State() *State { return i.state }

// Place of the transition in its document: line and column from 1.
func (t *Transition) Place() (line, column int) { return t.line, t.column }

// Inside reports whether s is a proper descendant of ancestor.
func (s *State) Inside(ancestor *State) bool { return s.isInside(ancestor) }

func (s *State) isInside(ancestor *State) bool {
	for p := s.Parent; p != nil; p = p.Parent {
		if p == ancestor {
			return true
		}
	}
	return false
}

func (s *State) isInsideAny(ancestors []*State) bool {
	for _, a := range ancestors {
		if s.isInside(a) {
			return true
		}
	}
	return false
}

func doneInvoke(id string) string  { return "done.invoke." + id }
func errorInvoke(id string) string { return "error.invoke." + id }
func doneState(s *State) string    { return "done.state." + s.Path }
func errorWork(s *State) string    { return "error.work." + s.Path }

// ChildEvent is the event by which a case learns of the children that a piece of its work has started.
func ChildEvent(work string) string { return childPrefix + work }

const childPrefix = "child."
