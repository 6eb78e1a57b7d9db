package channels

import (
	"strings"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// shard is a part of the hub's channels.
type shard struct {
	// Fixed.
	hub *Hub

	mu   sync.Mutex      // guards what follows and Log.refs; no slow work while held
	logs map[string]*Log // all that are not packed
	// idle are the channels without references, the one used last in front: at most
	// limit.
	idle  *simplelru.LRU[string, resting]
	limit int
	// sweeps counts the calls of sweep.
	sweeps uint32
	// floors is, per class, the highest seq that went with a whole channel: a
	// new log cannot know about anything at or below it, unless a feed tells.
	floors []uint64
}

// resting is a channel without references: its log, or what that is packed to.
type resting struct {
	log    *Log // nil: packed
	packed packed
	since  uint32 // shard.sweeps when the last reference went
}

func newShard(h *Hub, idle int) *shard {
	s := &shard{hub: h, logs: make(map[string]*Log), limit: max(1, idle), floors: make([]uint64, len(h.classes.limits))}
	// The error is for a size below 1.
	s.idle, _ = simplelru.NewLRU[string, resting](s.limit, nil)
	return s
}

// acquire returns the channel's log and holds it in the shard until release.
// If there is none, it is made if create is true; else acquire returns nil.
func (s *shard) acquire(name string, create bool) *Log {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.logs[name]
	switch {
	case l == nil:
		if l = s.findPackedLocked(name); l == nil {
			if !create {
				return nil
			}
			l = s.newLogLocked(name)
		}
	case l.refs == 0:
		s.idle.Remove(name)
	}
	l.refs++
	return l
}

// findPackedLocked returns the log of a channel that is packed, unpacked and out of
// idle; nil if it is not.
func (s *shard) findPackedLocked(name string) *Log {
	r, ok := s.idle.Peek(name)
	if !ok {
		return nil
	}
	s.idle.Remove(name)
	return s.unpackLocked(name, r.packed)
}

// unpackLocked makes a log of p.
func (s *shard) unpackLocked(name string, p packed) *Log {
	l := s.logLocked(strings.Clone(name)) // or it could keep p
	l.unpack(p)
	if s.hub.options.Feed != nil {
		l.filled = make(chan struct{})
		close(l.filled)
	}
	return l
}

func (s *shard) newLogLocked(name string) *Log {
	l := s.logLocked(name)
	l.floor = s.floors[l.class]
	if feed := s.hub.options.Feed; feed != nil {
		l.filled = make(chan struct{})
		feed.Want(name)
	}
	l.mu.Lock()
	l.chargeLocked()
	l.mu.Unlock()
	return l
}

// logLocked adds a log with nothing but its fixed fields.
func (s *shard) logLocked(name string) *Log {
	class := s.hub.classes.of(name)
	l := &Log{name: name, class: int32(class), limits: &s.hub.classes.limits[class], shard: s}
	s.logs[name] = l
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
	if s.idle.Len() == s.limit {
		s.evictLocked(EvictIdle)
	}
	s.idle.Add(l.name, resting{log: l, since: s.sweeps})
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
	return s.evictLocked(EvictMemory)
}

func (s *shard) evictLocked(reason EvictReason) bool {
	name, r, ok := s.idle.RemoveOldest()
	if !ok {
		return false
	}
	if r.log == nil {
		r.log = s.unpackLocked(name, r.packed)
	}
	s.forgetLocked(r.log, reason)
	return true
}

// each calls f with every log of the shard that is not packed. f may lock the log.
func (s *shard) each(f func(*Log)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.eachLocked(f)
}

func (s *shard) eachLocked(f func(*Log)) {
	for _, l := range s.logs {
		f(l)
	}
}

// eachOrPacked is each, and calls g with what each packed log tells, which is good until
// g returns.
func (s *shard) eachOrPacked(f func(*Log), g func(*digest)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.eachLocked(f)
	for _, r := range s.idle.Values() {
		if r.log == nil {
			d := r.packed.digest()
			g(&d)
		}
	}
}

// eachUnpacked unpacks what is packed, and is each.
func (s *shard) eachUnpacked(f func(*Log)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.restLocked(func(name string, r resting) resting {
		if r.log == nil {
			r = resting{log: s.unpackLocked(name, r.packed), since: s.sweeps}
		}
		return r
	})
	s.eachLocked(f)
}
