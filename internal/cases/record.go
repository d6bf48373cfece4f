package cases

import (
	"strconv"
	"time"

	"ballerine/internal/docscan"
	"ballerine/internal/statechart"
)

// Status of a case.
type Status string

// A case is active until its chart is done (completed), a technical dead end (failed), or it is called off (cancelled).
const (
	StatusActive    Status = "active"
	StatusCompleted Status = "completed"
	StatusFailed    Status = "failed"
	StatusCancelled Status = "cancelled"
)

// Record is the truth about one case. Stores keep it as one JSON item.
type Record struct {
	Tenant     string      `json:"tenant"`
	ID         string      `json:"id"` // "case_" + ULID
	ExternalID string      `json:"external_id,omitempty"`
	Workflow   WorkflowRef `json:"workflow"`

	Status   Status              `json:"status"`
	Snapshot statechart.Snapshot `json:"snapshot"`
	Context  map[string]any      `json:"context"`
	Tags     []string            `json:"tags"`
	Outcome  string              `json:"outcome,omitempty"` // the final state's path once completed
	Risk     *Risk               `json:"risk,omitempty"`

	Waiting       *Waiting       `json:"waiting,omitempty"`     // for whom the case waits, as of the newest change; nil when it has ended
	StateSince    time.Time      `json:"state_since,omitzero"`  // since when the configuration has been what it is
	ReviewSince   time.Time      `json:"review_since,omitzero"` // since when a decision has been pending; zero: none is
	SLA           *SLA           `json:"sla,omitempty"`
	Message       *Message       `json:"message,omitempty"`        // the latest message to the applicant
	Pages         *Pages         `json:"pages,omitempty"`          // how far the applicant has come with the pages of the flow; personal data
	Undo          *Undo          `json:"undo,omitempty"`           // the newest decision while it can be taken back
	DocumentUndos []DocumentUndo `json:"document_undos,omitempty"` // decisions about documents while they can be taken back, oldest first
	Proposed      *Proposal      `json:"proposed,omitempty"`       // a decision that waits for a second person
	Snooze        *Snooze        `json:"snooze,omitempty"`         // out of its queue until then; it stays here when the time has come, until the case moves on
	Escalation    *Escalation    `json:"escalation,omitempty"`     // has been handed to those who approve
	Terms         []string       `json:"terms,omitempty"`          // keyed hashes of what the case is searched by, sorted
	Traits        []Trait        `json:"traits,omitempty"`         // keyed hashes of identifiers, by which other cases about the same person are found

	Version  int    `json:"version"`  // counts history entries; the ETag; every commit adds one
	Revision int    `json:"revision"` // counts writes, parking included; what commits are conditional on
	Head     string `json:"head"`     // hash of the newest history entry

	Parent       *Parent         `json:"parent,omitempty"`   // the case whose work has started this one
	NewHits      *NewHits        `json:"new_hits,omitempty"` // that the case was opened for; its context has them as "rescreening"
	Subject      SubjectRef      `json:"subject"`
	Documents    []Document      `json:"documents,omitempty"`
	Incidents    []Incident      `json:"incidents,omitempty"`  // open ones
	Reads        map[string]Read `json:"reads,omitempty"`      // by work: its input when it was done
	Stale        []string        `json:"stale,omitempty"`      // work whose input has changed since, sorted; see staleness.go
	Former       []FormerHits    `json:"former,omitempty"`     // possible matches of answers that are no longer valid; personal data
	Suppliers    []string        `json:"suppliers,omitempty"`  // people of the back office who have supplied data or set results by hand; they may not approve
	TwoPeople    bool            `json:"two_people,omitempty"` // the risk has once been such that approving needs a second person: it does from then on
	HadHits      bool            `json:"had_hits,omitempty"`   // there have been possible matches that nobody had cleared
	Vouched      bool            `json:"vouched,omitempty"`    // people have decided in its favour since: see denies
	Assignee     string          `json:"assignee,omitempty"`
	Stray        int             `json:"stray,omitempty"`        // callbacks without effect that are recorded in the history
	Correlations []Correlation   `json:"correlations,omitempty"` // ids of vendors that the case is found by, oldest first

	Paces     map[string]Pace `json:"paces,omitempty"` // kind of caller -> how far it has used its limit
	DueAt     time.Time       `json:"due_at,omitzero"` // the next automatic event: a timer, a missing answer, an incident of a wait without an end
	Execution ExecutionRef    `json:"execution"`
	Parked    map[string]Park `json:"parked,omitempty"` // region's path ("" is the whole chart) -> waiting token
	Seen      []string        `json:"seen,omitempty"`   // idempotency ids of the newest events and flow tokens, oldest first

	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// WorkflowRef pins a case to a published version.
type WorkflowRef struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
}

// Machine that executions of a case run.
func (r Record) Machine() Machine { return Machine{r.Tenant, r.Workflow} }

// String is "kyc@3".
func (w WorkflowRef) String() string { return w.ID + "@" + strconv.Itoa(w.Version) }

// NewHits are what a list has brought about a subject that is kept.
type NewHits struct {
	List string `json:"list"`
	For  string `json:"for"` // the workflow whose cases have kept the subject: see watched.Watch

	Lists     []string `json:"lists,omitempty"` // that it is looked for on; empty: all
	Threshold float64  `json:"threshold,omitempty"`
}

// SubjectRef is whom the case is about, as the case shows it. The full record is a Subject.
type SubjectRef struct {
	ID         string `json:"id"`   // "subj_…"
	Type       string `json:"type"` // individual | business | transaction | application
	ExternalID string `json:"external_id,omitempty"`
	Name       string `json:"name,omitempty" personal:"name"`
}

// Subject is an end user or a business, shared by its cases. Found again by (tenant, type, external id).
type Subject struct {
	Tenant     string         `json:"tenant"`
	ID         string         `json:"id"`
	Type       string         `json:"type"`
	ExternalID string         `json:"external_id,omitempty"`
	Data       map[string]any `json:"data"`               // name {given, family}, email, … as supplied: personal data
	Revision   int            `json:"revision,omitempty"` // counts writes; 0: written before there was one
	CreatedAt  time.Time      `json:"created_at"`
	UpdatedAt  time.Time      `json:"updated_at"`
}

// Risk is the answer of the newest policy.
type Risk struct {
	Score    float64 `json:"score"`
	Severity string  `json:"severity"` // low | medium | high | critical
	Policy   string  `json:"policy,omitempty"`
	Work     string  `json:"work,omitempty"` // the context field that holds the policy's whole answer
}

// SLA is the clock of a state whose `meta.sla` defines how soon a person should decide. It has no effect on the case:
// only a chart's own timers do. It continues through following states that require a decision and define no SLA of their
// own.
type SLA struct {
	State     string    `json:"state"`
	Visit     int       `json:"visit"`
	StartedAt time.Time `json:"started_at"`
	DueAt     time.Time `json:"due_at"`
}

// Breached reports whether the clock has run out.
func (c *SLA) Breached(now time.Time) bool { return c != nil && !now.Before(c.DueAt) }

// Message is a reviewer's message to the applicant, with the documents that are requested again.
type Message struct {
	Text      string            `json:"text" personal:"text"`
	Documents []MessageDocument `json:"documents"`
	At        time.Time         `json:"at"`
}

// MessageDocument is a document that is requested again, and why.
type MessageDocument struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`
	Reason string `json:"reason"`
}

// Pages is how far an applicant has come with the pages of the flow.
type Pages struct {
	Saved []string          `json:"saved,omitempty"` // ids of pages, sorted
	Over  map[string]string `json:"over,omitempty"`  // digests of what the context had instead of drafts, by field
	Draft map[string]any    `json:"draft,omitempty"` // answers that the context's schema does not take yet, by field; nil: was taken out
}

// ExecutionRef names the execution that follows the record: "<case>-<sequence>".
type ExecutionRef struct {
	Name      string    `json:"name"`
	Sequence  int       `json:"sequence"`
	StartedAt time.Time `json:"started_at,omitzero"`
	Since     int       `json:"since,omitempty"`   // the version in which it took over
	Lost      int       `json:"lost,omitempty"`    // how many before it were lost, in a row
	Express   bool      `json:"express,omitempty"` // a caller waits for its end: only the call itself starts it
}

// Park is a wait of the execution, which continues when Token is sent.
type Park struct {
	Token    string              `json:"token"`
	Position statechart.Position `json:"position"`
}

// region that the wait belongs to.
func (p Park) region(path string) statechart.Region {
	return statechart.Region{Path: path, Within: p.Position.Within}
}

// Incident is work that failed after its retries, where the chart does not define what follows: the state waits for an
// operator. Or it is an effect of the case that could not be delivered, a dead letter: then Effect names it, and State
// and Work are empty.
type Incident struct {
	ID       string    `json:"id"` // "inc_…"
	State    string    `json:"state"`
	Visit    int       `json:"visit"`
	Work     string    `json:"work"`  // "": of the state itself, see IncidentStuck, IncidentNoProgress, IncidentMisfit and IncidentLost
	Error    string    `json:"error"` // the error's name
	Cause    string    `json:"cause"` // without personal data
	Attempts int       `json:"attempts"`
	At       time.Time `json:"at"`
	Effect   string    `json:"effect,omitempty"` // of a dead letter: "<version>/<number>"
	Event    string    `json:"event,omitempty"`  // the deadline, or the report of Child, that has had no effect yet
	Child    string    `json:"child,omitempty"`
	Then     []string  `json:"then,omitempty"` // children whose reports wait behind that of Child, in their order
}

// DocumentStatus states how far a document is.
type DocumentStatus string

// A document is announced, then its bytes arrive, then it is checked, then a person decides about it.
const (
	DocumentAwaitingUpload DocumentStatus = "awaiting_upload"
	DocumentReceived       DocumentStatus = "received" // the bytes are there, as announced
	DocumentChecked        DocumentStatus = "checked"  // sniffed and read: see Checks
	DocumentRefused        DocumentStatus = "refused"  // not what was announced (type); never shown
	DocumentApproved       DocumentStatus = "approved"
	DocumentRejected       DocumentStatus = "rejected"
	DocumentRevision       DocumentStatus = "revision" // the applicant has to upload another one
)

// Document is one uploaded page or file of a case. Its bytes live in the object store under Key.
type Document struct {
	ID          string            `json:"id"` // "doc_…"
	Kind        string            `json:"kind"`
	Side        string            `json:"side,omitempty"`
	ContentType string            `json:"content_type"`
	Size        int64             `json:"size"`   // bytes
	SHA256      string            `json:"sha256"` // hex
	Key         string            `json:"key"`    // random: carries no personal data
	Status      DocumentStatus    `json:"status"`
	Properties  map[string]any    `json:"properties,omitempty"` // as declared; personal data
	Checks      map[string]any    `json:"checks,omitempty"`     // what the document task read and found; personal data
	Decision    *DocumentDecision `json:"decision,omitempty"`
	CreatedAt   time.Time         `json:"created_at"`
	UpdatedAt   time.Time         `json:"updated_at"`
	// By is who announced it: applicant, client or user. UploadUntil is when its link ends. Records of former versions have
	// neither. As is applicant where a person has announced it for the applicant.
	By          string    `json:"by,omitempty"`
	As          string    `json:"as,omitempty"`
	UploadUntil time.Time `json:"upload_until,omitzero"`
}

// CheckRead is the member of a document's checks with what was read in its picture: {mrz, confidence}. It is not part of
// the report, which becomes part of the context: names and numbers are only shown to people who may see the applicant's
// data.
const CheckRead = "read"

// Zones are the machine-readable zones that are known of the document: the one that was read in the picture, and then the one that was typed.
func (d Document) Zones() []docscan.MRZ {
	var found []docscan.MRZ
	read, _ := d.Checks[CheckRead].(map[string]any)
	for _, of := range []map[string]any{read, d.Properties} {
		text, _ := of["mrz"].(string)
		if zone, err := docscan.ReadMRZ(text); err == nil {
			found = append(found, zone)
		}
	}
	return found
}

// awaited reports whether the document's bytes can still arrive by the link that was issued.
func (d Document) awaited(now time.Time) bool {
	return d.Status == DocumentAwaitingUpload && now.Before(d.UploadUntil)
}

// DocumentDecision is a reviewer's decision about a document.
type DocumentDecision struct {
	Decision string    `json:"decision"` // approved | rejected | revision
	Reason   string    `json:"reason,omitempty"`
	Comment  string    `json:"comment,omitempty" personal:"text"`
	By       Actor     `json:"by"`
	At       time.Time `json:"at"`
}

// Note is a remark on a case. Its author can change it for a minute; the history keeps its former text. Notes are never deleted.
type Note struct {
	ID       string    `json:"id"` // "note_…"
	Text     string    `json:"text" personal:"text"`
	Mentions []string  `json:"mentions,omitempty" doc:"ids of the people whom it names: they are notified"`
	By       Actor     `json:"by"`
	At       time.Time `json:"at"`
	EditedAt time.Time `json:"edited_at,omitzero" doc:"when its author has changed it last"`
	// Unreadable marks a note that exists but cannot be decoded. It is never stored.
	Unreadable bool `json:"unreadable,omitempty" doc:"whether the note exists but cannot be read"`
}

// TaskRun is one attempt of an invocation, for people who need to know what was called, how long it took and how it ended.
type TaskRun struct {
	ID        string        `json:"id"` // "task_…"
	State     string        `json:"state"`
	Visit     int           `json:"visit"`
	Work      string        `json:"work"`
	Source    string        `json:"source"` // vendor | rules | document | children
	Name      string        `json:"name"`   // plugin or policy id
	Attempt   int           `json:"attempt"`
	Outcome   string        `json:"outcome"` // done | failed | awaiting | stale
	Error     string        `json:"error,omitempty"`
	StartedAt time.Time     `json:"started_at"`
	Duration  time.Duration `json:"duration"` // nanoseconds
	Call      *Call         `json:"call,omitempty" doc:"of an attempt at a vendor"`
	// Titles are the names that the answering plugin has for its result and the fields in it: by path ("" is the result,
	// "hits[].list" a field of each hit), then by language. nil: it has none.
	Titles map[string]map[string]string `json:"titles,omitempty"`
	// Unreadable marks an attempt that exists but cannot be decoded. It is never stored.
	Unreadable bool `json:"unreadable,omitempty" doc:"whether the attempt exists but cannot be read"`
}
