package client

// Code is the stable name of what went wrong. docs/reference/errors.md states for each what to do. A Code is an error, so that
// errors.Is compares with it.
type Code string

// Error implements error.
func (c Code) Error() string { return string(c) }

// All codes of refusals.
const (
	CodeInvalid                Code = "invalid"
	CodeMalformedJSON          Code = "malformed_json"
	CodeUnknownWorkflow        Code = "unknown_workflow"
	CodeUnknownPolicy          Code = "unknown_policy"
	CodeUnknownList            Code = "unknown_list"
	CodeUnauthenticated        Code = "unauthenticated"
	CodeInvalidCredentials     Code = "invalid_credentials"
	CodeCredentialsExpired     Code = "credentials_expired"
	CodeCredentialsRevoked     Code = "credentials_revoked"
	CodeForbidden              Code = "forbidden"
	CodeNotFound               Code = "not_found"
	CodeMethodNotAllowed       Code = "method_not_allowed"
	CodeEventNotAllowed        Code = "event_not_allowed"
	CodeNotCollecting          Code = "not_collecting"
	CodeNotReady               Code = "not_ready"
	CodeUndoOver               Code = "undo_over"
	CodeCaseClosed             Code = "case_closed"
	CodeAlreadyDecided         Code = "already_decided"
	CodeFourEyes               Code = "four_eyes"
	CodeNoteFinal              Code = "note_final"
	CodeClaimed                Code = "claimed"
	CodeOutdated               Code = "outdated"
	CodeConflict               Code = "conflict"
	CodeAlreadyExists          Code = "already_exists"
	CodeStale                  Code = "stale"
	CodePreconditionRequired   Code = "precondition_required"
	CodeIdempotencyKeyRequired Code = "idempotency_key_required"
	CodeIdempotencyKeyReused   Code = "idempotency_key_reused"
	CodeIdempotencyInFlight    Code = "idempotency_in_flight"
	CodeTooLarge               Code = "too_large"
	CodeUnsupportedMediaType   Code = "unsupported_media_type"
	CodeRateLimited            Code = "rate_limited"
	CodeDocumentDamaged        Code = "document_damaged"
	CodeLivelock               Code = "livelock"
	CodeVendorUnavailable      Code = "vendor_unavailable"
	CodeVendorRejected         Code = "vendor_rejected"
	CodeVendorGarbage          Code = "vendor_garbage"
	CodeTimeout                Code = "timeout"
	CodeUnavailable            Code = "unavailable"
	CodeInternal               Code = "internal"
)
