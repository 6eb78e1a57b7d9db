package channels

import (
	"context"
	"time"
)

// sweepInterval is how often entries that are too old are looked for. Cursors
// never see them late: they are also dropped before a cursor is placed. A log that
// nobody has held for one to two intervals is packed.
const sweepInterval = 10 * time.Second

// packAtOnce is how many logs a shard packs in one sweep: others wait for its lock,
// at 0.5 µs for a log with one entry.
const packAtOnce = 512

// Run drops what is too old, and packs what is not used, until ctx ends, and returns
// nil.
func (h *Hub) Run(ctx context.Context) error {
	ticker := time.NewTicker(sweepInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-ticker.C:
			for _, s := range h.shards {
				s.sweep(now)
			}
		}
	}
}

// sweep drops what is too old and packs the logs that have not been held since the
// sweep before.
func (s *shard) sweep(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.eachLocked(func(l *Log) { l.expire(now) })
	var scratch []byte
	room := packAtOnce
	s.restLocked(func(name string, r resting) resting {
		switch {
		case r.log == nil && !r.packed.outdated(now), r.log != nil && (r.since == s.sweeps || room <= 0):
			return r
		case r.log == nil:
			r.log = s.unpackLocked(name, r.packed)
			r.log.expire(now)
		}
		if r = s.packLocked(r.log, &scratch); r.log == nil {
			room--
		}
		return r
	})
	s.sweeps++
}

// packLocked returns a log that rests, packed if it can be. It uses scratch again and
// again.
func (s *shard) packLocked(l *Log, scratch *[]byte) resting {
	buf, ok := l.pack((*scratch)[:0])
	*scratch = buf
	if !ok {
		return resting{log: l, since: s.sweeps}
	}
	delete(s.logs, l.name)
	p := packed(buf)
	s.hub.memory.Add(p.cost() - l.charged)
	return resting{packed: p}
}

// restLocked replaces everything in idle by what change returns for it. It begins
// with what was used longest ago and puts each in front in its turn, so the order
// stays.
func (s *shard) restLocked(change func(name string, r resting) resting) {
	for _, name := range s.idle.Keys() {
		before, _ := s.idle.Get(name)
		after := change(name, before)
		if after == before {
			continue
		}
		s.idle.Remove(name) // its key is part of what goes
		s.idle.Add(after.name(), after)
	}
}

func (r *resting) name() string {
	if r.log == nil {
		return r.packed.name()
	}
	return r.log.name
}
