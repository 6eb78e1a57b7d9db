//go:build !linux

package bench

import "time"

// machineTime is the wall clock; whoever sets it during a run with several
// client processes spoils the latencies.
func machineTime() time.Duration { return time.Duration(time.Now().UnixNano()) }
