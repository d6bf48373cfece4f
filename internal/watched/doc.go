// Package watched keeps what is known of subjects that were screened against watch lists: people's answers to their
// hits, and what to search for when a list changes. A Store keeps it; package cases writes to it from the outbox, and
// the screening function reads it.
package watched
