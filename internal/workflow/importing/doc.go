// Package importing makes workflows of what others have written: machines of XState 4 and 5 as JSON, and Ballerine's
// statechart-json definitions with their extensions. What has no meaning here is listed with its place; nothing is
// dropped silently, and a condition that cannot be carried never counts as true.
package importing
