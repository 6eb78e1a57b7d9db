package bench

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// sample returns what the processes and their children have used so far; nothing
// for none. A child that has ended takes with it what it had used.
func sample(pids []int) (usage, error) {
	var sum usage
	if len(pids) == 0 {
		return sum, nil
	}
	all, err := Tree(pids)
	if err != nil {
		return sum, err
	}
	for _, pid := range all {
		one, err := sampleOne(pid)
		if err != nil {
			return usage{}, fmt.Errorf("pid %d: %w", pid, err)
		}
		sum.add(one)
	}
	return sum, nil
}

func sampleOne(pid int) (usage, error) {
	cpu, err := cpuTime(pid)
	if err != nil {
		return usage{}, fmt.Errorf("CPU clock: %w", err)
	}
	memory, err := proportionalSize(pid)
	return usage{cpu, memory}, err
}

// cpuTime reads the process's CPU clock. /proc/PID/stat counts in ticks of
// 10 ms, which is too coarse for a short run. The clock's number is the one
// that clock_getcpuclockid(3) makes: the complement of the pid, three bits up,
// and 2 for the time that the scheduler has accounted.
func cpuTime(pid int) (time.Duration, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|2), &ts); err != nil {
		return 0, err
	}
	return time.Duration(ts.Nano()), nil
}

// proportionalSize is the Pss line of smaps_rollup, in bytes.
func proportionalSize(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "Pss:" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("smaps_rollup has no Pss line")
}
