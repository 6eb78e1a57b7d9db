package channels

import (
	"sync"
	"time"
	"unsafe"
)

// Log is a channel's bounded list of recent entries.
type Log struct {
	// Fixed.
	name   string
	limits *Limits
	shard  *shard
	class  int32

	// Guarded by shard.mu.
	refs int32 // cursors and calls that hold the log in its shard

	// Guarded by Hub.order.
	last string // id of the item sequenced last; empty if it had none or is not known

	mu   sync.Mutex // guards everything below; held for copying only
	ring ring
	// bytes is the sum of the entries' bytes, charged what the hub's memory
	// has been charged for this log.
	bytes   int64
	charged int64
	// floor is the seq of the entry dropped last, or what the shard said when
	// the log was made; floorLate is how late that entry was, below its ids if it
	// had any.
	floor     uint64
	floorLate uint32
	// atHead counts the cursors that have read everything.
	atHead uint32
	below  *below
	groups groups
	// filled is closed when the feed has given the log its history. Nil: there
	// is no feed.
	filled chan struct{}
}

// below are the ids of the entry dropped last.
type below struct{ ids, item []byte }

// logCost is what a log costs without its name and entries.
const logCost = int64(unsafe.Sizeof(Log{})) + placeCost

// Name is the channel's name.
func (l *Log) Name() string { return l.name }

// append adds e, whose seq must be above all others of the log. The caller
// holds the log in its shard. tell is whom to wake; streams is how many
// cursors follow.
func (l *Log) append(e Entry) (tell audience, streams int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.waiting, l.atHead = l.atHead, 0
	l.ring.push(e)
	l.bytes += int64(len(e.buf))
	l.trimLocked(e.at)
	l.chargeLocked()
	return l.groups.audience(), l.groups.cursors()
}

// precededBy tells a log that never had an entry which item precedes
// its first one: by the publisher's word, nothing lies between.
func (l *Log) precededBy(prevID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ring.n == 0 && l.below == nil && prevID != "" {
		l.below = &below{item: []byte(prevID)}
	}
}

// chain notes an item's place in its publishers' order, the log's next entry
// being e. It runs under Hub.order.
func (l *Log) chain(it *Item, e *Entry) {
	if l.last == "" {
		l.precededBy(it.PrevID)
	}
	e.orphan = !it.follows(l.last)
	if !it.NoSeq {
		l.last = it.ID
	}
}

// top is the seq of the newest entry that the log has or had.
func (l *Log) top() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ring.n > 0 {
		return l.ring.at(l.ring.end() - 1).seq
	}
	return l.floor
}

// beginAt makes floor what the log knows nothing about.
func (l *Log) beginAt(floor uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.floor, l.floorLate, l.below = floor, 0, nil
}

// filling returns a channel that is closed when the log can be followed.
func (l *Log) filling() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.filled
}

func (l *Log) isFilled() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.isFilledLocked()
}

func (l *Log) isFilledLocked() bool {
	select {
	case <-l.filled:
		return true
	default:
		return false
	}
}

// restart forgets all entries and waits to be filled again. It runs under
// Hub.order.
func (l *Log) restart() audience {
	l.last = ""
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.ring.n > 0 {
		l.dropLocked(EvictRestart)
	}
	l.floor, l.floorLate, l.below = 0, 0, nil
	l.chargeLocked()
	select {
	case <-l.filled:
		l.filled = make(chan struct{})
	default:
	}
	return l.groups.audience()
}

// trimLocked drops the oldest entries that neither retention nor a live
// cursor inside the send window needs.
func (l *Log) trimLocked(now int64) {
	for l.ring.n > 0 {
		oldest := l.ring.at(l.ring.base)
		reason, beyond := l.beyondRetentionLocked(oldest, now)
		if !beyond || oldest.waiting > 0 && l.insideWindowLocked() {
			return
		}
		l.dropLocked(reason)
	}
}

func (l *Log) beyondRetentionLocked(oldest *Entry, now int64) (EvictReason, bool) {
	switch {
	case l.ring.n > l.limits.Messages:
		return EvictCount, true
	case l.bytes > l.limits.Bytes:
		return EvictBytes, true
	case l.limits.Age > 0 && now-oldest.at > int64(l.limits.Age):
		return EvictAge, true
	}
	return 0, false
}

// insideWindowLocked reports whether a cursor just before the oldest entry is
// still inside the send window.
func (l *Log) insideWindowLocked() bool {
	return l.ring.n <= l.limits.WindowMessages || l.bytes <= l.limits.WindowBytes
}

// dropLocked drops the oldest entry and moves the floor to it. Cursors that
// stood just before it have fallen off and count as standing before the next.
func (l *Log) dropLocked(reason EvictReason) {
	oldest := l.ring.at(l.ring.base)
	l.floor, l.floorLate = oldest.seq, oldest.late
	l.rememberLocked(oldest.span(oldest.ids), oldest.span(oldest.itemID))
	l.bytes -= int64(len(oldest.buf))
	fallen := oldest.waiting
	l.ring.drop()
	*l.waitingLocked(l.ring.base) += fallen
	l.shard.hub.counters.evicted[reason].Add(1)
}

// rememberLocked keeps the ids of the entry dropped last.
func (l *Log) rememberLocked(ids, item []byte) {
	if l.below == nil {
		if len(ids) == 0 && len(item) == 0 {
			return
		}
		l.below = new(below)
	}
	l.below.ids = append(l.below.ids[:0], ids...)
	l.below.item = append(l.below.item[:0], item...)
}

// chargeLocked brings the hub's account up to date.
func (l *Log) chargeLocked() {
	cost := logCost + int64(len(l.name)) + l.bytes + int64(len(l.ring.slots))*entryCost
	l.shard.hub.memory.Add(cost - l.charged)
	l.charged = cost
}

// expire drops what is too old.
func (l *Log) expire(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trimLocked(now.UnixNano())
	l.chargeLocked()
}

// shrink drops the oldest entries, whoever needs them, until the log costs at
// most cost bytes.
func (l *Log) shrink(cost int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.ring.n > 0 && l.charged > cost {
		l.dropLocked(EvictMemory)
		l.chargeLocked()
	}
}

// retire takes the log out of use, with all its entries. It returns the seq
// below which nothing of the channel can be replayed any more.
func (l *Log) retire(reason EvictReason) (floor uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.ring.n > 0 {
		l.dropLocked(reason)
	}
	l.shard.hub.memory.Add(-l.charged)
	l.charged = 0
	return l.floor
}

// standLocked counts a cursor in at index i, leaveLocked out. One that has fallen
// off stands at the tail.
func (l *Log) standLocked(i uint64) { *l.waitingLocked(max(i, l.ring.base))++ }
func (l *Log) leaveLocked(i uint64) { *l.waitingLocked(max(i, l.ring.base))-- }

// waitingLocked is the count of the cursors that stand at index i.
func (l *Log) waitingLocked(i uint64) *uint32 {
	if i == l.ring.end() {
		return &l.atHead
	}
	return &l.ring.at(i).waiting
}
