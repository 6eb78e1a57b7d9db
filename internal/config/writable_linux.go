package config

import "golang.org/x/sys/unix"

// writable reports whether this process may make files in a directory.
func writable(path string) bool {
	return unix.Faccessat(unix.AT_FDCWD, path, unix.W_OK|unix.X_OK, unix.AT_EACCESS) == nil
}
