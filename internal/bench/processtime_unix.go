//go:build unix

package bench

import (
	"syscall"
	"time"
)

// processTime is how long processors have worked for this process, in its own code and in the kernel.
func processTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
