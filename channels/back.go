package channels

// Back undoes a part of the last Next: it puts the cursor back to just before
// e, one of the entries which that returned, so that e and what follows come
// again. It is for readers that could not pass on all that they had read, and
// so need not keep it. What the log has dropped meanwhile, because it was beyond
// the send window, comes as a gap.
func (c *Cursor) Back(e *Entry) {
	if c.closed {
		return
	}
	for i := range c.legs {
		c.legs[i].back(c, e.seq-1)
	}
	c.place = e.seq - 1
}

// back puts the leg back to just after a place in the total order, but not
// beyond where it was before the last Next.
func (g *leg) back(c *Cursor, place uint64) {
	if g.next == g.began {
		return
	}
	l := g.log
	l.mu.Lock()
	defer l.mu.Unlock()
	next := min(max(l.ring.after(place), g.began), g.next)
	if l.ring.base > g.began && l.floor > place {
		next = l.ring.base
		g.hole = &Gap{Reason: Lag, Channel: l.name, Lost: -1, Resume: c.position(l.floor)}
	}
	g.next, g.peeked = next, 0
	g.told = next == g.began // or it would not have been read
}
