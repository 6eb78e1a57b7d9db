package compare

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// A Machine is where a comparison was made.
type Machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Memory string `json:"memory"`
	System string `json:"system"`
	Go     string `json:"go"`
	Files  string `json:"files"` // a process may have open
	// How much wanted to run, on average of a minute, before and after. Everything
	// above 0 before, and above the cores in use after, disturbed the measuring.
	LoadBefore string `json:"load_before"`
	LoadAfter  string `json:"load_after"`
}

// thisMachine describes the machine, as far as it can be told.
func thisMachine() Machine {
	return Machine{
		CPU:        afterColon("/proc/cpuinfo", "model name"),
		Cores:      runtime.NumCPU(),
		Memory:     memory(),
		System:     strings.TrimSpace(runtime.GOOS + " " + content("/proc/sys/kernel/osrelease")),
		Go:         runtime.Version(),
		Files:      files(),
		LoadBefore: load(),
	}
}

// memory is the machine's, in GiB.
func memory() string {
	kib, err := strconv.ParseFloat(strings.TrimSuffix(afterColon("/proc/meminfo", "MemTotal"), " kB"), 64)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%.0f GiB", kib/(1<<20))
}

// load is the first number of /proc/loadavg.
func load() string {
	first, _, _ := strings.Cut(content("/proc/loadavg"), " ")
	return first
}

// files is the hard limit in /proc/self/limits: "Max open files", soft, hard,
// "files".
func files() string {
	for line := range strings.Lines(content("/proc/self/limits")) {
		if fields := strings.Fields(line); len(fields) > 4 && strings.HasPrefix(line, "Max open files") {
			return fields[4]
		}
	}
	return ""
}

// afterColon returns what the first line with that name has after the colon.
func afterColon(path, name string) string {
	for line := range strings.Lines(content(path)) {
		key, value, ok := strings.Cut(line, ":")
		if ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// content is that of a small file; nothing where it cannot be read.
func content(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
