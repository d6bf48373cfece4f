// Package problem defines the one error type of the system and the diagnostics of documents.
//
// A domain function fails with an *Error: a stable code, a sentence without personal data, and all locations that are wrong.
// The edges translate it: HTTP to a status (application/problem+json), the task functions to an error name that Retry and
// Catch of the compiled machines know. Any other error is internal: it is logged with the request id and never shown.
package problem
