// Package reference renders the OpenAPI document as one readable page, without scripts: nothing in it needs more than the
// content security policy of the dashboard allows, and nothing is loaded from elsewhere.
package reference
