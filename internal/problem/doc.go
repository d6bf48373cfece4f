// Package problem holds the one error type of the whole system, and the diagnostics of documents.
//
// A domain function fails with an *Error: a stable code, a sentence without personal data, and the places that are wrong.
// The edges translate it once: HTTP to a status (application/problem+json), the task functions to an error name that
// Retry and Catch of the compiled machines know. Any other error is internal: logged with the request id, never shown.
package problem
