package cases

import (
	"time"

	"ballerine/internal/statechart"
)

// Actor is who did it.
type Actor struct {
	Kind string `json:"kind"` // identity.Kind
	ID   string `json:"id"`
}

// Cause names what a history entry is about.
type Cause string

// The causes of history entries.
const (
	CauseStarted          Cause = "started"
	CauseEvent            Cause = "event"             // a client's or applicant's event
	CauseDecision         Cause = "decision"          // a reviewer's
	CauseTimer            Cause = "timer"             // a deadline passed
	CauseOutcome          Cause = "outcome"           // a task's result or error
	CauseIncident         Cause = "incident"          // a failure that waits for an operator
	CauseIncidentResolved Cause = "incident_resolved" // retried
	CauseContext          Cause = "context"           // data saved by the applicant or client
	CauseDocument         Cause = "document"          // announced, received, checked
	CauseDocumentDecision Cause = "document_decision"
	CauseDocumentViewed   Cause = "document_viewed"
	CauseAssigned         Cause = "assigned"
	CauseNote             Cause = "note"
	CauseUndone           Cause = "undone" // the decision before it was taken back in time
	CauseCancelled        Cause = "cancelled"
	CauseReplaced         Cause = "execution_replaced"
	CauseCallback         Cause = "callback_awaited" // the answer comes later: the vendor calls back, children come to their end
	CauseMigrated         Cause = "migrated"         // to another version of its workflow
	CauseChildren         Cause = "children_started"
	CauseChild            Cause = "child_reported" // a child case has moved
)

// Entry is one step of a case's history: entry n is about the change from version n-1 to n. Entries are never changed.
//
// Hash = SHA-256 over the canonical JSON of the entry with Hash, Details and Salt left out. Details, which may hold
// personal data, is covered by DetailsDigest only, so that it can be erased and the chain stays provable.
type Entry struct {
	Version       int            `json:"version"`
	At            time.Time      `json:"at"`
	Actor         Actor          `json:"actor"`
	Cause         Cause          `json:"cause"`
	Event         string         `json:"event,omitempty"`
	From          []string       `json:"from"`              // configuration before
	To            []string       `json:"to"`                // configuration after
	Changed       []string       `json:"changed,omitempty"` // top-level context fields, "documents", "assignee"
	Workflow      WorkflowRef    `json:"workflow"`
	RecordDigest  string         `json:"record_digest"`            // over what the record decides by: status, snapshot, context digest
	Details       map[string]any `json:"details,omitempty"`        // payload, reason, comment, trace
	Salt          string         `json:"salt,omitempty"`           // random; goes with Details when they are erased
	DetailsDigest string         `json:"details_digest,omitempty"` // SHA-256 over salt + canonical JSON of Details
	PrevHash      string         `json:"prev_hash"`                // "" for version 1
	Hash          string         `json:"hash"`
}

// EffectKind names what an outbox effect asks for.
type EffectKind string

// The outbox effects.
const (
	EffectStart   EffectKind = "start"   // start the execution Name with Position
	EffectWake    EffectKind = "wake"    // send Token with Position
	EffectStop    EffectKind = "stop"    // stop the execution Name
	EffectPublish EffectKind = "publish" // CloudEvents-shaped event Type to subscribers
	EffectReport  EffectKind = "report"  // tell the parent case Name how this one stands: Data is a ChildReport
	EffectCancel  EffectKind = "cancel"  // call the child case Name off
	EffectNone    EffectKind = "none"    // was taken back: there is nothing to do
)

// Effect is something that must happen once the commit stands. It is written with the record and delivered at least
// once by dispatch; everything it does is idempotent.
type Effect struct {
	Tenant              string         `json:"tenant"`
	Case                string         `json:"case"`
	Version             int            `json:"version"` // of the commit it came with
	Number              int            `json:"number"`  // its place in that commit
	Kind                EffectKind     `json:"kind"`
	Name                string         `json:"name,omitempty"`   // of the execution; report, cancel: id of the case
	Machine             WorkflowRef    `json:"machine,omitzero"` // which machine to start
	Token               string         `json:"token,omitempty"`
	statechart.Position                // start, wake: what to hand over
	Latest              time.Time      `json:"latest,omitzero"` // start, wake: when the execution hands over
	Type                string         `json:"type,omitempty"`  // publish: "case.completed", "case.state_changed", …
	Data                map[string]any `json:"data,omitempty"`  // publish, report: thin, no personal data
	At                  time.Time      `json:"at"`
	// NotBefore holds an effect back, so that what it follows from can still be undone.
	NotBefore time.Time `json:"not_before,omitzero"`
}

// Due is when the effect is to be delivered.
func (e Effect) Due() time.Time {
	if e.NotBefore.After(e.At) {
		return e.NotBefore
	}
	return e.At
}

// ID is unique and stable: "<case>/<version>/<number>". Webhook ids derive from it.
func (e Effect) ID() string { return effectID(e.Case, e.Version, e.Number) }

// Input is what a start or wake effect hands to the execution, as of now: waits are counted from the delivery.
func (e Effect) Input(now time.Time) ExecutionInput {
	return InputAt(e.Tenant, e.Case, e.Position, now, e.Latest)
}
