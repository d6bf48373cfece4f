package cases

import (
	"time"

	"ballerine/internal/statechart"
)

// Actor is who made a change.
type Actor struct {
	Kind string `json:"kind"` // identity.Kind
	ID   string `json:"id"`
	For  string `json:"for,omitempty" doc:"the person of a client's back office on whose behalf a key has decided"`
	As   string `json:"as,omitempty" enum:"applicant" doc:"the supplier on whose behalf a person of the back office acted, if the case collects data"`
}

// Cause names what a history entry is about.
type Cause string

// The causes of history entries.
const (
	CauseStarted          Cause = "started"
	CauseEvent            Cause = "event"             // a client's or applicant's event
	CauseDecision         Cause = "decision"          // a reviewer's
	CauseProposed         Cause = "decision_proposed" // a reviewer's decision that waits for a second person
	CauseTimer            Cause = "timer"             // a deadline passed
	CauseOutcome          Cause = "outcome"           // a task's result or error
	CauseIncident         Cause = "incident"          // a failure that waits for an operator
	CauseIncidentResolved Cause = "incident_resolved" // retried
	CauseContext          Cause = "context"           // data saved by the applicant or client
	CauseDocument         Cause = "document"          // announced, received, checked
	CauseDocumentDecision Cause = "document_decision"
	CauseDocumentUndone   Cause = "document_decision_undone" // a decision about a document was taken back in time
	CauseDocumentViewed   Cause = "document_viewed"
	CauseExchangeViewed   Cause = "exchange_viewed" // what was exchanged with a vendor
	CauseAssigned         Cause = "assigned"
	CauseTakenOver        Cause = "taken_over" // somebody decides what another person had begun to decide
	CauseSnoozed          Cause = "snoozed"
	CauseSnoozeEnded      Cause = "snooze_ended"
	CauseEscalated        Cause = "escalated"
	CauseEscalationEnded  Cause = "escalation_ended"
	CauseNote             Cause = "note"
	CauseNoteEdited       Cause = "note_edited" // by its author, within a minute
	CauseUndone           Cause = "undone"      // the decision before it was taken back in time
	CauseCancelled        Cause = "cancelled"
	CauseReplaced         Cause = "execution_replaced"
	CauseCallback         Cause = "callback_awaited" // the answer arrives later: the vendor calls back, or children end
	CausePostponed        Cause = "postponed"        // the work has asked to be retried later
	CauseCallbackIgnored  Cause = "callback_ignored" // late, repeated or unexpected: it had no effect
	CauseMigrated         Cause = "migrated"         // to another version of its workflow
	CauseChildren         Cause = "children_started"
	CauseChild            Cause = "child_reported"     // a child case has moved
	CauseFlowToken        Cause = "flow_token_created" // a person has made a link for the applicant
)

// Causes returns all causes.
func Causes() []Cause {
	return []Cause{
		CauseStarted, CauseEvent, CauseDecision, CauseProposed, CauseTimer, CauseOutcome, CauseIncident, CauseIncidentResolved, CauseContext, CauseDocument,
		CauseDocumentDecision, CauseDocumentUndone, CauseDocumentViewed, CauseExchangeViewed, CauseAssigned, CauseTakenOver, CauseSnoozed, CauseSnoozeEnded, CauseEscalated, CauseEscalationEnded, CauseNote, CauseNoteEdited, CauseUndone, CauseCancelled, CauseReplaced, CauseCallback, CausePostponed,
		CauseCallbackIgnored, CauseMigrated, CauseChildren, CauseChild, CauseFlowToken,
	}
}

// Entry is one step of a case's history: entry n describes the change from version n-1 to n. Entries are never changed.
//
// Format states what RecordDigest covers: see digest.go. Hash = SHA-256 over the canonical JSON of the entry with Hash,
// Details and Salt left out. Details, which may hold personal data, is covered by DetailsDigest only, so that it can be
// erased while the chain stays provable. Digests and hashes are hidden from anyone who may not see personal data: a date
// of birth can be found by trying all.
type Entry struct {
	Version       int            `json:"version"`
	At            time.Time      `json:"at"`
	Actor         Actor          `json:"actor"`
	Cause         Cause          `json:"cause"`
	Event         string         `json:"event,omitempty"`
	From          []string       `json:"from"`                                // configuration before
	To            []string       `json:"to"`                                  // configuration after
	Changed       []string       `json:"changed,omitempty" personal:"fields"` // fields of the context; members of the record: "documents", "assignee", "incidents". A field called like one is "context.<name>"
	Workflow      WorkflowRef    `json:"workflow"`
	Format        int            `json:"format,omitempty"`               // 2: RecordDigest covers the whole record; absent: what it decides by
	RecordDigest  string         `json:"record_digest" personal:"name"`  // over the record as the change has left it
	Details       map[string]any `json:"details,omitempty"`              // payload, reason, comment, trace
	Salt          string         `json:"salt,omitempty" personal:"name"` // random; goes with Details when they are erased
	DetailsDigest string         `json:"details_digest,omitempty"`       // SHA-256 over salt + canonical JSON of Details
	FinalAt       time.Time      `json:"final_at,omitzero" doc:"of a decision with an undo period: when it became final and its effects began. All other changes are final immediately"`
	PrevHash      string         `json:"prev_hash" personal:"name"` // "" for version 1
	Hash          string         `json:"hash" personal:"name"`
	// Unreadable marks an entry that exists but cannot be decoded: only its version is known. It is never stored.
	Unreadable bool `json:"unreadable,omitempty" doc:"whether the entry exists but cannot be read; only its version is known, and verification fails"`
}

// UnreadableEntry represents an entry that exists but cannot be decoded: it is shown, never skipped.
func UnreadableEntry(version int) Entry {
	return Entry{Version: version, Unreadable: true, From: []string{}, To: []string{}}
}

// EffectKind names what an outbox effect requests.
type EffectKind string

// The outbox effects.
const (
	EffectStart   EffectKind = "start"   // start the execution Name with Position
	EffectWake    EffectKind = "wake"    // send Token with Position
	EffectStop    EffectKind = "stop"    // stop the execution Name
	EffectPublish EffectKind = "publish" // CloudEvents-shaped event Type to subscribers
	EffectReport  EffectKind = "report"  // report this case's state to the parent case Name: Data is a childReport
	EffectCancel  EffectKind = "cancel"  // call the child case Name off
	EffectAnswer  EffectKind = "answer"  // remember the decision's answers to the subject's hits
	EffectWatch   EffectKind = "watch"   // the case has ended: its subject is screened again from now on, or no longer
	EffectNone    EffectKind = "none"    // was undone: there is nothing to do

	EffectUnreadable EffectKind = "unreadable" // what is stored cannot be read: a person must look
)

// Effect is something that must happen once the commit stands. It is written with the record and delivered at least
// once by dispatch; everything it does is idempotent.
type Effect struct {
	Tenant              string         `json:"tenant"`
	Case                string         `json:"case"`
	Version             int            `json:"version"` // of its commit
	Number              int            `json:"number"`  // its place in that commit
	Kind                EffectKind     `json:"kind"`
	Name                string         `json:"name,omitempty"`   // of the execution; report, cancel: id of the case
	Machine             WorkflowRef    `json:"machine,omitzero"` // which machine to start
	Token               string         `json:"token,omitempty"`
	statechart.Position                // start, wake: what to hand over
	Latest              time.Time      `json:"latest,omitzero"`  // start, wake: when the execution hands over
	Names               []string       `json:"names,omitempty"`  // cancel: ids of the cases, when there are several
	Events              []Published    `json:"events,omitempty"` // publish: when there are several
	Type                string         `json:"type,omitempty"`   // publish: "case.completed", "case.state_changed", …
	Data                map[string]any `json:"data,omitempty"`   // publish, report: thin, no personal data
	At                  time.Time      `json:"at"`
	// NotBefore holds an effect back, so that what it follows from can still be undone.
	NotBefore time.Time `json:"not_before,omitzero"`
	// Delivery is the state of its delivery; zero before the first attempt.
	Delivery Delivery `json:"delivery,omitzero"`
}

// ID is unique and stable: "<case>/<version>/<number>". Webhook ids derive from it.
func (e Effect) ID() string { return effectID(e.Case, e.Version, e.Number) }

// Input is what a start or wake effect hands to the execution, as of now: waits are counted from the delivery.
func (e Effect) Input(now time.Time) ExecutionInput {
	return InputAt(e.Tenant, e.Case, e.Position, now, e.Latest)
}
