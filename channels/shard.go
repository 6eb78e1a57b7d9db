package channels

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// shard is a part of the hub's channels.
type shard struct {
	// Fixed.
	hub *Hub

	mu   sync.Mutex // guards what follows and Log.refs; no slow work while held
	logs map[string]*Log
	// idle are the logs without references, the one used last in front.
	idle *simplelru.LRU[string, *Log]
	// floors is, per class, the highest seq that went with a whole channel: a
	// new log cannot know about anything at or below it, unless a feed tells.
	floors []uint64
}

func newShard(h *Hub, idle int) *shard {
	s := &shard{hub: h, logs: make(map[string]*Log), floors: make([]uint64, len(h.classes.limits))}
	// The error is for a size below 1.
	s.idle, _ = simplelru.NewLRU(max(1, idle), func(_ string, l *Log) {
		if l.refs == 0 {
			s.forgetLocked(l, EvictIdle)
		}
	})
	return s
}

// acquire returns the channel's log and holds it in the shard until release.
// If there is none, it is made if create is true; else acquire returns nil.
func (s *shard) acquire(name string, create bool) *Log {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.logs[name]
	switch {
	case l == nil && !create:
		return nil
	case l == nil:
		l = s.newLogLocked(name)
	case l.refs == 0:
		l.refs++ // so that the eviction callback leaves it alone
		s.idle.Remove(name)
		return l
	}
	l.refs++
	return l
}

func (s *shard) newLogLocked(name string) *Log {
	class := s.hub.classes.of(name)
	l := &Log{name: name, class: int32(class), limits: &s.hub.classes.limits[class], shard: s, floor: s.floors[class]}
	s.logs[name] = l
	if feed := s.hub.options.Feed; feed != nil {
		l.filled = make(chan struct{})
		feed.Want(name)
	}
	l.mu.Lock()
	l.chargeLocked()
	l.mu.Unlock()
	return l
}

// release ends an acquire. A log that nobody holds and that remembers nothing
// goes at once, others by the LRU. A feed makes all worth keeping: a client that
// is away for a moment need not wait for it.
func (s *shard) release(l *Log) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.refs--
	if l.refs > 0 {
		return
	}
	l.mu.Lock()
	blank := l.ring.n == 0 && l.floor <= s.floors[l.class] && l.filled == nil
	l.mu.Unlock()
	if blank {
		s.forgetLocked(l, EvictIdle)
		return
	}
	s.idle.Add(l.name, l)
}

// forgetLocked removes a log that nobody holds.
func (s *shard) forgetLocked(l *Log, reason EvictReason) {
	delete(s.logs, l.name)
	s.floors[l.class] = max(s.floors[l.class], l.retire(reason))
	if feed := s.hub.options.Feed; feed != nil {
		feed.Drop(l.name)
	}
}

// evictIdle forgets the log without references that was used longest ago. It
// reports false if there is none.
func (s *shard) evictIdle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, l, ok := s.idle.GetOldest()
	if !ok {
		return false
	}
	l.refs++ // the callback leaves it alone: the reason is another
	s.idle.RemoveOldest()
	l.refs--
	s.forgetLocked(l, EvictMemory)
	return true
}

// each calls f with every log of the shard. f may lock the log.
func (s *shard) each(f func(*Log)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.logs {
		f(l)
	}
}
