package redo

import (
	"os"
	"syscall"
)

// syncData brings a file's bytes to the disk, and of what is known about it only what they need.
func syncData(f *os.File) error {
	for {
		if err := syscall.Fdatasync(int(f.Fd())); err != syscall.EINTR {
			return err
		}
	}
}
