//go:build !linux

package lambda

import "os/exec"

// dieWithParent has no effect where the kernel has no such signal: Close ends the children.
func dieWithParent(*exec.Cmd) {}

// killGroup kills the child. One that has ended is no error.
func killGroup(command *exec.Cmd) { _ = command.Process.Kill() }
