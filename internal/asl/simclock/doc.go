// Package simclock is a clock with an offset to real time that can only shrink. A demo system starts in the past and moves
// days forward in an instant, while measured durations stay realistic.
package simclock
