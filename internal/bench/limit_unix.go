//go:build unix

package bench

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// spareDescriptors are for everything but the streams: the publisher, and an origin
// in this process with its connections.
const spareDescriptors = 500

// descriptorLimit returns how many files a process may have open. Go raises the
// soft limit to the hard one when a program starts, so what is read here is all
// there is.
func descriptorLimit() (int, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("descriptor limit: %w", err)
	}
	return int(min(uint64(limit.Cur), 1<<30)), nil
}
