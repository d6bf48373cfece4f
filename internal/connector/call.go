package connector

import (
	"context"
	"time"

	"ballerine/internal/workflow"
)

// Call is one attempt at a plugin's request, for a case's work.
type Call struct {
	Tenant, Case, State string
	Visit               int
	Work                string
	Attempt             int            // from 0
	Context             map[string]any // the case's context
	Input               map[string]any // the invocation's input, as the workflow has it
	Documents           []Document     // of the case, those that count
	Round               int            // how often a person has had it done again
	Anew                bool           // earlier answers are not reused
	IdempotencyKey      string         // names the work; "" makes one of case, state, visit, work and round
	CallbackURL         string         // where the vendor may call back, for plugins in callback mode
	Task                string         // names the attempt, for calls that reuse its answer
}

// Origin is the attempt whose answer is used again.
type Origin struct {
	Case string `json:"case,omitempty"`
	Task string `json:"task,omitempty"`
}

// Document is a file of a case that a vendor is asked about: its digest, never its contents. A vendor that gets the file
// from the client, or takes it in a session of its own, names by the digest which one it has verified.
type Document struct {
	ID, Kind, Side, ContentType, SHA256 string // SHA256 in hex
	Size                                int64  // bytes
}

// Outcome is the result of an attempt.
type Outcome struct {
	Result   any  // JSON value for the context; nil while awaiting
	Awaiting bool // the vendor accepted the request and will call back
	Accepted any  // awaiting: what the plugin keeps of the acceptance, JSON; nil if it keeps nothing
	Status   int  // HTTP status of the vendor's answer

	Trace Trace // also of an attempt that has failed; zero: nothing was sent
	Kept  *Kept // what may be reused for a while; nil: nothing

	Exchanged []byte // the requests and answers of the attempt without secrets, JSON of a bounded size, with personal data; nil: nothing was sent

	Correlation string // awaiting: the vendor's id, which its callback will have; "" if the address of the callback identifies the request
}

// Trace is what an attempt was, without any value of the case.
type Trace struct {
	Request  string // method and address as the plugin writes them, with placeholders
	Key      string // the Idempotency-Key
	Sent     string // SHA-256 of the request's body, in hex; "": it has none
	Status   int    // HTTP; 0: there was no answer
	Received string // SHA-256 of the answer's body; "": it could not be read whole
	Bytes    int    // of the answer's body
	Charged  bool   // the vendor has taken the request: its price counts

	Recalled time.Time // the time of the earlier answer that was reused instead of calling the vendor; zero: the vendor was called
	Origin   Origin    // Recalled: the attempt that it answered

	Calls         []Trace // of an attempt at a plugin with several calls, in their order, those of elements by element; the other members are then the last one's
	Step          string  // the step whose call it is; "": the plugin's own
	Element, Page int     // which element and page it is about, from 1; 0: neither

	digest string // of the request, in hex
}

// Secrets finds the secrets that plugins name. Errors: problem.NotFound; others are passed on.
type Secrets interface {
	Secret(ctx context.Context, tenant, name string) (string, error)
}

// RetryPolicy states how often and when a failed attempt is made again. The compiled machine carries it out.
type RetryPolicy = workflow.RetryPolicy
