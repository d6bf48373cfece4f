// Package backoffice manages what users of the back office share besides cases: saved views of the queue, and who is viewing
// which case.
package backoffice
