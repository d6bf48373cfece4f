// Package lists manages a tenant's lists of values that policies look up: allow lists, block lists and others.
//
// A list has editions. An edition is complete, numbered from 1 and never changed; a decision keeps the numbers of the
// editions that it used, so that it can be replayed. A change is checked in full before it is published: a policy uses one
// edition or the next, never a part of one. An entry may expire; the time of the decision determines whether it counts.
package lists
