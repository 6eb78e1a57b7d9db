//go:build unix

package embedded

import (
	"errors"
	"os"
	"syscall"
)

// lock takes file for this process until it is closed, or returns errLocked at
// once. The lock goes with the process, however that ends.
func lock(file *os.File) error {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errLocked
	}
	return err
}
