package bench

import (
	"time"

	"golang.org/x/sys/unix"
)

// machineTime is the time since boot, which no setting of the clock changes.
func machineTime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic(err) // every Linux has it
	}
	return time.Duration(ts.Nano())
}
