package statechart

import (
	"time"

	"ballerine/internal/expr"
)

// Kind of state.
type Kind string

// The kinds. Parallel and history states are refused by name for now.
const (
	Atomic   Kind = "atomic"
	Compound Kind = "compound"
	Final    Kind = "final"
)

// Chart is a parsed and checked statechart: immutable, safe for concurrent use.
type Chart struct {
	root   *State
	states []*State          // document order, root first
	byPath map[string]*State // without the root
}

// State is a state of a chart. It must not be changed.
type State struct {
	Path        string // dotted, "review.waiting"; "" for the root
	Name        string
	Kind        Kind
	Description string
	Tags        []string
	Meta        map[string]any
	Parent      *State
	Children    []*State
	Initial     *State // of a compound state
	Invocations []*Invocation
	Timers      []*Timeout
	Transitions []*Transition // all of the state's own, document order: on, always, after, onDone, onError

	order   int // place in document order
	depth   int
	entry   []action
	exit    []action
	always  []*Transition
	byEvent map[string][]*Transition // exact event -> candidates in order
	globs   []*Transition            // "*" and "x.*", document order
}

// Transition is what a state does on an event.
type Transition struct {
	Source      *State
	Event       string // "SUBMIT", "x.*", "*", "" for always, "after.<path>.<n>", "done.invoke.<id>", "done.state.<path>", …
	Target      *State // nil: actions only
	Guarded     bool
	GuardText   string
	Forbidden   bool // the event is known and does nothing here, whatever ancestors say
	Reenter     bool // leaves and enters the source even when the target is inside it
	Description string

	guard   guard
	actions []action
	line    int
	column  int
}

// Timeout is an `after` of a state: a delay and the event that its passing raises.
type Timeout struct {
	Index int
	Delay Delay
	Event string // "after.<path>.<index>"
}

// Invocation is work that a state does on entry: Source says which task does it.
type Invocation struct {
	ID      string
	Source  string         // vendor | rules | document | children
	Input   map[string]any // {plugin: …}, {policy: …}, …; `with` holds computed values, see With
	With    map[string]*expr.Program
	Timeout time.Duration // 0: the task's own
	Retry   *Retry        // nil: the task's own
	OnDone  []*Transition
	OnError []*Transition
	state   *State
}

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

// Leaf is the atomic or final state that entering s leads to.
func (s *State) Leaf() *State {
	for s.Kind == Compound {
		s = s.Initial
	}
	return s
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

// isInside says whether s is a proper descendant of ancestor.
func (s *State) isInside(ancestor *State) bool {
	for p := s.Parent; p != nil; p = p.Parent {
		if p == ancestor {
			return true
		}
	}
	return false
}

func doneInvoke(id string) string  { return "done.invoke." + id }
func errorInvoke(id string) string { return "error.invoke." + id }
func doneState(s *State) string    { return "done.state." + s.Path }
func errorWork(s *State) string    { return "error.work." + s.Path }
