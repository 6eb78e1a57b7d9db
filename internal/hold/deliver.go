package hold

import (
	"errors"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// run has the turn: it delivers until there is nothing more to do, and gives
// the turn back unless the stream has ended.
func (l *live) run() {
	for l.catchUp() {
		if l.turn.CompareAndSwap(running, idle) {
			return
		}
		l.turn.Store(running)
	}
}

// catchUp delivers everything up to the head, and what is due there. It
// reports false when the stream has ended.
func (l *live) catchUp() bool {
	b := l.holder.batches.Get().(*batch)
	defer l.holder.batches.Put(b)
	for {
		if reason := l.cut.Load(); reason != nil {
			l.finish(*reason, false)
			return false
		}
		entries, err := l.stream.Cursor.Next(b.entries[:0], maxEntries, maxBytes)
		var ok bool
		switch {
		case err != nil:
			ok = l.missed(b, err)
		case len(entries) == 0:
			return l.atHead(b)
		default:
			ok = l.send(b, entries)
			clear(entries) // or the pool would keep their bytes
			b.due = nil
		}
		if !ok {
			return false
		}
	}
}

// send writes entries at once. Like all that follow here, it reports false
// when it has ended the stream.
func (l *live) send(b *batch, entries []channels.Entry) bool {
	b.due, b.count = nil, 0
	for i := range entries {
		e := &entries[i]
		switch e.Action(l.stream.Form) {
		case channels.Close:
			return l.flush(b) && l.bye(b, ReasonAction)
		case channels.Hint:
			l.count.hints.Inc()
			continue
		}
		b.add(l.payload(e.Bytes(l.form())), e)
		if l.stream.EventStream {
			l.state = wire.Effect(e.Tag()).From(l.state)
		}
	}
	return l.flush(b)
}

// form is the form to send here. Inside an unfinished event an id of ours would
// be a part of that event, or of a line.
func (l *live) form() channels.Form {
	if l.stream.Form == wire.StreamIDs && !l.state.AtBoundary() {
		return wire.Stream
	}
	return l.stream.Form
}

// payload is what this stream's protocol sends of a chunk.
func (l *live) payload(chunk []byte) []byte {
	if l.framing == Chunked {
		return chunk
	}
	return wire.Data(chunk)
}

// flush writes what b has gathered of entries.
func (l *live) flush(b *batch) bool {
	if b.count == 0 {
		return true
	}
	now, ok := l.write(b.due)
	if !ok {
		return false
	}
	l.count.entries.Add(float64(b.count))
	l.count.bytes.Add(float64(len(b.due)))
	if b.first.After(l.since) { // otherwise it is a replay
		l.holder.metrics.latency.Observe(now.Sub(b.first).Seconds())
	}
	if l.keep != nil && l.keep.mode == Idle {
		l.pulse.Store(false)
	}
	return true
}

// write writes framed bytes and tells when that was done.
func (l *live) write(p []byte) (now time.Time, ok bool) {
	if err := l.out.write(p); err != nil {
		reason := l.out.blame(err)
		if cut := l.cut.Load(); cut != nil {
			reason = *cut
		}
		l.finish(reason, false)
		return now, false
	}
	now = time.Now()
	l.wrote.Store(int64(now.Sub(l.holder.start)))
	return now, true
}

// atHead does what has waited for the stream to be up to date.
func (l *live) atHead(b *batch) bool {
	if reason := l.ending.Load(); reason != nil {
		return l.bye(b, *reason)
	}
	if !l.pulse.Load() || !l.mayInsert() {
		return true
	}
	l.pulse.Store(false)
	if _, ok := l.write(l.payload(l.keep.chunk)); !ok {
		return false
	}
	l.state = l.keep.effect.From(l.state)
	l.count.keepAlives.Inc()
	return true
}

// mayInsert reports whether bytes of our own may follow what was written.
func (l *live) mayInsert() bool { return !l.stream.EventStream || l.state.AtBoundary() }

// missed handles the errors of the cursor: it tells the client what it misses
// and goes on, or ends the stream.
func (l *live) missed(b *batch, err error) bool {
	var gap *channels.Gap
	if !errors.As(err, &gap) { // channels.ErrClosed
		return l.bye(b, ReasonShutdown)
	}
	l.count.gap(gap.Reason)
	lag := gap.Reason == channels.Lag
	switch {
	case lag && (l.stream.OnLag == CloseOnLag || !l.canTell()):
		return l.bye(b, ReasonLag)
	case !l.canTell():
		return l.bye(b, ReasonGap)
	}
	b.own = l.stream.GapEvent(b.own[:0], gap)
	if len(b.own) == 0 {
		return true
	}
	b.tail = l.frame(b.tail[:0], b.own)
	_, ok := l.write(b.tail)
	return ok
}

// canTell reports whether a gap event can be written here.
func (l *live) canTell() bool {
	return l.stream.EventStream && l.stream.GapEvent != nil && l.mayInsert()
}

// bye ends the body cleanly. It returns false.
func (l *live) bye(b *batch, reason Reason) bool {
	b.tail = b.tail[:0]
	if reason == ReasonDrain && l.stream.EventStream && l.mayInsert() {
		b.own = appendRetry(b.own[:0])
		b.tail = l.frame(b.tail, b.own)
	}
	if l.framing == Chunked {
		b.tail = append(b.tail, wire.LastChunk...)
	}
	if len(b.tail) > 0 {
		if _, ok := l.write(b.tail); !ok {
			return false
		}
	}
	l.finish(reason, true)
	return false
}

// frame appends data to dst as one piece of the body.
func (l *live) frame(dst, data []byte) []byte {
	if l.framing == Chunked {
		return wire.AppendChunk(dst, data)
	}
	return append(dst, data...)
}
