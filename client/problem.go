package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Error is a call that was refused: a problem (RFC 9457) with a stable code. errors.Is compares the code:
// errors.Is(err, client.CodeStale).
type Error struct {
	Status     int            // of the answer
	Code       Code           // "http_502" and the like for an answer that is no problem of ours
	Title      string         // sentences may change: rely on Code
	Detail     string         //
	Fields     []Field        // every place of the request that is wrong
	Allowed    any            // for CodeEventNotAllowed: the events that are allowed
	Details    map[string]any // details, depending on the code
	RequestID  string         // to find it in the logs
	RetryAfter time.Duration  // how long the answer asks to wait; 0: it does not say
	Attempts   int            // how many were made

	call string
}

// Error implements error.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d %s", e.call, e.Status, e.Code)
	if sentence := e.Detail; sentence != "" {
		b.WriteString(": " + sentence)
	}
	for i, field := range e.Fields {
		separator := "; "
		if i == 0 {
			separator = " ("
		}
		fmt.Fprintf(&b, "%s%s: %s", separator, field.Location, field.Message)
		if i == len(e.Fields)-1 {
			b.WriteString(")")
		}
	}
	if e.RequestID != "" {
		b.WriteString(" [" + e.RequestID + "]")
	}
	return b.String()
}

// Is reports whether the error has a code.
func (e *Error) Is(target error) bool {
	code, ok := target.(Code)
	return ok && code == e.Code
}

// CodeOf is the code of the refusal that an error is or wraps; "" for other errors.
func CodeOf(err error) Code {
	var refused *Error
	if errors.As(err, &refused) {
		return refused.Code
	}
	return ""
}

// gatewayCodes are what API Gateway means by what it answers itself: {"message": "Unauthorized"}.
var gatewayCodes = map[int]Code{
	http.StatusUnauthorized: CodeUnauthenticated, http.StatusForbidden: CodeForbidden, http.StatusNotFound: CodeNotFound, http.StatusRequestEntityTooLarge: CodeTooLarge,
	http.StatusRequestHeaderFieldsTooLarge: CodeTooLarge,
	http.StatusTooManyRequests:             CodeRateLimited, http.StatusInternalServerError: CodeInternal, http.StatusServiceUnavailable: CodeUnavailable,
}

// problemOf reads a refusal. What a proxy answers, in whatever form, becomes an Error as well.
func problemOf(req *http.Request, found answer, attempt int) *Error {
	e := &Error{Status: found.status, RetryAfter: retryAfter(found.header, time.Now()), Attempts: attempt, call: where(req)}
	var p Problem
	var gateway struct {
		Message string `json:"message"`
	}
	if err := json.Unmarshal(found.body, &p); err != nil || p.Code == "" {
		e.Code, e.Title = Code(fmt.Sprintf("http_%d", found.status)), http.StatusText(found.status)
		if code, ok := gatewayCodes[found.status]; ok && json.Unmarshal(found.body, &gateway) == nil && gateway.Message != "" {
			e.Code, e.RequestID = code, found.header.Get("Apigw-Requestid")
		}
		return e
	}
	e.Code, e.Title, e.Detail, e.Fields, e.Allowed, e.Details, e.RequestID = Code(p.Code), p.Title, p.Detail, p.Errors, p.Allowed, p.Details, p.RequestID
	return e
}
