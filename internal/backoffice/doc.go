// Package backoffice manages what users of the back office share besides cases: saved views of the queue, who is viewing
// and deciding which case, and notifications.
package backoffice
