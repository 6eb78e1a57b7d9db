package channels

import "sync/atomic"

// EvictReason says why an entry left its log.
type EvictReason uint8

// The reasons for which entries leave their logs.
const (
	EvictCount   EvictReason = iota // more than Limits.Messages
	EvictBytes                      // more than Limits.Bytes
	EvictAge                        // older than Limits.Age
	EvictIdle                       // its channel was pushed out by channels used later
	EvictMemory                     // the memory limit
	EvictRestart                    // its order has ended
	NumEvictReasons
)

// String returns the reason as a metric label.
func (r EvictReason) String() string {
	return [...]string{"count", "bytes", "age", "idle", "memory", "restart"}[r]
}

// counters only ever grow.
type counters struct {
	published      atomic.Uint64
	duplicates     atomic.Uint64
	parked         atomic.Uint64
	parkTimeouts   atomic.Uint64
	parkOverflows  atomic.Uint64
	idsForgotten   atomic.Uint64
	resumed        atomic.Uint64
	replayed       atomic.Uint64
	ambiguous      atomic.Uint64
	unknownInitial atomic.Uint64
	evicted        [NumEvictReasons]atomic.Uint64
}

// Stats is a snapshot of what the hub counts.
type Stats struct {
	// Gauges.
	Channels     int   // logs, with and without readers
	IdleChannels int   // logs without readers
	Entries      int   // in all logs
	MemoryBytes  int64 // charged against MemoryLimit
	ParkedNow    int   // items that wait for the one before them

	// Counters.
	Published      uint64 // entries appended
	Duplicates     uint64 // items not published, their id being known
	Parked         uint64 // items that had to wait
	ParkTimeouts   uint64 // of these, appended without their predecessor
	ParkOverflows  uint64 // of these, appended early, too many waiting
	IDsForgotten   uint64 // ids pushed out before the window was over
	Resumed        uint64 // cursors that started from something the client had seen
	Replayed       uint64 // entries that such cursors had before them
	Ambiguous      uint64 // resumes whose id several entries had
	UnknownInitial uint64 // lenient resumes whose id no log knew
	Evicted        [NumEvictReasons]uint64
}

// Stats counts what there is. It visits every log and is meant to be called
// every few seconds at most.
func (h *Hub) Stats() Stats {
	c := &h.counters
	s := Stats{
		MemoryBytes:    h.memory.Load(),
		Published:      c.published.Load(),
		Duplicates:     c.duplicates.Load(),
		Parked:         c.parked.Load(),
		ParkTimeouts:   c.parkTimeouts.Load(),
		ParkOverflows:  c.parkOverflows.Load(),
		IDsForgotten:   c.idsForgotten.Load(),
		Resumed:        c.resumed.Load(),
		Replayed:       c.replayed.Load(),
		Ambiguous:      c.ambiguous.Load(),
		UnknownInitial: c.unknownInitial.Load(),
	}
	for i := range c.evicted {
		s.Evicted[i] = c.evicted[i].Load()
	}
	h.order.Lock()
	s.ParkedNow = h.sequencer.waiting
	h.order.Unlock()
	for _, sh := range h.shards {
		sh.eachOrPacked(func(l *Log) {
			l.mu.Lock()
			s.Entries += l.ring.n
			l.mu.Unlock()
			s.Channels++
			if l.refs == 0 {
				s.IdleChannels++
			}
		}, func(d *digest) {
			s.Entries += d.entries
			s.Channels++
			s.IdleChannels++
		})
	}
	return s
}
