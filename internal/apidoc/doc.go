// Package apidoc describes the HTTP interface for its callers: it builds the OpenAPI document (errors of each operation,
// texts, examples, webhook events) and renders it as a page.
//
// It is separate from httpapi, so that no function links it.
package apidoc
