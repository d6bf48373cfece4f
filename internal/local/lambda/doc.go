// Package lambda runs real Lambda bootstraps on this machine: it serves the Lambda Runtime API, starts compiled functions as
// child processes and invokes them. Functions have the same life cycle as on AWS: an init phase, a deadline, a restart after
// a crash or a time-out, one invocation at a time in each environment.
package lambda
