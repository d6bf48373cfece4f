// Package lists keeps a tenant's lists of values that policies ask: whom to let pass, whom to stop, and lists of its own.
//
// A list has editions. An edition is whole, numbered from 1 and never changed; a decision keeps the numbers of those that it
// saw, so that it can be made again. What is written is checked in full before it counts: a policy asks one edition or the
// next, never half of one. An entry may expire; whether it counts is asked at the time that the decision is told.
package lists
