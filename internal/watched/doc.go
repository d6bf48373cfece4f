// Package watched keeps what is known of subjects that were screened against watch lists: what people have said of their hits,
// and what to look for when a list changes. A Store keeps it; package cases writes to it from the outbox, and the screening function
// reads it.
package watched
