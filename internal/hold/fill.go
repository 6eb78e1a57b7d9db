package hold

import (
	"errors"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/sse"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// Fill puts what comes next into b, in the order of the cursor, and at the
// head what is due there. With Finish comes why the stream ends.
func (f *Feed) Fill(b *Batch, due Due) (Step, Reason) {
	b.kind, b.out = ofNothing, nil
	for {
		switch {
		case f.closing:
			return f.bye(b, ReasonAction)
		case due.End.AtOnce():
			return f.bye(b, due.End)
		}
		if step, why, ok := f.addressed(b); ok {
			return step, why
		}
		if f.canAsk() {
			if step, why, ok := f.stalled(b, due); ok {
				return step, why
			}
		}
		entries, err := f.cursor.Next(b.entries[:0], b.maxEntries, b.maxBytes)
		if err != nil {
			if step, why := f.missed(b, err); step != Again {
				return step, why
			}
			continue
		}
		if len(entries) == 0 {
			if f.canAsk() && due.End == "" && f.link.asked.Load() != 0 {
				f.wanted()
				if f.link.cause != nil {
					continue
				}
			}
			return f.atHead(b, due)
		}
		b.read(entries)
		if f.canAsk() {
			if entries = f.sift(entries); len(entries) == 0 {
				continue
			}
			b.entries = entries
		}
		if f.filters == nil {
			f.lay(&b.laid, entries)
		} else {
			f.layFiltered(b)
		}
		if len(b.laid.bytes) > 0 {
			b.kind, b.out = ofEntries, b.laid.bytes
			return Write, ""
		}
		f.passed(b) // actions alone
	}
}

// lay lays entries out for this stream, unless they already are.
func (f *Feed) lay(l *layout, entries []channels.Entry) {
	if l.fits(f.terms, f.state, entries) {
		return
	}
	l.begin(f.terms, f.state)
	for i := range entries {
		l.seqs = append(l.seqs, entries[i].Seq())
	}
	for i := range entries {
		e := &entries[i]
		switch e.Action(f.terms.form) {
		case channels.Close:
			l.closing = true
			return
		case channels.Hint:
			l.hints++
		default:
			if wire.IsRestricted(e.Tag()) {
				l.mismatches++
				break
			}
			l.add(f.terms.payloadOf(e, l.after), e)
			l.after = f.terms.effect(e, l.after)
		}
		l.ends = append(l.ends, len(l.bytes))
	}
}

// payloadOf is what a stream in state gets of e.
func (t *terms) payloadOf(e *channels.Entry, state sse.State) []byte {
	return t.payload(e.Bytes(t.formOf(state)))
}

// formOf is the form that a stream in state gets. Inside an unfinished event an id
// of ours would be a part of that event, or of a line.
func (t *terms) formOf(state sse.State) channels.Form {
	if t.form == wire.StreamIDs && !state.AtBoundary() {
		return wire.Stream
	}
	return t.form
}

// effect is the state of a stream after e.
func (t *terms) effect(e *channels.Entry, before sse.State) sse.State {
	if !t.events {
		return before
	}
	return wire.Effect(e.Tag()).From(before)
}

// atHead does what has waited for the stream to be up to date.
func (f *Feed) atHead(b *Batch, due Due) (Step, Reason) {
	if due.End != "" {
		return f.bye(b, due.End)
	}
	if !due.KeepAlive || !f.mayInsert() {
		return AtHead, ""
	}
	b.kind, b.out = ofKeepAlive, f.keep().chunk
	return Write, ""
}

// mayInsert reports whether bytes of our own may follow what was written.
func (f *Feed) mayInsert() bool { return !f.terms.events || f.state.AtBoundary() }

// missed handles the errors of the cursor: it tells the client what it misses,
// or ends the stream.
func (f *Feed) missed(b *Batch, err error) (Step, Reason) {
	var gap *channels.Gap
	if !errors.As(err, &gap) { // channels.ErrClosed
		return f.bye(b, ReasonShutdown)
	}
	f.terms.count.gap(gap.Reason)
	if f.canAsk() && f.link.covers(gap) {
		f.link.cause = &cause{trigger: Trigger(gap.Reason), gap: gap}
		return Again, ""
	}
	lag := gap.Reason == channels.Lag
	switch {
	case gap.Reason == channels.Missing && !f.terms.events:
		return Again, "" // as in Pushpin: the publisher went on without it
	case gap.Reason == channels.Bus && !f.terms.events:
		return Again, "" // perhaps nothing is missing, and all would come back at once
	case lag && (f.terms.onLag == CloseOnLag || !f.canTell()):
		return f.bye(b, ReasonLag)
	case !f.canTell():
		return f.bye(b, ReasonGap)
	}
	return f.tell(b, gap)
}

// tell writes a gap event.
func (f *Feed) tell(b *Batch, gap *channels.Gap) (Step, Reason) {
	b.own = f.gapEvent(b.own[:0], gap)
	if len(b.own) == 0 {
		return Again, ""
	}
	b.tail = f.terms.frame(b.tail[:0], b.own)
	b.kind, b.out = ofOwn, b.tail
	return Write, ""
}

// canTell reports whether a gap event can be written here.
func (f *Feed) canTell() bool {
	return f.terms.events && f.gapEvent != nil && f.mayInsert()
}

// bye ends the body cleanly.
func (f *Feed) bye(b *Batch, why Reason) (Step, Reason) {
	b.tail = b.tail[:0]
	if f.terms.events && f.mayInsert() {
		if b.own = why.appendFarewell(b.own[:0]); len(b.own) > 0 {
			b.tail = f.terms.frame(b.tail, b.own)
		}
	}
	if f.terms.framing == Chunked {
		b.tail = append(b.tail, wire.LastChunk...)
	}
	b.kind, b.out = ofOwn, b.tail
	return Finish, why
}
