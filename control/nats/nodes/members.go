package nodes

import (
	"slices"
	"time"
)

const (
	// forgetAfter is how long a node is expected to answer that was not heard of.
	forgetAfter = time.Minute
	// maxMembers bounds how many are known. Others are not expected to answer.
	maxMembers = 1024
	// maxName bounds their names, in bytes.
	maxName = 255
)

// members are the other nodes, by name, with when they were heard of last.
type members map[string]time.Time

// heard notes that name is there.
func (m members) heard(name string, now time.Time) {
	m.forget(now)
	if _, known := m[name]; known || len(m) < maxMembers {
		m[name] = now
	}
}

// forget leaves out those who were not heard of for long.
func (m members) forget(now time.Time) {
	for name, last := range m {
		if now.Sub(last) > forgetAfter {
			delete(m, name)
		}
	}
}

// without returns the names of those who are not in answered, sorted.
func (m members) without(answered map[string]bool) []string {
	var missing []string
	for name := range m {
		if !answered[name] {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	return missing
}
