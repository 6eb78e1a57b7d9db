//go:build unix

package main

import "syscall"

// fileLimit returns how many files the process may have open; 0 if that is
// not known. Go has raised the limit as far as it may be raised without a
// privilege, to the hard one.
func fileLimit() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return int(min(uint64(limit.Cur), 1<<30))
}
