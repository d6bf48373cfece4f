// Package httpapi is the HTTP interface: operations by audience (client, review, admin, flow, hooks) over the domain's
// services, with problem+json for every error and one OpenAPI document for everything.
package httpapi
