package channels

import (
	"math"
	"time"
)

// start is where a cursor's legs begin, in the total order.
type start struct {
	seq    uint64
	lastID string // what the client said, for gaps
	resume bool   // seq is a place the client has been at
	live   uint64 // Follow.Live
	trust  bool   // Follow.Trusting
}

// of is where the leg of a subscription begins, from being for all of them.
func (from start) of(sub *Subscription, f *Follow) start {
	if sub.Continues && f.Continued != nil {
		from.seq, from.resume = f.Continued.Place, true
	}
	from.live, from.trust = f.Live, f.Trusting
	return from
}

// resolve turns what the client says it has seen into a place for all of the
// cursor's channels that have no PrevID. If the place is not known, they start
// live and the cursor has a gap to tell.
func (c *Cursor) resolve(f *Follow) start {
	r, live := f.Resume, f.Live
	if r.ID == "" || !f.asksClient() {
		return start{seq: live}
	}
	p, isPosition := ParsePosition(r.ID)
	if isPosition && p.Epoch == *c.epoch && p.Seq <= c.hub.Head().Seq {
		c.hub.counters.resumed.Add(1)
		return start{seq: p.Seq, lastID: r.ID, resume: true}
	}
	seq, matches := c.lookup(r.ID)
	switch {
	case matches > 1:
		c.hub.counters.ambiguous.Add(1)
		fallthrough
	case matches == 1:
		c.hub.counters.resumed.Add(1)
		return start{seq: seq, lastID: r.ID, resume: true}
	case r.Lenient:
		c.hub.counters.unknownInitial.Add(1)
		return start{seq: live}
	}
	reason := Unknown
	if isPosition && p.Epoch != *c.epoch {
		reason = Epoch
	}
	c.gap = &Gap{Reason: reason, LastID: r.ID, Lost: -1, Resume: c.position(live)}
	return start{seq: live}
}

// lookup finds the place just after the entry in which a client can have seen
// an event with this id. With several matches it is the earliest: repeat rather
// than lose.
func (c *Cursor) lookup(id string) (seq uint64, matches int) {
	for i := range c.legs {
		s, n := c.legs[i].log.lookup(id)
		if n > 0 && (matches == 0 || s < seq) {
			seq = s
		}
		matches += n
	}
	return seq, matches
}

// lookup is Cursor.lookup for one log. The entry dropped last counts too. Of
// an entry with several events only the last one's id is a place after it; for
// the others the entry is repeated.
func (l *Log) lookup(id string) (seq uint64, matches int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	match := func(ids []byte, entrySeq uint64) {
		found, last := findID(ids, id)
		if !found {
			return
		}
		if !last {
			entrySeq--
		}
		if matches == 0 {
			seq = entrySeq
		}
		matches++
	}
	if l.below != nil {
		match(l.below.ids, l.floor)
	}
	for i := l.ring.base; i < l.ring.end(); i++ {
		e := l.ring.at(i)
		match(e.span(e.ids), e.seq)
	}
	return seq, matches
}

// settle finds the leg's place and takes it, in one step.
func (g *leg) settle(c *Cursor, sub *Subscription, from start) {
	l := g.log
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.trimLocked(now.UnixNano())
	if sub.PrevID != "" {
		g.afterItemLocked(c, sub, from)
	} else {
		g.afterPlaceLocked(c, from)
	}
	g.boundLocked(c, sub, now, from)
	if sub.Held {
		g.held, g.next = true, min(g.next, l.ring.after(c.live))
	}
	if g.hole == nil && (from.resume || sub.PrevID != "") {
		c.hub.counters.replayed.Add(l.ring.end() - g.next)
	}
	g.began = g.next
	l.standLocked(g.next)
	l.groups.join(c.group)
	l.chargeLocked()
}

// goOn puts the leg where another of the same log stands.
func (g *leg) goOn(c *Cursor, old *leg) {
	l, sub := g.log, g.sub
	l.mu.Lock()
	defer l.mu.Unlock()
	*g = *old
	g.sub, g.held, g.peeked, g.began = sub, true, 0, g.next
	l.standLocked(g.next)
	l.groups.join(c.group)
}

// afterPlaceLocked puts the leg after a place in the total order.
func (g *leg) afterPlaceLocked(c *Cursor, from start) {
	l := g.log
	g.start, g.resumed, g.next = from.seq, from.resume, l.ring.after(from.seq)
	for g.next > l.ring.base && g.isDue(l.ring.at(g.next-1)) {
		g.next--
	}
	if from.seq < l.floor || from.resume && missedAt(l.floor, l.floorLate, from.seq) {
		g.hole = &Gap{Reason: Evicted, Channel: l.name, LastID: from.lastID, Lost: -1, Resume: c.position(l.floor)}
	}
}

// afterItemLocked puts the leg after the item that the origin named.
func (g *leg) afterItemLocked(c *Cursor, sub *Subscription, from start) {
	l := g.log
	var known bool
	if g.start, g.next, known = l.afterItemLocked(sub.PrevID); known {
		g.start, g.next = max(g.start, sub.Past), max(g.next, l.ring.after(sub.Past))
		return
	}
	g.start, g.next = from.live, l.ring.after(from.live)
	if from.trust || c.chained && len(l.newestItemLocked()) == 0 {
		return
	}
	g.hole = &Gap{Reason: Unknown, Channel: l.name, LastID: sub.PrevID, Lost: -1, Resume: c.position(from.live)}
}

// newestItemLocked is the id of the last item that the log had, nil if it had none
// or is not known.
func (l *Log) newestItemLocked() []byte {
	if l.ring.n > 0 {
		return l.ring.at(l.ring.end() - 1).ItemID()
	}
	if l.below != nil {
		return l.below.item
	}
	return nil
}

// afterItemLocked finds the place just after the last item with this id, and the
// index of the entry that comes next. The entry dropped last counts too.
func (l *Log) afterItemLocked(id string) (seq, next uint64, known bool) {
	for i := l.ring.end(); i > l.ring.base; i-- {
		if e := l.ring.at(i - 1); string(e.span(e.itemID)) == id {
			return e.seq, i, true
		}
	}
	return l.floor, l.ring.base, l.below != nil && string(l.below.item) == id
}

// boundLocked keeps from the client what the origin does not want replayed, now
// and, of what is older than the cursor, when it comes.
func (g *leg) boundLocked(c *Cursor, sub *Subscription, now time.Time, from start) {
	l, first := g.log, g.next
	switch {
	case sub.NoReplay:
		g.since = math.MaxInt64
		first = max(first, l.ring.after(c.live))
	case sub.MaxAge > 0:
		g.since = now.Add(-sub.MaxAge).UnixNano()
		first = max(first, l.ring.since(g.since))
	}
	if withheld := first - g.next; withheld > 0 {
		lost := int64(withheld)
		if g.hole != nil {
			lost = -1
		}
		last := l.ring.at(first - 1).seq
		g.hole = &Gap{Reason: Evicted, Channel: l.name, LastID: from.lastID, Lost: lost, Resume: c.position(last)}
		g.next = first
	}
}
