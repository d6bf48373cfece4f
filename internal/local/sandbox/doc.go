// Package sandbox is a vendor for the local stack and for tests.
package sandbox
