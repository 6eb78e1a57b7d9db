package config

import "syscall"

// What package syscall has no names for (access(2)).
const (
	workingDirectory = -100  // AT_FDCWD
	asThisUser       = 0x200 // AT_EACCESS
	toMakeFiles      = 2 | 1 // W_OK and X_OK
)

// writable reports whether this process may make files in a directory.
func writable(path string) bool {
	return syscall.Faccessat(workingDirectory, path, toMakeFiles, asThisUser) == nil
}
