// Package proof holds compiled machines against the pure core: random charts, random events, and everything in between in
// a random order (tasks that begin, end, fail and come late, waits that are parked and woken, timers, deliveries). After
// every commit the record is what the core says; whenever all has come to rest, each region is parked or its work is
// being done, and nothing else is.
package proof
