package token

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// keySet is keys that are published somewhere, as they were fetched last. Its run is
// the one goroutine that fetches; find may be called from any.
type keySet struct {
	// Fixed after newSet.
	place             string // as it is configured
	get               source
	algorithms        Algorithms
	refresh, cooldown time.Duration
	wanted            chan struct{} // has room for one: fetch now; never closed

	mu      sync.Mutex    // nothing slow is done under it
	keys    []Key         // replaced as a whole; nil: there were none yet
	coming  bool          // a fetch is under way, or wanted
	fetched chan struct{} // closed when that has ended, and replaced
	last    time.Time     // when the last fetch ended; zero: there was none
	failed  bool          // in vain
	missing missing       // ids that were looked for in vain
	ended   bool          // run has returned: nothing will be fetched
}

// newSet returns a set. One in a file is read at once.
func newSet(o *Options) (*keySet, error) {
	get, local, err := newSource(o.KeySet, newTransport())
	if err != nil {
		return nil, fmt.Errorf("key set %w", err)
	}
	s := &keySet{
		place: o.KeySet, get: get, algorithms: o.Algorithms, refresh: o.Refresh, cooldown: o.Cooldown,
		wanted: make(chan struct{}, 1), fetched: make(chan struct{}), coming: !local,
	}
	if !local {
		return s, nil
	}
	if s.keys, err = s.load(context.Background()); err != nil {
		return nil, err
	}
	s.last = time.Now()
	return s, nil
}

// inherit takes over what before has fetched from the same place, which is not asked
// sooner for that. It is called before run and find, and not for a set in a file, which
// has just been read.
func (s *keySet) inherit(before *keySet) {
	if before.place != s.place || before.algorithms != s.algorithms || strings.HasPrefix(s.place, filePrefix) {
		return
	}
	before.mu.Lock()
	defer before.mu.Unlock()
	if before.last.IsZero() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys, s.last, s.failed, s.coming = before.keys, before.last, before.failed, false
}

// load gets the keys that are published now.
func (s *keySet) load(ctx context.Context) ([]Key, error) {
	data, err := s.get(ctx)
	if err != nil {
		return nil, fmt.Errorf("key set: %w", err)
	}
	keys, err := parseKeySet(data, s.algorithms)
	if err != nil {
		return nil, fmt.Errorf("key set %w", err)
	}
	return keys, nil
}

// run fetches until ctx ends: now, unless that was done already, at every refresh,
// when find wants it, and after each cooldown while it is in vain.
func (s *keySet) run(ctx context.Context, report func(keys int, err error)) {
	defer s.end()
	next := time.NewTimer(s.first())
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		case <-s.wanted:
		}
		keys, err := s.load(ctx)
		if ctx.Err() != nil {
			return
		}
		report(s.settle(keys, err), err)
		if err != nil {
			next.Reset(s.cooldown)
		} else {
			next.Reset(s.refresh)
		}
	}
}

// first is how long the first fetch can wait.
func (s *keySet) first() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	pause := s.refresh
	if s.failed {
		pause = s.cooldown
	}
	return max(0, time.Until(s.last.Add(pause))) // at once if there was none
}

// settle takes over what a fetch has brought, and returns how many keys there are.
func (s *keySet) settle(keys []Key, err error) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.keys = keys
		s.missing.settle()
	}
	s.failed, s.last = err != nil, time.Now()
	s.wake()
	return len(s.keys)
}

// wake tells everybody who waits for a fetch. The lock is held.
func (s *keySet) wake() {
	select {
	case <-s.wanted: // it was answered by the way
	default:
	}
	s.coming = false
	close(s.fetched)
	s.fetched = make(chan struct{})
}

// end has nobody wait for a fetch any more.
func (s *keySet) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.wake()
}

// find returns the keys that have the id, or all if it is empty. If there are none
// it waits for a fetch, where the cooldown allows one. The error is that of ctx, or
// Unavailable if it cannot be told whether there is such a key: there was no fetch since
// somebody first asked for it.
func (s *keySet) find(ctx context.Context, id string) ([]Key, error) {
	found, fetched := s.look(id)
	if fetched != nil {
		select {
		case <-fetched:
			found = s.known(id)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if found == nil {
		return nil, s.absence(id)
	}
	return found, nil
}

// look returns the keys that are there, or else what is closed when it makes sense to
// look again; nil if it makes none.
func (s *keySet) look(id string) (found []Key, fetched chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found = s.withID(id); found != nil {
		return found, nil
	}
	s.missing.ask(id)
	if s.ended {
		return nil, nil
	}
	if !s.coming {
		if time.Since(s.last) < s.cooldown {
			return nil, nil
		}
		s.coming = true
		s.wanted <- struct{}{} // there is room: it is only sent here, and taken before coming is false
	}
	return nil, s.fetched
}

func (s *keySet) known(id string) []Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.withID(id)
}

// absence is nil if there is no key with the id, or else why that cannot be told.
func (s *keySet) absence(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.keys == nil || s.failed:
		return &Error{Kind: Unavailable, Problem: "cannot be checked: the key set could not be fetched"}
	case !s.missing.surely(id):
		return &Error{Kind: Unavailable, Problem: "cannot be checked yet: it names a key (kid) that is not in the key set, which was fetched a moment ago"}
	}
	return nil
}

// withID returns the keys that have the id, all if it is empty. The lock is held.
func (s *keySet) withID(id string) (found []Key) {
	if id == "" {
		return s.keys
	}
	for _, k := range s.keys {
		if k.id == id {
			found = append(found, k)
		}
	}
	return found
}
