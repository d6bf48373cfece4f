// Package faults calls every operation that writes again and again, each time with another call to a store that goes wrong in
// another way, and then as a client does who has no answer: once more, under the same Idempotency-Key. In the end the
// answer, and all that the interface shows, must be what a run without faults leaves behind. It has tests only.
//
// What an operation begins with is in scenarios_test.go; one that is not named there fails a test.
package faults
