// Package lambda runs real Lambda bootstraps on this machine: it serves the Lambda Runtime API, starts compiled
// functions as child processes behind it, and invokes them. What a function sees is what it sees on AWS: an init phase,
// a deadline, a restart after a crash or a time-out, one invocation at a time in each of several environments.
package lambda
