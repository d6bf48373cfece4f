package statechart

import "time"

// Status of a chart's run.
type Status string

// A run is active until its root has reached a final state.
const (
	Active Status = "active"
	Done   Status = "done"
)

// Snapshot is where a run is: everything that Step needs to know of the past, besides the context.
// It is plain data, kept as JSON in the case record; a Snapshot that Step has returned is never changed again.
type Snapshot struct {
	Status Status       `json:"status"`
	Active []Activation `json:"active"` // every active state, ancestors before descendants, in document order
	Visits int          `json:"visits"` // the number of the last entry
	// History holds what the history states remember: path of the history state -> paths that were active.
	History map[string][]string `json:"history,omitempty"`
}

// Activation is one active state and what it is busy with.
type Activation struct {
	State  string  `json:"state"`            // dotted path, "review.waiting"
	Visit  int     `json:"visit"`            // number of this entry, unique in the run: distinguishes a late outcome from a current one
	Timers []Timer `json:"timers,omitempty"` // not yet due, soonest first
	Work   []Work  `json:"work,omitempty"`   // the state's invocations, in order
}

// Timer is an `after` of an active state as an absolute deadline.
type Timer struct {
	Index int       `json:"index"` // which `after` of the state, in document order
	Due   time.Time `json:"due"`
}

// Work is one invocation of an active state.
type Work struct {
	ID     string     `json:"id"`
	Status WorkStatus `json:"status"`
	Until  time.Time  `json:"until,omitzero"`  // awaiting: when the answer is missing for good, or when it may be asked for again
	Later  bool       `json:"later,omitempty"` // awaiting: there is no answer to come; it is to be asked for again
	Tries  int        `json:"tries,omitempty"` // attempts that were made before it was last put off
	Round  int        `json:"round,omitempty"` // how often it was repeated by a person after an incident
}

// WorkStatus states how far an invocation is.
type WorkStatus string

// An invocation is pending until its task has ended (the next one starts then); awaiting while a vendor's callback is
// outstanding; an incident if it failed, its retries are used up and the chart does not define what follows.
const (
	WorkPending  WorkStatus = "pending"
	WorkAwaiting WorkStatus = "awaiting"
	WorkDone     WorkStatus = "done"
	WorkFailed   WorkStatus = "failed"
	WorkIncident WorkStatus = "incident"
)

// Event is what happens to a run.
type Event struct {
	Type    string // "SUBMIT"; "done.invoke.<id>", "error.invoke.<id>" for outcomes
	Payload any    // JSON value; for done.invoke it is written to the context under the invocation's id
	ID      string // unique, set by the caller; "" in simulations
	State   string // outcomes only: the state whose work this is; "" means whichever active state has it
	Visit   int    // outcomes only: the visit the outcome belongs to; 0 means the current one
	// Optional events need not be known to any state: if they have no transition, only automatic transitions (always) are
	// taken, and wildcards do not match them. They notify the chart that its context has changed.
	Optional bool
	// By is the audience in which the event is sent: it must be allowed to send it, and the event must have an effect. 0: the system itself.
	By Audience
}

// Result is what Step returns.
type Result struct {
	Snapshot Snapshot
	Context  map[string]any // the input's context, or a changed copy: the input is never written to
	Changed  []string       // top-level context fields that were written, sorted
	Effects  []Effect       // what must happen, in order, after the result is committed
	Trace    []Trace        // every guard that was evaluated and every transition taken, in order
	Taken    bool           // whether any transition was taken
	Stale    bool           // an outcome whose visit or work is over: nothing changed
}

// EffectKind names what must happen.
type EffectKind string

// The effects.
const (
	EffectInvoke EffectKind = "invoke" // the state's work must start: follow the label
	EffectCancel EffectKind = "cancel" // work that had not ended was dropped with its state
	EffectEmit   EffectKind = "emit"   // publish event Name with Payload
	EffectNotify EffectKind = "notify" // notify people: Payload is the action's own members
	EffectLog    EffectKind = "log"    // write Name to the log
)

// Effect is something for the world to do.
type Effect struct {
	Kind    EffectKind     `json:"kind"`
	State   string         `json:"state,omitempty"`
	Visit   int            `json:"visit,omitempty"`
	Work    string         `json:"work,omitempty"`
	Name    string         `json:"name,omitempty"`
	Payload map[string]any `json:"payload,omitempty"`
}

// Trace is one item that Step evaluated, for explanations.
type Trace struct {
	State   string   `json:"state"`             // whose transition it is
	Event   string   `json:"event,omitempty"`   // "" for always
	Target  string   `json:"target,omitempty"`  // "" for a transition without a target
	Guard   string   `json:"guard,omitempty"`   // the guard as written, shortened
	Outcome string   `json:"outcome"`           // "taken", "false", "unknown", "stale", "forbidden", "preempted"
	Missing []string `json:"missing,omitempty"` // context paths that a guard needed and did not find
	Reason  string   `json:"reason,omitempty"`

	otherwise Sentence // of the transition
}

// Next is an event that the active states know, and whether it would do something now.
type Next struct {
	Event   string   `json:"event"`
	Allowed bool     `json:"allowed"`
	Reason  *string  `json:"reason"` // why not; nil when allowed, and for applicants
	By      []string `json:"by" nullable:"false" enum:"applicant,client,reviewer,approver" doc:"who may send it"`

	Explanation *Explanation `json:"explanation,omitempty" doc:"why it is not allowed, for programs; absent when allowed, and for applicants"`
}
