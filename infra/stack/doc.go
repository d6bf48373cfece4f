// Package stack reads the templates and says what they come to in a stack of a given name: physical names, addresses and
// policies, without AWS. Tests and tools count and evaluate with it.
package stack
