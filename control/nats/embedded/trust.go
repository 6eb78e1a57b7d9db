package embedded

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// runningFile is there from a start to the end in peace, with what bootID said then,
// or that nothing depends on it.
const (
	runningFile = "running"
	unknown     = "unknown"
	synced      = "synced"
)

// bootFile tells which start of the machine it is, on Linux.
const bootFile = "/proc/sys/kernel/random/boot_id"

// bootID identifies the machine's start, empty if nothing does.
func bootID() string {
	text, _ := os.ReadFile(bootFile)
	return strings.TrimSpace(string(text))
}

// mark is what the store says of how it was used last.
type mark int

const (
	unmarked mark = iota // it ended in peace, and all of it is on the disk
	killed               // the process ended, but the machine went on, or had all on its disk
	cut                  // the machine may have ended under it
	asked                // somebody wants it to be taken for that
)

func (s *store) mark() (mark, error) {
	text, err := os.ReadFile(filepath.Join(s.dir, runningFile))
	switch boot := strings.TrimSpace(string(text)); {
	case errors.Is(err, fs.ErrNotExist):
		return unmarked, nil
	case err != nil:
		return cut, err
	case boot == "":
		return asked, nil
	case boot == synced, boot == bootID():
		return killed, nil
	}
	return cut, nil
}

// setMark notes that the server runs: that what it stores from now on is not all on
// the disk, or that it always is.
func (s *store) setMark(always bool) error {
	text := bootID()
	switch {
	case always:
		text = synced
	case text == "":
		text = unknown
	}
	return writeSynced(filepath.Join(s.dir, runningFile), text+"\n")
}

// clearMark forces all to the disk, which the server does not do when it ends, and
// notes that it is there.
func (s *store) clearMark() error {
	if err := filepath.WalkDir(s.dir, syncFile); err != nil {
		return err
	}
	return os.Remove(filepath.Join(s.dir, runningFile))
}

func syncFile(path string, entry fs.DirEntry, err error) error {
	if err != nil || !entry.Type().IsRegular() {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// examine finds out whether the store can have lost what was stored last. A
// cluster gets that from its other members.
func (s *Server) examine(o *Options) error {
	mark, err := s.store.mark()
	if err != nil {
		return err
	}
	s.synced = o.SyncAlways
	s.suspect.Store(mark == asked || mark == cut && o.Cluster.Name == "")
	if s.suspect.Load() {
		return nil
	}
	return s.store.setMark(s.synced)
}

// Suspect reports whether the store may have lost what it stored last, with no other
// server to get it from: the machine ended while the server ran, or an operator
// has said so. It stays so, over restarts too, until Trust.
func (s *Server) Suspect() bool { return s.suspect.Load() }

// Trust is called when what it means that the store has lost something is done.
func (s *Server) Trust() error {
	if err := s.store.setMark(s.synced); err != nil {
		return err
	}
	s.suspect.Store(false)
	return nil
}
