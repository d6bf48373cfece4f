// Package importing converts foreign workflow definitions: XState 4 and 5 machines as JSON, and Ballerine's statechart-json
// definitions with their extensions. What has no equivalent is reported with its location; nothing is dropped silently, and
// a condition that cannot be converted never counts as true.
package importing
