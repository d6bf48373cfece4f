package lambda

import (
	"os/exec"
	"syscall"
)

// dieWithParent puts the child into its own group and has the kernel kill it when this process ends, however it ends.
func dieWithParent(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// killGroup kills the child and its own children. One that has ended is no error.
func killGroup(command *exec.Cmd) { _ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
