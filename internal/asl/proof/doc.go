// Package proof tests compiled machines against the statechart core with random charts, events and interleavings (tasks that
// begin, end, fail and arrive late, waits that are parked and resumed, timers, deliveries). After every commit the record
// must match the core; when nothing is in progress, each region must be parked or its work running.
package proof
