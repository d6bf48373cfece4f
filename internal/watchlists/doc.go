// Package watchlists keeps the watch lists that a tenant screens against, in editions that are never changed.
//
// A list is packed (see screening.Pack), uploaded, and loaded: from then on names are searched for in its edition. One
// that has lost half of the entries or names waits until it is released by a person other than the one who loaded it: a
// truncated list must not make everybody harmless.
//
// Editions are objects of their own; which of them count is in one object, the catalogue, which is replaced on condition
// that it has not been replaced meanwhile. Opening the lists reads the catalogue each time, and an edition only if it
// has changed.
package watchlists
