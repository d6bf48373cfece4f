// Package stack evaluates the templates for a stack with a given name, without AWS: physical names, addresses and
// policies. Tests and tools count and evaluate with it.
package stack
