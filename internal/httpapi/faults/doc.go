// Package faults calls every operation that writes repeatedly, each time with a different fault in a different call to a store,
// and then repeats the request with the same Idempotency-Key, as a client does that received no response. The final response,
// and everything that the API shows, must equal that of a run without faults. It contains tests only.
//
// scenarios_test.go has the initial data of each operation; an operation that is missing there fails a test.
package faults
