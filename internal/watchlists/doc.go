// Package watchlists keeps the watch lists that a tenant screens against, in editions that are never changed.
//
// A list is packed (see screening.Pack), uploaded, and loaded: from then on its edition is what names are looked for in. One
// that has lost half of the entries or names waits until a person releases it, who is not the one who
// has loaded it: a list that was cut off on its way must not make everybody harmless.
//
// Editions are objects of their own; what counts is in one object, the catalogue, which is replaced on condition that nobody
// else has done so. Whoever opens the lists asks for the catalogue each time, and for an edition when it is another one.
package watchlists
