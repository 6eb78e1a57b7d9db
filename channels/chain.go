package channels

import "bytes"

// PassedOver reports whether the item that e must follow is right before it in
// the log, and one that this cursor has passed over because it has no form for
// the reader. e is one of the entries that the last Next returned. It is for
// readers that compare by themselves (Follow.Chained): to them the item before e
// is another.
func (c *Cursor) PassedOver(e *Entry) bool {
	for i := range c.legs {
		if g := &c.legs[i]; int(g.sub) == e.Subscription() {
			return g.passedOver(c, e)
		}
	}
	return false
}

func (g *leg) passedOver(c *Cursor, e *Entry) bool {
	l := g.log
	l.mu.Lock()
	defer l.mu.Unlock()
	i := l.ring.after(e.seq - 1)
	if i == l.ring.base || i == l.ring.end() || l.ring.at(i).seq != e.seq {
		return false
	}
	before := l.ring.at(i - 1)
	return before.seq > g.start && !before.exists(c.form) && bytes.Equal(before.ItemID(), e.PrevID())
}
