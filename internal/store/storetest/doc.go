// Package storetest defines how stores behave, in suites that run against every adapter.
package storetest
