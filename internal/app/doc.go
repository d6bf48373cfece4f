// Package app wires the application: it combines adapters and settings and returns the handlers of all functions. The
// functions on AWS and the local stack use the same wiring; only their Parts differ.
package app
