package problem

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Code is a stable, documented name of what went wrong. Clients and Catch clauses rely on it.
type Code string

// The codes. The table codes below states the HTTP status of each and whether a retry can help.
const (
	Invalid              Code = "invalid"               // the input has problems; Fields lists the places
	MalformedJSON        Code = "malformed_json"        // the body is not JSON
	UnknownWorkflow      Code = "unknown_workflow"      // no such workflow is published
	UnknownPolicy        Code = "unknown_policy"        // no such policy is published
	UnknownList          Code = "unknown_list"          // a policy refers to a list that does not exist
	Unauthenticated      Code = "unauthenticated"       // no credential
	InvalidCredentials   Code = "invalid_credentials"   // a credential that is none of ours, or a wrong signature
	CredentialsExpired   Code = "credentials_expired"   // a credential that was good
	CredentialsRevoked   Code = "credentials_revoked"   // a credential that was ended, or whose granter is gone
	Forbidden            Code = "forbidden"             // the principal lacks the permission; Details names it
	NotFound             Code = "not_found"             // no such thing in the caller's tenant
	MethodNotAllowed     Code = "method_not_allowed"    // the path exists, not with this method
	EventNotAllowed      Code = "event_not_allowed"     // no active state accepts the event; Allowed lists those that are
	NotCollecting        Code = "not_collecting"        // the case does not wait for data or documents of the caller
	NotReady             Code = "not_ready"             // what it is about has not come, or not as announced
	UndoOver             Code = "undo_over"             // there is no decision that can still be taken back
	NoteFinal            Code = "note_final"            // the note can no longer be changed
	Claimed              Code = "claimed"               // somebody else is deciding the case; Details names them
	CaseClosed           Code = "case_closed"           // the case has ended
	AlreadyDecided       Code = "already_decided"       // somebody else has decided it before
	FourEyes             Code = "four_eyes"             // another person has to do it
	Outdated             Code = "outdated"              // what it is based on has changed since
	Conflict             Code = "conflict"              // another write came first, also after the bounded retries
	AlreadyExists        Code = "already_exists"        // an item with this identity exists
	Stale                Code = "stale"                 // If-Match names an older version
	PreconditionRequired Code = "precondition_required" // If-Match is missing
	IdempotencyRequired  Code = "idempotency_key_required"
	IdempotencyMismatch  Code = "idempotency_key_reused" // same key, another body
	IdempotencyInFlight  Code = "idempotency_in_flight"  // same key, the first call has not ended
	TooLarge             Code = "too_large"
	UnsupportedMedia     Code = "unsupported_media_type"
	RateLimited          Code = "rate_limited"
	Livelock             Code = "livelock"           // a statechart did not come to rest within its bound
	VendorUnavailable    Code = "vendor_unavailable" // no answer, 429 or 5xx: worth a retry
	VendorRejected       Code = "vendor_rejected"    // the vendor refused the request: a retry cannot help
	VendorGarbage        Code = "vendor_garbage"     // the vendor's answer breaks its schema
	DocumentDamaged      Code = "document_damaged"   // what is stored of a document is not what was uploaded
	Timeout              Code = "timeout"
	Unavailable          Code = "unavailable" // a service of our own is throttled or away: worth a retry
	Internal             Code = "internal"
)

type property struct {
	status int
	title  string
	retry  bool
}

var codes = map[Code]property{
	Invalid:              {http.StatusUnprocessableEntity, "Invalid input", false},
	MalformedJSON:        {http.StatusBadRequest, "Malformed JSON", false},
	UnknownWorkflow:      {http.StatusUnprocessableEntity, "Unknown workflow", false},
	UnknownPolicy:        {http.StatusNotFound, "Unknown policy", false},
	UnknownList:          {http.StatusConflict, "Unknown list", false},
	Unauthenticated:      {http.StatusUnauthorized, "Authentication required", false},
	InvalidCredentials:   {http.StatusUnauthorized, "Invalid credentials", false},
	CredentialsExpired:   {http.StatusUnauthorized, "Credentials expired", false},
	CredentialsRevoked:   {http.StatusUnauthorized, "Credentials revoked", false},
	Forbidden:            {http.StatusForbidden, "Permission denied", false},
	NotFound:             {http.StatusNotFound, "Not found", false},
	MethodNotAllowed:     {http.StatusMethodNotAllowed, "Method not allowed", false},
	EventNotAllowed:      {http.StatusConflict, "Event not allowed", false},
	NotCollecting:        {http.StatusConflict, "The case does not accept data", false},
	NotReady:             {http.StatusConflict, "Not ready", false},
	UndoOver:             {http.StatusConflict, "Undo period is over", false},
	NoteFinal:            {http.StatusConflict, "Note can no longer be changed", false},
	Claimed:              {http.StatusConflict, "Somebody else is deciding", false},
	CaseClosed:           {http.StatusConflict, "Case closed", false},
	AlreadyDecided:       {http.StatusConflict, "Already decided", false},
	FourEyes:             {http.StatusConflict, "A second person is required", false},
	Outdated:             {http.StatusConflict, "Outdated", false},
	Conflict:             {http.StatusConflict, "Conflict with another change", true},
	AlreadyExists:        {http.StatusConflict, "Already exists", false},
	Stale:                {http.StatusPreconditionFailed, "Version conflict", false},
	PreconditionRequired: {http.StatusPreconditionRequired, "If-Match is required", false},
	IdempotencyRequired:  {http.StatusBadRequest, "Idempotency-Key is required", false},
	IdempotencyMismatch:  {http.StatusUnprocessableEntity, "Idempotency-Key reused with another body", false},
	IdempotencyInFlight:  {http.StatusConflict, "A request with this Idempotency-Key is in progress", true},
	TooLarge:             {http.StatusRequestEntityTooLarge, "Request too large", false},
	UnsupportedMedia:     {http.StatusUnsupportedMediaType, "Unsupported media type", false},
	RateLimited:          {http.StatusTooManyRequests, "Too many requests", true},
	Livelock:             {http.StatusUnprocessableEntity, "Workflow does not terminate", false},
	VendorUnavailable:    {http.StatusBadGateway, "Vendor unavailable", true},
	VendorRejected:       {http.StatusBadGateway, "Vendor rejected the request", false},
	VendorGarbage:        {http.StatusBadGateway, "Invalid vendor response", false},
	DocumentDamaged:      {http.StatusInternalServerError, "Stored document damaged", false},
	Timeout:              {http.StatusGatewayTimeout, "Timeout", true},
	Unavailable:          {http.StatusServiceUnavailable, "Temporarily unavailable", true},
	Internal:             {http.StatusInternalServerError, "Internal error", true},
}

// Status is the HTTP status of the code; 500 for one that is not in the table.
func (c Code) Status() int {
	if p, ok := codes[c]; ok {
		return p.status
	}
	return http.StatusInternalServerError
}

// Title is the code's short sentence, the same for every occurrence.
func (c Code) Title() string {
	if p, ok := codes[c]; ok {
		return p.title
	}
	return codes[Internal].title
}

// Retryable reports whether the same call may succeed later.
func (c Code) Retryable() bool { return codes[c].retry }

// Field is one place of the input that is wrong. It never carries the rejected value, which may be personal data.
type Field struct {
	Location string `json:"location"` // "body.subject.name", "header.If-Match", "context.applicant.email"
	Code     string `json:"code"`     // "required", "type", "format", "unknown", …
	Message  string `json:"message"`
}

// Error is a failure with a name. Its text is safe to show and to log.
type Error struct {
	Code    Code
	Message string         // one sentence; no personal data
	Fields  []Field        // all places at once
	Details map[string]any // further machine-readable members, e.g. "allowed": the events that are allowed
	cause   error
}

// New makes an error with a formatted message. The arguments must not be personal data.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap makes an error around a cause. The cause is for logs and errors.Is only: it is never shown to a caller.
func Wrap(cause error, code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), cause: cause}
}

// With adds a place that is wrong and returns e.
func (e *Error) With(location, code, format string, args ...any) *Error {
	e.Fields = append(e.Fields, Field{Location: location, Code: code, Message: fmt.Sprintf(format, args...)})
	return e
}

// AtMost keeps the first n places that are wrong, states at a location how many more there are, and returns e.
func (e *Error) AtMost(n int, location string) *Error {
	if more := len(e.Fields) - n; more > 0 {
		e.Fields = e.Fields[:n:n]
		e.With(location, "more", "and %d more", more)
	}
	return e
}

// Detail adds a machine-readable member and returns e.
func (e *Error) Detail(name string, value any) *Error {
	if e.Details == nil {
		e.Details = map[string]any{}
	}
	e.Details[name] = value
	return e
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Code))
	b.WriteString(": ")
	b.WriteString(e.Message)
	for _, f := range e.Fields {
		fmt.Fprintf(&b, "; %s: %s", f.Location, f.Message)
	}
	if e.cause != nil {
		b.WriteString(": ")
		b.WriteString(e.cause.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is(err, problem.New(code, "")) and comparisons by code work.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// CodeOf is the code of the first *Error in err's chain; Internal for any other error, empty for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// As returns the first *Error in err's chain, or an Internal one that wraps err and does not reveal it.
func As(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return Wrap(err, Internal, "Something went wrong on our side.")
}
