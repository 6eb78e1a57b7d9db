package certs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
)

// interval is how often files are looked at. A change is taken up after one to
// two of these.
const interval = 5 * time.Second

// Options are a Store's parts.
type Options struct {
	// Metrics tells of files. Nil tells nobody.
	Metrics *Metrics
	// Log gets a line per change. Required.
	Log *zap.Logger
}

// Store keeps what it has read from files current, while Run runs. It is safe for
// concurrent use.
type Store struct {
	// Fixed after New.
	metrics *Metrics
	log     *zap.Logger

	mu    sync.Mutex // held while files are read
	files []*files
	known map[string]any // by name of files: what was made of them before
}

// New returns a Store that has read nothing yet.
func New(o Options) *Store {
	if o.Metrics == nil {
		o.Metrics = NewMetrics(nil)
	}
	return &Store{metrics: o.Metrics, log: o.Log, known: make(map[string]any)}
}

// keep reads files for the first time, of which made is made. If they are of no use it
// returns why, and they are not looked at again. If the same was asked for before, it
// returns what was made then.
func keep[T any](s *Store, made T, f *files) (T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.name = fmt.Sprintf("%T %q", made, f.paths)
	if before, ok := s.known[f.name]; ok {
		return before.(T), nil
	}
	f.counts, f.log = s.metrics.file(f.paths[0]), s.log
	if err := f.read(); err != nil {
		s.forgetUnusedLocked(f)
		return made, err
	}
	s.files = append(s.files, f)
	s.known[f.name] = made
	return made, nil
}

// Reload reads the files now that have one of the paths, of those that are kept, and
// takes up what has changed. It blocks on the file system alone. The error joins what
// is wrong with those that are of no use, which leaves what was read of them before in
// place.
func (s *Store) Reload(paths []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, f := range s.files {
		if f.among(paths) {
			errs = append(errs, f.read())
		}
	}
	return errors.Join(errs...)
}

// Retain keeps only the files that have one of the paths. What has been made of the
// others stays as it is for whoever still uses it.
func (s *Store) Retain(paths []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.files
	s.files = nil
	var gone []*files
	for _, f := range all {
		if f.among(paths) {
			s.files = append(s.files, f)
		} else {
			gone = append(gone, f)
			delete(s.known, f.name)
		}
	}
	for _, f := range gone {
		s.forgetUnusedLocked(f)
	}
}

// forgetUnusedLocked takes f out of the metrics, unless files that are kept have its
// label there.
func (s *Store) forgetUnusedLocked(f *files) {
	if !slices.ContainsFunc(s.files, func(kept *files) bool { return kept.paths[0] == f.paths[0] }) {
		s.metrics.forget(f.paths[0])
	}
}

// Run looks at the files until ctx ends, and returns nil.
func (s *Store) Run(ctx context.Context) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			s.look()
		}
	}
}

// look takes up what has changed and stayed the same since the last look.
func (s *Store) look() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.files {
		f.look()
	}
}
