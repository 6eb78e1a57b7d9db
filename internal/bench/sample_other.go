//go:build !linux

package bench

import "errors"

// sample needs Linux's /proc.
func sample(pids []int) (usage, error) {
	if len(pids) == 0 {
		return usage{}, nil
	}
	return usage{}, errors.New("a process can be watched on Linux alone")
}

// sendQueues does not know.
func sendQueues(uint16) ([]queue, error) { return nil, nil }

// Tree returns the processes alone: their children are not known.
func Tree(pids []int) ([]int, error) { return pids, nil }
