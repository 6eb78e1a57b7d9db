package bench

import "time"

// A clock tells the time since some moment that all processes on this machine
// agree on, so that one can say how long ago another sent something. All methods
// may be called at the same time.
type clock struct {
	start  time.Time
	offset time.Duration // what the machine's clock said at start
}

func newClock() clock {
	return clock{time.Now(), machineTime()}
}

// now is monotonic and cheap: the machine's clock is read once.
func (c clock) now() time.Duration { return c.offset + time.Since(c.start) }
