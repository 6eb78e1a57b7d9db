package leaktest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const descriptors = "/proc/self/fd"

// files maps the number of an open descriptor to what it refers to.
type files map[string]string

// openFiles lists what this process has open, nothing where that cannot be
// told.
func openFiles() files {
	startPoller()
	open := files{}
	entries, err := os.ReadDir(descriptors)
	if err != nil {
		return open
	}
	for _, entry := range entries {
		// The descriptor that listed the folder is closed by now.
		if target, err := os.Readlink(filepath.Join(descriptors, entry.Name())); err == nil {
			open[entry.Name()] = target
		}
	}
	return open
}

// startPoller makes the runtime open its network poller, whose descriptors stay
// for good and would look like a leak of the first test that uses the network.
func startPoller() {
	r, w, err := os.Pipe()
	if err != nil {
		return
	}
	r.Close()
	w.Close()
}

// since returns an error that lists what is open and was not in before, nil if
// there is nothing.
func (f files) since(before files) error {
	var leaked []string
	for number, target := range f {
		if before[number] != target {
			leaked = append(leaked, fmt.Sprintf("descriptor %s: %s", number, target))
		}
	}
	if len(leaked) == 0 {
		return nil
	}
	slices.Sort(leaked)
	return fmt.Errorf("%s", strings.Join(leaked, "\n"))
}
