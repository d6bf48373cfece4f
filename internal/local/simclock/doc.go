// Package simclock is a clock that runs on like the machine's, with an offset that can only shrink the distance to the
// present: whoever sets a system up in the past lets days go by in no time, and durations of work still look real.
package simclock
