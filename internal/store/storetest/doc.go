// Package storetest has the behavioural suites that every store adapter must pass.
package storetest
