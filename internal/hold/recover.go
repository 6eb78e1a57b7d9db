package hold

import (
	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/sse"
)

// cause is why a stream asks its origin.
type cause struct {
	trigger Trigger
	gap     *channels.Gap // what the client is told if nothing comes of it; may be nil
	// entry is the place of the entry that does not follow; 0: none.
	entry uint64
}

// orphan is an entry before which something is missing that the origin cannot be
// asked for. The zero value is none.
type orphan struct {
	seen *seen
	seq  uint64
}

// canAsk reports whether there is an origin to ask.
func (f *Feed) canAsk() bool { return f.link != nil && !f.link.over }

// Stubborn is after how many tries the origin is believed: an entry that follows
// nothing came late, and an item that nobody here knows is the last one.
const Stubborn = 2

// stalled does what a stream with a link has to do before it reads on. It reports
// false if that is nothing.
func (f *Feed) stalled(b *Batch, due Due) (step Step, why Reason, ok bool) {
	l := f.link
	switch {
	case l.orphan.seen != nil:
		step, why = f.tellOrphan(b)
		return step, why, true
	case l.waiting != nil:
	case l.cause == nil:
		return 0, "", false
	default:
		f.ask(l.cause)
	}
	if l.relief == nil {
		if l.relief = l.collect(); l.relief == nil {
			step, why = f.atHead(b, due)
			return step, why, true
		}
	}
	if denied := l.relief.denied(); denied != "" {
		step, why = f.bye(b, denied)
		return step, why, true
	}
	if piece := l.relief.Body[l.off:]; len(piece) > 0 {
		b.piece = piece[:min(len(piece), b.maxBytes)]
		b.tail = f.terms.frame(b.tail[:0], b.piece)
		b.kind, b.out = ofRelief, b.tail
		return Write, "", true
	}
	step, why = f.relieved(b, due)
	return step, why, true
}

// ask has the stream wait for its origin. What sift has found is counted here: it may
// have come again.
func (f *Feed) ask(c *cause) {
	l := f.link
	l.cause, l.waiting = nil, c
	switch {
	case c.trigger == OnHint:
		f.terms.count.hints.Inc()
	case c.entry != 0:
		f.terms.count.gap(c.gap.Reason)
	}
	n := Need{Trigger: c.trigger, Seen: l.known(), Place: f.cursor.Place(), State: f.state, Tries: l.tries}
	if c.gap != nil && c.gap.Reason != Origin {
		l.tries++
	}
	if c.entry != 0 && n.Tries >= Stubborn {
		n.Stray, n.StrayPlace = c.gap.Channel, c.entry
	}
	l.recover(n)
}

// relieved goes on when the body of an answer is written.
func (f *Feed) relieved(b *Batch, due Due) (Step, Reason) {
	l := f.link
	r := l.relief
	l.relief, l.off = nil, 0
	switch {
	case r.End != "":
		return f.bye(b, r.End)
	case r.Taken != nil:
		r.Taken()
		return f.atHead(b, due)
	case r.Cursor != nil:
		f.cursor.Close()
		f.cursor = r.Cursor
		f.filters.Closed()
		f.filters = r.Filters
		f.filters.Opened()
		l.see(r.Seen)
		l.keep.Store(f.terms.keepAlive(r.KeepAlive))
		l.acted, l.over, l.waiting = r.Acted, r.Last, nil
		l.asked.And(^askedByTimeout) // of the link before
		return Moved, ""
	}
	gap := l.waiting.gap
	l.waiting = nil
	if gap == nil {
		return Again, ""
	}
	return f.lost(b, gap)
}

// lost tells the client of a gap that the origin could not fill, or ends the
// stream.
func (f *Feed) lost(b *Batch, gap *channels.Gap) (Step, Reason) {
	if gap.Reason == Origin {
		f.terms.count.gap(gap.Reason)
	} else {
		f.link.forget(gap)
	}
	if gap.Resume.IsZero() {
		gap.Resume = f.cursor.Position()
	}
	if !f.canTell() {
		return f.bye(b, ReasonGap)
	}
	return f.tell(b, gap)
}

// sift returns the entries that the stream gets before it must ask its origin. The
// others are left to be read again.
func (f *Feed) sift(entries []channels.Entry) []channels.Entry {
	l := f.link
	l.read = l.read[:0]
	for i := range l.seen {
		l.seen[i].ahead = l.seen[i].id
	}
	kept := entries[:0]
	for i := range entries {
		e := &entries[i]
		s := &l.seen[e.Subscription()]
		switch action := e.Action(f.terms.form); {
		case action == channels.Hint && e.Seq() > l.acted:
			l.cause = &cause{trigger: OnHint, gap: &channels.Gap{Reason: Origin, Lost: -1}}
			if i+1 < len(entries) {
				f.cursor.Back(&entries[i+1])
			}
			return kept
		case action == channels.Send && s.has(e):
			continue
		case action == channels.Send && f.breaks(e, s):
			f.cursor.Back(e)
			return kept
		}
		if len(e.Bytes(f.terms.form)) > 0 && !s.apart {
			s.ahead = e.ItemID()
		}
		l.read = append(l.read, *e)
		kept = append(kept, *e)
	}
	return kept
}

// breaks reports whether something is missing before e. When what comes before
// that is written the origin is asked, or if it could not tell, the client is told.
func (f *Feed) breaks(e *channels.Entry, s *seen) bool {
	switch {
	case !s.follows(e) && !f.cursor.PassedOver(e):
		gap := &channels.Gap{Reason: channels.Missing, Channel: s.channel, LastID: string(s.ahead), Lost: -1}
		f.link.cause = &cause{Trigger(channels.Missing), gap, e.Seq()}
		return true
	case s.orphaned(e):
		f.link.orphan = orphan{s, e.Seq()}
		return true
	}
	return false
}

// tellOrphan tells the client that something is missing before the entry that
// comes next.
func (f *Feed) tellOrphan(b *Batch) (Step, Reason) {
	o := f.link.orphan
	f.link.orphan = orphan{}
	o.seen.told = o.seq
	return f.missed(b, &channels.Gap{Reason: channels.Missing, Channel: o.seen.channel, Lost: -1, Resume: f.cursor.Position()})
}

// wanted asks the origin at the head, if somebody wants that.
func (f *Feed) wanted() {
	l := f.link
	asked := l.asked.Swap(0)
	switch {
	case asked&askedByCommand != 0:
		l.cause = &cause{trigger: OnCommand, gap: &channels.Gap{Reason: Origin, Lost: -1}}
	case asked&askedByTimeout != 0 && l.quiet():
		l.cause = &cause{trigger: OnTimeout}
	}
}

// passedPiece says that the piece of an answer is behind the stream.
func (f *Feed) passedPiece(b *Batch) {
	f.link.off += len(b.piece)
	if f.terms.events {
		f.state = sse.Scan(b.piece).Effect.From(f.state)
	}
	b.piece = nil
}

// keep is the stream's keep-alive, nil if it has none.
func (f *Feed) keep() *keepAlive {
	if f.link != nil {
		return f.link.keep.Load()
	}
	return f.terms.keep
}
