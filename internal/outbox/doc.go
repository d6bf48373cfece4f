// Package outbox delivers the effects of commits: each at least once, promptly, and without one tenant or receiver delaying
// another.
//
// An effect is written with its commit and removed when it is delivered; delivery at the first attempt needs no other write.
// A failed attempt is recorded with the time of the next one: the delay doubles, with jitter, up to a bound. After a bounded
// number of attempts, or at once when no attempt can succeed, the effect becomes a dead letter with an incident on its case:
// a person replays or discards it.
//
// Effects that executions wait for (starts, wake-ups, reports of children) have their own workers and do not wait behind
// messages to subscribers. Workers are shared between tenants and receivers (package fair), every attempt has a deadline,
// and the outbox is read tenant by tenant.
package outbox
