//go:build unix

package bench

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// spareDescriptors are for everything but the streams.
const spareDescriptors = 50

// checkDescriptors refuses more streams than the process may open. Go raises
// the soft limit to the hard one when a program starts, so what is read here is
// all there is.
func checkDescriptors(streams int) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("descriptor limit: %w", err)
	}
	if uint64(streams)+spareDescriptors > uint64(limit.Cur) {
		return fmt.Errorf("%d streams: this process may open %d files; raise the hard limit (ulimit -Hn) or ask for fewer", streams, limit.Cur)
	}
	return nil
}
