package quota

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// shards is how many parts Counts has. It is a power of two.
const shards = 32

// Counts counts what keys have. Its methods may be called from any goroutine. A nil
// Counts has no limit and counts nothing.
type Counts[K comparable] struct {
	// Fixed after New.
	seed maphash.Seed

	limit  atomic.Int64
	shards [shards]shard[K]
}

// shard is the keys with the same low bits of their hash.
type shard[K comparable] struct {
	mu   sync.Mutex // only counting is done while it is held
	held map[K]int  // nothing has a count of 0
	most int        // keys at once since held was made
}

// New returns Counts that let every key have limit at once. It returns nil if that
// is 0: any number.
func New[K comparable](limit int) *Counts[K] {
	if limit <= 0 {
		return nil
	}
	c := &Counts[K]{seed: maphash.MakeSeed()}
	c.limit.Store(int64(limit))
	return c
}

// Limited returns what counts for another limit from now on: c itself with what it has
// counted, nil if the limit is 0, new Counts if c is nil.
func (c *Counts[K]) Limited(limit int) *Counts[K] {
	if c == nil || limit <= 0 {
		return New[K](limit)
	}
	c.limit.Store(int64(limit))
	return c
}

// Take counts one more for k, which Give takes back. It returns false, and counts
// nothing, if k has as many as it may.
func (c *Counts[K]) Take(k K) bool {
	if c == nil {
		return true
	}
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[k] >= int(c.limit.Load()) {
		return false
	}
	s.addLocked(k)
	return true
}

// Add is Take without regard for the limit, for what is held already.
func (c *Counts[K]) Add(k K) {
	if c == nil {
		return
	}
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addLocked(k)
}

// Full reports whether Take would fail now.
func (c *Counts[K]) Full(k K) bool {
	if c == nil {
		return false
	}
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held[k] >= int(c.limit.Load())
}

// Give counts one less for k. What was not taken cannot be given back: that is a
// mistake of the caller, and panics.
func (c *Counts[K]) Give(k K) {
	if c == nil {
		return
	}
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch n := s.held[k]; {
	case n == 0:
		panic("quota: more is given back than was taken")
	case n > 1:
		s.held[k] = n - 1
	default:
		delete(s.held, k)
		s.shrinkLocked()
	}
}

func (c *Counts[K]) shard(k K) *shard[K] {
	return &c.shards[maphash.Comparable(c.seed, k)%shards]
}

func (s *shard[K]) addLocked(k K) {
	if s.held == nil {
		s.held = make(map[K]int)
	}
	s.held[k]++
	s.most = max(s.most, len(s.held))
}

// worthwhile is for how many keys a map is made anew when they have become few. A
// map does not shrink by itself.
const worthwhile = 64

// shrinkLocked gives the room back that four times as many keys have needed.
func (s *shard[K]) shrinkLocked() {
	if s.most < worthwhile || len(s.held) > s.most/4 {
		return
	}
	fewer := make(map[K]int, len(s.held))
	for k, n := range s.held {
		fewer[k] = n
	}
	s.held, s.most = fewer, len(fewer)
}
