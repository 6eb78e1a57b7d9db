package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// directory is one that c names, or that something is made in.
type directory struct{ key, path, remedy string }

// directories are those that serving makes files in. Of one that would be made it is the
// one that exists, and has it made in it.
func (c Config) directories() (all []directory) {
	store := func(key, path string) {
		if path != "" {
			all = append(all, directory{key, existing(path), "name a directory, or one that can be made"})
		}
	}
	sockets := func(list string, endpoints []string) {
		for i, endpoint := range endpoints {
			if path, ok := strings.CutPrefix(endpoint, "ipc://"); ok {
				all = append(all, directory{element(list, i), filepath.Dir(path), "make the directory"})
			}
		}
	}
	store("nats.embedded.store_dir", c.NATS.Embedded.StoreDir)
	store("tls.acme.store_dir", c.TLS.ACME.StoreDir)
	sockets("zmq.pull", c.ZMQ.Pull)
	sockets("zmq.sub", c.ZMQ.Sub)
	return all
}

// existing is path, or what is above it that exists.
func existing(path string) string {
	for {
		_, err := os.Stat(path)
		above := filepath.Dir(path)
		if !errors.Is(err, fs.ErrNotExist) || above == path {
			return path
		}
		path = above
	}
}

// check says why path is no directory.
func (d directory) check() error {
	info, err := os.Stat(d.path)
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "look into", Path: d.path, Err: syscall.ENOTDIR}
	}
	return err
}

// directoryProblems looks for the directories that c names, and makes none.
func (c Config) directoryProblems() problems {
	var p problems
	for _, d := range c.directories() {
		if err := d.check(); err != nil {
			p.add(d.key, err.Error(), d.remedy)
		}
	}
	return p
}

// directoryWarnings tells where this user may make no files. Who looks at settings need
// not be the user that serves.
func (c Config) directoryWarnings() []string {
	var warnings []string
	for _, d := range c.directories() {
		if d.check() == nil && !writable(d.path) {
			warnings = append(warnings, fmt.Sprintf("%s: this user may not make files in %s", d.key, d.path))
		}
	}
	return warnings
}
