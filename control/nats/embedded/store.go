package embedded

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Files of ours in the store directory. JetStream's are below jetstream/.
const (
	lockFile = "holdfast.lock"
	nameFile = "server-name"
)

// errLocked is that another process holds a lock.
var errLocked = errors.New("locked")

// store is a store directory that is ours until close.
type store struct {
	dir  string
	lock *os.File
}

// openStore makes the directory if need be, and locks it.
func openStore(dir string) (*store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("store directory: %w; name one that can be made", err)
	}
	path := filepath.Join(dir, lockFile)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store directory: %w; let user %d write to %s", err, os.Getuid(), dir)
	}
	s := &store{dir: dir, lock: file}
	if err := s.claim(); err != nil {
		file.Close()
		return nil, err
	}
	return s, nil
}

// claim takes the lock and writes into it who we are, for whoever comes second.
func (s *store) claim() error {
	if err := lock(s.lock); errors.Is(err, errLocked) {
		return fmt.Errorf("store directory %s is used by %s; stop that, or name another directory", s.dir, s.holder())
	} else if err != nil {
		return fmt.Errorf("store directory: %w", err)
	}
	if err := s.lock.Truncate(0); err != nil {
		return fmt.Errorf("store directory: %w", err)
	}
	if _, err := fmt.Fprintln(s.lock, os.Getpid()); err != nil {
		return fmt.Errorf("store directory: %w", err)
	}
	return nil
}

// holder tells who has the lock, as far as it has said so.
func (s *store) holder() string {
	text, err := os.ReadFile(s.lock.Name())
	if pid := strings.TrimSpace(string(text)); err == nil && pid != "" {
		return "process " + pid
	}
	return "another process"
}

// close gives the directory up. The lock file stays, since removing it would
// take it away from one who waits for it.
func (s *store) close() error { return s.lock.Close() }

// name returns the server's name, which is wanted, or made if wanted is empty. It
// is kept, because the store holds votes and logs under it.
func (s *store) name(wanted string) (string, error) {
	path := filepath.Join(s.dir, nameFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return s.keepName(path, wanted)
	}
	if err != nil {
		return "", fmt.Errorf("server name: %w", err)
	}
	kept := strings.TrimSpace(string(text))
	switch {
	case kept == "" || strings.ContainsFunc(kept, unfit):
		return "", fmt.Errorf("server name: %s holds no name; write the one that the server had", path)
	case wanted != "" && wanted != kept:
		return "", fmt.Errorf("store directory %s is that of server %q, not of %q; use the old name, or an empty directory", s.dir, kept, wanted)
	}
	return kept, nil
}

func (s *store) keepName(path, wanted string) (string, error) {
	name := wanted
	if name == "" {
		host, err := os.Hostname()
		if err != nil {
			return "", fmt.Errorf("server name: %w", err)
		}
		name = defaultName(host, s.dir)
	}
	if err := writeSynced(path, name+"\n"); err != nil {
		return "", fmt.Errorf("server name: %w", err)
	}
	return name, nil
}

// defaultName is the same whenever a machine that has lost its store comes back,
// and differs for two stores on one machine.
func defaultName(host, dir string) string {
	fit := strings.Map(func(r rune) rune {
		if unfit(r) {
			return '-'
		}
		return r
	}, host)
	sum := sha256.Sum256([]byte(host + "\x00" + dir))
	return fmt.Sprintf("%s-%x", fit, sum[:4])
}

// unfit reports whether r may not stand in a server's name.
func unfit(r rune) bool {
	letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	return !letter && r != '-' && r != '_'
}

// writeSynced leaves at path either all of text or what was there.
func writeSynced(path, text string) error {
	part := path + ".part"
	file, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(part, path)
}
