package certs

import (
	"context"
	"errors"
	"fmt"
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
	known map[string]any // by kind and paths: what was made of files before
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
	name := fmt.Sprintf("%T %q", made, f.paths)
	if before, ok := s.known[name]; ok {
		return before.(T), nil
	}
	f.counts, f.log = s.metrics.file(f.paths[0]), s.log
	if err := f.read(); err != nil {
		return made, err
	}
	s.files = append(s.files, f)
	s.known[name] = made
	return made, nil
}

// Reload reads all files now and takes up what has changed. It blocks on the file
// system alone. The error joins what is wrong with those that are of no use, which
// leaves what was read of them before in place.
func (s *Store) Reload() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, f := range s.files {
		errs = append(errs, f.read())
	}
	return errors.Join(errs...)
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
