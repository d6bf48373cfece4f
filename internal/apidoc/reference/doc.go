// Package reference renders the OpenAPI document as one readable page, without scripts: it complies with the content
// security policy of the dashboard and loads nothing from other addresses.
package reference
