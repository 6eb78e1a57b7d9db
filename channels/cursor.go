package channels

// Cursor is a reader's place in the logs of its channels. One goroutine at a
// time owns it.
type Cursor struct {
	// Fixed.
	hub   *Hub
	epoch *string
	group Group
	live  uint64 // actions up to here are not for this stream
	form  Form

	closed  bool
	chained bool // Follow.Chained
	legs    []leg
	one     [1]leg // the legs of a cursor with one channel
	gap     *Gap   // on all channels without a PrevID, not told yet
	place   uint64 // everything up to here has been returned
	heard   uint64 // interruptions up to here have been told, or are none of ours
}

// leg is a cursor's place in one log.
type leg struct {
	log  *Log
	next uint64 // index of the next entry
	// start is the place in the total order at which the leg began; resumed
	// says that the client has been there.
	start   uint64
	sub     int32 // index in Follow.Subscriptions
	resumed bool
	// held: actions after Cursor.live are for the stream, also before start.
	held bool
	// told: the client has been told what is missing just before next.
	told bool
	// since (UnixNano) withholds what is older and from before the stream.
	since int64
	// peeked is the seq of the next entry if it is known, else 0.
	peeked uint64
	// began is what next was before the last call of Cursor.Next. The leg counts
	// as standing there until the next call, for the cursor can go back.
	began uint64
	// hole, unless nil, is what is missing before next. Its place in the total
	// order is hole.Resume. Nearly no leg ever has one.
	hole *Gap
}

// Position is the place up to which everything has been returned. It is the
// zero Position while a gap that lies before that place is still to be told: a
// client that knew the place could come back to it without ever having heard
// of the gap.
func (c *Cursor) Position() Position {
	if c.gap != nil || c.stale() {
		return Position{}
	}
	for i := range c.legs {
		if g := &c.legs[i]; g.hole != nil && g.hole.Resume.Seq <= c.place {
			return Position{}
		}
	}
	return c.position(c.place)
}

// Place is the place in the total order up to which everything has been
// returned, or told to be missing. It is what a stream goes on from with another
// cursor (Continued); clients are told Position.
func (c *Cursor) Place() uint64 { return c.place }

// Behind is how many entries of its channels it has not read, in whatever form.
func (c *Cursor) Behind() (entries uint64) {
	for i := range c.legs {
		g := &c.legs[i]
		g.log.mu.Lock()
		entries += g.log.ring.end() - max(g.next, g.log.ring.base)
		g.log.mu.Unlock()
	}
	return entries
}

// Logs returns the logs that the cursor follows.
func (c *Cursor) Logs() []*Log {
	logs := make([]*Log, len(c.legs))
	for i := range c.legs {
		logs[i] = c.legs[i].log
	}
	return logs
}

// Next appends to dst what comes next in the total order: at most maxEntries
// entries and, but for the first, at most maxBytes bytes in the cursor's form.
// Entries without the form are passed over. No entry and no error means that
// the cursor is at the head, nothing else. What comes late, before what has been
// returned already, is never in one batch with it: a batch ascends.
//
// The error is a *Gap where entries are missing: the cursor has moved past the
// hole and goes on with the next call. After Close, and when the order that the
// cursor reads has ended, it is ErrClosed.
func (c *Cursor) Next(dst []Entry, maxEntries, maxBytes int) ([]Entry, error) {
	if c.closed || c.stale() {
		return dst, ErrClosed
	}
	for i := range c.legs {
		c.legs[i].moveOn()
	}
	b := batch{cursor: c, dst: dst, entries: maxEntries, bytes: maxBytes}
	// Entries up to here are all in their logs, so of several logs the
	// smallest seq comes next; one that is appended meanwhile has to wait.
	limit := c.hub.head.Load()
	if len(c.legs) == 1 {
		limit = 1<<64 - 1
	}
	for !b.full {
		b.known = c.hub.interrupted.Load() // before the logs are looked at
		cut, isCut := b.known.between(c.heard, limit)
		g, hole, until := c.first(cut)
		switch {
		case b.known != c.hub.interrupted.Load(): // what is found can be after it
			continue
		case hole != nil && b.taken > 0:
			return b.dst, nil
		case hole != nil:
			return dst, c.tell(g, hole)
		case g == nil && isCut && b.taken == 0:
			return dst, c.interruptedAt(cut)
		case g == nil, b.taken > 0 && g.peeked <= b.dst[len(b.dst)-1].seq:
			return b.dst, nil
		}
		b.read(g, until)
	}
	return b.dst, nil
}

// stale reports whether the hub has another order since. A log whose lock was
// taken before it said no has nothing of the other order.
func (c *Cursor) stale() bool { return c.epoch != c.hub.epoch.Load() }

// position is a place in the order that the cursor reads.
func (c *Cursor) position(seq uint64) Position { return Position{*c.epoch, seq} }

// tell takes away a hole, of leg g or else of the whole cursor, and returns it.
func (c *Cursor) tell(g *leg, hole *Gap) error {
	if g != nil {
		g.hole = nil
	} else {
		c.gap = nil
	}
	c.place = max(c.place, hole.Resume.Seq)
	return hole
}

// first finds what comes next in the total order up to limit: a hole, or the
// entries of a leg up to the place where another's turn comes. A hole's turn
// is when everything up to its Resume is read; one of the whole cursor has no
// leg. There is neither at the head.
func (c *Cursor) first(limit uint64) (best *leg, hole *Gap, until uint64) {
	lowest, found := limit, false // what comes next comes after lowest
	until = limit
	if c.gap != nil && c.gap.Resume.Seq <= limit {
		hole, lowest, found = c.gap, c.gap.Resume.Seq, true
	}
	for i := range c.legs {
		g := &c.legs[i]
		after, ok := g.peek(c)
		switch {
		case !ok || after > limit || after == limit && g.hole == nil:
			continue
		case found && (after > lowest || after == lowest && g.hole == nil):
			until = min(until, after)
			continue
		case found:
			until = min(until, lowest)
		}
		best, hole, lowest, found = g, g.hole, after, true
	}
	return best, hole, until
}

// peek returns the place after which the leg goes on, false if it is at the
// head: the one before its next entry, or that of a hole. A reader that has
// fallen off the log's tail has a hole there.
func (g *leg) peek(c *Cursor) (after uint64, ok bool) {
	if g.hole != nil {
		return g.hole.Resume.Seq, true
	}
	if g.peeked != 0 {
		return g.peeked - 1, true
	}
	l := g.log
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case c.stale(): // the group is about to be told
		return 0, false
	case g.fallLocked(c):
		return g.hole.Resume.Seq, true
	case g.next == l.ring.end():
		return 0, false
	}
	g.peeked = l.ring.at(g.next).seq
	return g.peeked - 1, true
}

// fallLocked notices that the log has dropped what comes next, and moves the
// leg behind the hole.
func (g *leg) fallLocked(c *Cursor) bool {
	l := g.log
	if g.next >= l.ring.base {
		return false
	}
	g.hole = &Gap{Reason: Lag, Channel: l.name, Lost: int64(l.ring.base - g.next), Resume: c.position(l.floor)}
	g.next, g.peeked, g.told = l.ring.base, 0, false // where it is counted already
	return true
}

// batch is what one call of Next collects.
type batch struct {
	cursor         *Cursor
	dst            []Entry
	taken          int
	entries, bytes int // what still fits
	full           bool
	// known are the interruptions up to the next of which may be read.
	known *interruptions
}

// read takes entries from one leg until the batch is full, the log at its
// head, or the next entry past until.
func (b *batch) read(g *leg, until uint64) {
	c, l := b.cursor, g.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.stale() {
		b.full = true
		return
	}
	if b.known != c.hub.interrupted.Load() || g.fallLocked(c) {
		return
	}
	g.peeked = 0
	for g.next < l.ring.end() {
		e := l.ring.at(g.next)
		if e.seq > until {
			g.peeked = e.seq
			break
		}
		if g.withholds(c, e) {
			if b.breakAt(g, Evicted, e.seq) {
				g.next++
			}
			break
		}
		if e.orphan && !c.chained && !g.told && g.isDue(e) {
			g.told = b.breakAt(g, Missing, e.seq-1)
			break
		}
		if g.isFor(c, e) && !b.take(g, e) {
			b.full = true
			break
		}
		c.place = max(c.place, e.seq)
		g.next++
		g.told = false
	}
}

// moveOn gives up what was read before, which the log then need not keep for the
// cursor.
func (g *leg) moveOn() {
	if g.began == g.next {
		return
	}
	l := g.log
	l.mu.Lock()
	defer l.mu.Unlock()
	l.leaveLocked(g.began)
	l.standLocked(g.next)
	g.began = g.next
	if l.ring.n > l.limits.Messages || l.bytes > l.limits.Bytes {
		l.trimLocked(l.ring.at(l.ring.end() - 1).at)
		l.chargeLocked()
	}
}

// breakAt makes a hole that ends at seq, where an entry is withheld or missing.
// What was taken before it is returned first, so that Back finds nothing told that
// comes after: then there is no hole yet.
func (b *batch) breakAt(g *leg, why Reason, seq uint64) bool {
	if b.taken > 0 {
		b.full = true
		return false
	}
	g.hole = &Gap{Reason: why, Channel: g.log.name, Lost: -1, Resume: b.cursor.position(seq)}
	return true
}

// isDue reports whether e is something that the client has not seen. What came to
// the node only after a cursor was placed behind it has been seen elsewhere,
// unless it came late.
func (g *leg) isDue(e *Entry) bool { return e.seq > g.start || g.resumed && e.missedAt(g.start) }

// withholds reports whether e is not for the client, who has to be told: it says
// that others are lost, or is from before the stream and was not there when the
// leg was kept from such entries.
func (g *leg) withholds(c *Cursor, e *Entry) bool {
	switch {
	case !g.isDue(e):
		return false
	case e.gap:
		return true
	}
	return e.seq <= c.live && e.exists(c.form) && e.at < g.since
}

// isFor reports whether the cursor's reader has anything to do for e.
func (g *leg) isFor(c *Cursor, e *Entry) bool {
	switch due := g.isDue(e); {
	case !e.exists(c.form):
		return false
	case e.actions[c.form] == Send:
		return due
	default:
		return (due || g.held) && e.seq > c.live
	}
}

// take adds e, of leg g, to the batch and reports false if it does not fit.
func (b *batch) take(g *leg, e *Entry) bool {
	size := int(e.forms[b.cursor.form].Len)
	if b.entries == 0 || size > b.bytes && b.taken > 0 {
		return false
	}
	b.dst = append(b.dst, *e)
	b.dst[len(b.dst)-1].sub = g.sub
	b.taken++
	b.entries--
	b.bytes = max(0, b.bytes-size)
	return true
}

// Close leaves the channels. It may be called more than once.
func (c *Cursor) Close() {
	if c.closed {
		return
	}
	c.closed = true
	for i := range c.legs {
		g := &c.legs[i]
		l := g.log
		l.mu.Lock()
		l.leaveLocked(g.began)
		l.groups.leave(c.group)
		if l.ring.n > 0 {
			l.trimLocked(l.ring.at(l.ring.end() - 1).at)
			l.chargeLocked()
		}
		l.mu.Unlock()
		l.shard.release(l)
	}
}
