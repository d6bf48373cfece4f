package cases

import (
	"context"
	"errors"
	"strconv"
	"time"

	"ballerine/internal/statechart"
	"ballerine/internal/workflow"
)

// Store keeps cases. Every Commit is one transaction. The tenant is part of every key. Each method's errors are
// *problem.Error with the codes named; anything else is Unavailable or Internal.
// The behaviour is defined by internal/store/storetest, which runs against every adapter.
type Store interface {
	// Get returns the record. Errors: NotFound.
	Get(ctx context.Context, tenant, id string) (Record, error)
	// Commit writes a change over the record that is still at revision change.Revision (0: it must not exist yet).
	// Errors: Conflict when another write to the record or the subject came first, AlreadyExists for a create whose id is taken, or whose
	// (tenant, workflow, external id) is, unless change.Supersedes has it, or for a case that is opened again while another
	// one has taken its external id over: the error's Details["case"] names the case that has it; TooLarge for what does not
	// fit into one transaction of the real store; UndoOver when an effect of change.Dropped has been claimed or delivered;
	// CorrelationTaken when one of NewCorrelations(change) belongs to another owner;
	// NotFound when one of change.Buried has been delivered or buried, or one of change.Replayed or change.Discarded is no
	// dead letter.
	Commit(ctx context.Context, change Change) error
	// Park stores the waiting token of a region if the record is still at version; it adds one to the revision and
	// nothing to the history. Errors: Conflict when the record has moved on, NotFound.
	Park(ctx context.Context, tenant, id string, version int, region string, park Park) error
	// History returns entries with version > after, ascending; one that cannot be decoded as an UnreadableEntry.
	History(ctx context.Context, tenant, id string, after, limit int) ([]Entry, error)
	// Notes and TaskRuns return all of a case, oldest first; of one that cannot be decoded the id and the time, as Unreadable.
	Notes(ctx context.Context, tenant, id string) ([]Note, error)
	TaskRuns(ctx context.Context, tenant, id string) ([]TaskRun, error)
	// Results returns what is kept of a case's children beside its record, in any order.
	Results(ctx context.Context, tenant, id string) ([]ChildResult, error)
	// PutTaskRun records an attempt that changes nothing else (a failure that will be retried), and adds its RunCounts to the tenant's counters.
	PutTaskRun(ctx context.Context, tenant, id string, run TaskRun) error
	// List pages through cases in the query's order. Query.After is the cursor of a former page. It examines a bounded
	// number of cases: a page may hold fewer than requested, or none, while there are more (Page.Next).
	List(ctx context.Context, tenant string, query Query) (Page, error)
	// Counts returns the sums of a group of a tenant's counters, by name; a group that was never counted is empty.
	Counts(ctx context.Context, tenant, group string) (map[string]int, error)
	// Overdue counts the open cases that wait for a person's decision and whose deadline has passed, up to a limit.
	Overdue(ctx context.Context, tenant string, now time.Time, limit int) (int, error)
	// FindExternal returns the id of the case with this external id. Errors: NotFound.
	FindExternal(ctx context.Context, tenant, workflow, externalID string) (string, error)
	// Correlated returns the work that the hash of a vendor's id identifies. It reflects every completed commit. Errors: NotFound.
	Correlated(ctx context.Context, tenant, plugin, hash string) (Correlation, error)
	// Subject finds a subject by its external id; Errors: NotFound.
	Subject(ctx context.Context, tenant, kind, externalID string) (Subject, error)

	Outbox
	VendorAnswers

	// Publications reads a tenant's publications from a place on, in their order: those that became final before until,
	// limit at most, and fewer if some are large. more states that there may be others. Retracted ones have no events, or
	// are missing; of one that cannot be decoded only the place is returned, as Unreadable.
	Publications(ctx context.Context, tenant string, from Place, until time.Time, limit int) (found []Publication, more bool, err error)
	// PublicationsAt returns those at places whose Part is 0, with all their parts, in the order of the places; where there
	// is none, it leaves the place out.
	PublicationsAt(ctx context.Context, tenant string, places []Place) ([]Publication, error)
	// Settled returns up to when publications are complete: none that became final before that time will be written or
	// retracted any longer by commits that were drafted at most DraftTime before.
	Settled(now time.Time) time.Time

	// Due returns active cases of all tenants whose DueAt is at or before the time: what a lost execution would miss.
	Due(ctx context.Context, before time.Time, limit int) ([]Ref, error)
	// Open returns active cases of all tenants that were last written before the time, in pages: for the check that each
	// has a running execution. next is "" at the end.
	Open(ctx context.Context, before time.Time, after string, limit int) (refs []Ref, next string, err error)

	// Bookmarks returns what PutBookmarks has stored; if that is nothing, no bookmarks, at revision 0.
	Bookmarks(ctx context.Context) (Bookmarks, error)
	// PutBookmarks keeps bookmarks over those of their revision, with the next one. Errors: Conflict when others came first.
	PutBookmarks(ctx context.Context, marks Bookmarks) error
}

// Bookmarks state where scans over the cases of all tenants continue that take more than one call, in whatever process:
// the name of a scan to a cursor of the store, which may be any bytes.
type Bookmarks struct {
	At       map[string][]byte `json:"at"`
	Revision int               `json:"revision"`
}

// Change is one commit.
type Change struct {
	Revision     int    // the revision that was read; 0 for a new case
	Before       Record // as it was read: what indexes hold of it; zero for a new case
	Next         Record // Version and Revision are already counted up
	Entry        Entry
	Effects      []Effect
	Dropped      []Effect      // effects of a former commit that must not happen, unless they have been claimed
	Buried       []Effect      // effects that become dead letters: as they were read, but for the failure and DeadAt
	Replayed     []Effect      // dead letters that are tried again: see Effect.Replayed
	Discarded    []Effect      // dead letters that shall not happen
	Publications []Publication // what subscribers are notified of, to be read again
	Retracted    []Publication // of a former commit, without their events: nobody is notified; they are among Dropped, too
	Notes        []Note
	TaskRuns     []TaskRun
	Results      []ChildResult // written over those of the same children
	Subject      *Subject      // written with the case over the one of the revision before it; 1: over none, or one without a revision
	Supersedes   *Superseded   // a new case takes the external id of one that has ended; Conflict when that was written meanwhile
	Counts       Counts        // what the commit adds to the tenant's counters
	Notices      []Notice      // what people of the back office are notified of; Gone: notices that are withdrawn

	// Fresh reports whether the commit may still take its place in the order of subscribers' events: drafted at most
	// DraftTime ago. The store calls it once readers wait for this commit, or its time is bounded: any pause before that
	// counts. Its error ends the commit. nil: there are no events to publish.
	Fresh func() error
}

// Superseded is a case that has ended, as it was read.
type Superseded struct {
	Case     string
	Revision int
}

// Reopens reports whether a case that has ended is open again: it needs its external id back.
func (c Change) Reopens() bool {
	return c.Revision > 0 && c.Before.Status != StatusActive && c.Next.Status == StatusActive && c.Next.ExternalID != ""
}

// Counts are changes of counters: group -> name -> how much is added. A group is read as a whole.
type Counts map[string]map[string]int

func (c Counts) add(group, name string, delta int) {
	if c[group] == nil {
		c[group] = map[string]int{}
	}
	if c[group][name] += delta; c[group][name] == 0 {
		delete(c[group], name)
	}
	if len(c[group]) == 0 {
		delete(c, group)
	}
}

// Ref names a case of any tenant.
type Ref struct {
	Tenant string `json:"tenant"`
	ID     string `json:"id"`
}

// Order of a list of cases.
type Order string

// The orders. Cases without a deadline come after those that have one.
const (
	NewestFirst   Order = "-created_at"
	OldestFirst   Order = "created_at"
	SoonestFirst  Order = "due_at"        // by the SLA's deadline; open cases only
	LatestFirst   Order = "-updated_at"   // by the newest change: the last one first
	StalestFirst  Order = "updated_at"    // by the newest change: the one that is longest ago first
	RiskiestFirst Order = "-risk"         // by Risk.Severity, and among cases of one severity the soonest deadline first; open cases only. Stores do not know it
	CalmestFirst  Order = "risk"          // open cases only, as above
	LongestFirst  Order = "waiting_since" // by Waiting.Since; open cases only, and none that was last written before records had it
)

// Query filters cases; empty members do not filter.
type Query struct {
	Workflow      string
	State         string   // an active state's path
	Tags          []string // all of them
	Status        Status
	Assignee      string // "none": nobody's
	Subject       string
	Parent        string    // the case whose children are asked for
	Severities    []string  // one of them; "none": not rated yet
	Outcome       string    // of a case that has ended
	SecondPerson  bool      // a decision in its favour waits for a second person
	DueBefore     time.Time // a deadline of the chart, or the SLA's
	Overdue       time.Time // waits for a person, and its deadline has passed by then
	Incident      bool      // has an open incident
	Escalated     bool      // has been handed to those who approve
	Snoozed       time.Time // is out of its queue at this time
	Awake         time.Time // is not
	WaitingFor    string    // one of WaitsFor
	WaitingWork   string    // the work that is waited for
	WaitingBefore time.Time // has waited since before then
	ExternalID    string    // of the case: all that have had it
	CreatedAfter  time.Time // at this time or later
	CreatedBefore time.Time
	UpdatedAfter  time.Time // at this time or later
	Text          string    // words of the case, or the beginnings of words
	Terms         []string  // the hashes of Text's words, and of ExternalID: Record.Terms must have them all
	Order         Order     // "": newest first
	Limit         int       // 1 to 200
	After         string    // store cursor, opaque; httpapi signs it and binds it to the filters
}

// Page of cases. Next is "" on the last one.
type Page struct {
	Records []Record
	Next    string
	// Unreadable are the ids of cases whose stored data cannot be read: they are skipped, so that the others can be shown.
	// Whether they match the query is not known.
	Unreadable []string
}

// ErrUnreadable is the error for a record that exists but cannot be decoded. Stores wrap it.
var ErrUnreadable = errors.New("the stored case cannot be read")

// Executions start, wake and stop the executions that follow records. Adapters: Step Functions, the local interpreter.
type Executions interface {
	// Start begins the execution; a second call with the same name does nothing and is no error.
	Start(ctx context.Context, machine Machine, name string, input ExecutionInput) error
	// Wake sends a parked token. A token that is no longer waited for is no error.
	Wake(ctx context.Context, token string, output ExecutionInput) error
	// Stop ends the execution; one that has ended is no error.
	Stop(ctx context.Context, machine Machine, name, cause string) error
	// Running reports whether the execution exists and has not ended.
	Running(ctx context.Context, machine Machine, name string) (bool, error)
}

// Machine is the state machine of a tenant's workflow version.
type Machine struct {
	Tenant   string
	Workflow WorkflowRef
}

// References find the state machines that tenants have published.
type References interface {
	// Reference is what a version's machine was published as, or its Express machine; "" for one that ships with the
	// software, and for an Express machine that does not exist. Errors: Unavailable.
	Reference(ctx context.Context, machine Machine, express bool) (string, error)
}

// Decisions run the Express machines of workflows without waits. Adapters: Step Functions, the local interpreter.
type Decisions interface {
	// Decides reports whether the workflow version has an Express machine.
	Decides(ctx context.Context, machine Machine) (bool, error)
	// Run runs it from the input on and returns when the execution has ended, with whatever result: the record holds the
	// result. Errors: Unavailable if it could not be started.
	Run(ctx context.Context, machine Machine, name string, input ExecutionInput) error
}

// ExecutionInput is all the data that an execution ever holds: no personal data enters its history.
type ExecutionInput struct {
	Tenant  string           `json:"tenant"`
	Case    string           `json:"case"`
	Label   string           `json:"label"`
	Visit   int              `json:"visit"`
	Seconds int              `json:"seconds"`           // how long to wait at most, from now; at least 1, at most MaxWait
	Within  []int            `json:"within,omitempty"`  // of a region: see statechart.Region
	Regions []ExecutionInput `json:"regions,omitempty"` // for the branches of a Parallel, in document order
	Outer   *ExecutionInput  `json:"outer,omitempty"`   // of a branch that ends: what follows the Parallel
}

// MaxWait bounds every wait of an execution: 300 days, in seconds. A wait without a deadline ends then and is parked again.
const MaxWait = 300 * 24 * 60 * 60

// InputAt is the execution data for a position, as of now. No wait goes beyond latest, when the execution hands over.
func InputAt(tenant, id string, position statechart.Position, now, latest time.Time) ExecutionInput {
	seconds := MaxWait
	for _, until := range []time.Time{position.Until, latest} {
		if !until.IsZero() {
			left := (until.Sub(now) + time.Second - 1) / time.Second
			seconds = int(max(1, min(left, time.Duration(seconds))))
		}
	}
	input := ExecutionInput{Tenant: tenant, Case: id, Label: position.Label, Visit: position.Visit, Seconds: seconds, Within: position.Within}
	for _, region := range position.Regions {
		input.Regions = append(input.Regions, InputAt(tenant, id, region, now, latest))
	}
	if position.Outer != nil {
		outer := InputAt(tenant, id, *position.Outer, now, latest)
		input.Outer = &outer
	}
	return input
}

// Objects keep the bytes of documents, and what vendors were sent and have answered.
type Objects interface {
	// PresignPut allows one upload of exactly these bytes (size, type, SHA-256) to a key that does not exist yet.
	PresignPut(ctx context.Context, key, contentType string, size int64, sha256Hex string, expires time.Duration) (Upload, error)
	// PresignGet allows reading for a while: this version of what is stored, which Head has returned; "" where there are no versions.
	PresignGet(ctx context.Context, key, version, contentType, fileName string, expires time.Duration) (string, error)
	// Head returns size, type, checksum and version. Errors: NotFound.
	Head(ctx context.Context, key string) (ObjectInfo, error)
	// Read returns at most limit bytes from the start. Errors: NotFound.
	Read(ctx context.Context, key string, limit int64) ([]byte, error)
	// Keep writes an object under a key that is used once: an existing object stays, and is no error.
	Keep(ctx context.Context, key, contentType string, content []byte) error
	// Copy copies an object to another key, overwriting any object there. Errors: NotFound.
	Copy(ctx context.Context, from, to string) error
	// Delete removes an object; one that is not there is no error.
	Delete(ctx context.Context, key string) error
}

// Upload is a presigned request: the caller must send exactly these headers.
type Upload struct {
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	ExpiresAt time.Time         `json:"expires_at"`
}

// ObjectInfo describes stored bytes.
type ObjectInfo struct {
	Size        int64
	ContentType string
	SHA256      string // hex; "" where it was stored without
	Version     string // of these bytes, where the store keeps versions
}

// Catalog knows the published workflows. Version 0 means the newest. Errors: UnknownWorkflow.
type Catalog interface {
	Workflow(ctx context.Context, tenant, id string, version int) (*workflow.Workflow, error)
}

func effectID(id string, version, number int) string {
	return id + "/" + strconv.Itoa(version) + "/" + strconv.Itoa(number)
}
