package hold

import (
	"bytes"
	"math"
	"sort"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// Sent says that the connection took the first n of b's bytes at now. It
// returns the rest of what was broken off in the middle, which must be written
// before the next Fill; it is never changed and costs no copy of an entry. What
// was not begun is not part of it: the cursor goes back, and it comes again.
// So who is stuck keeps nothing that the log does not have.
func (f *Feed) Sent(b *Batch, n int, now time.Time) (rest []byte) {
	switch b.kind {
	case ofEntries:
		if n < len(b.out) {
			return f.broken(b, n, now)
		}
		f.passed(b)
		f.counted(b.laid.count, n, b.laid.first, now)
	case ofKeepAlive:
		f.state = f.keep().effect.From(f.state)
		f.terms.count.keepAlives.Inc()
		return b.out[n:]
	case ofRelief:
		f.passedPiece(b)
		if n < len(b.out) {
			return bytes.Clone(b.out[n:])
		}
	case ofOwn:
		if n < len(b.out) {
			return bytes.Clone(b.out[n:])
		}
	}
	return nil
}

// passed says that the whole layout is behind the stream.
func (f *Feed) passed(b *Batch) {
	l := &b.laid
	f.state, f.closing = l.after, l.closing
	if f.canAsk() {
		f.link.through(math.MaxUint64, f.terms.form)
	}
	if l.hints > 0 {
		f.terms.count.hints.Add(float64(l.hints))
	}
	if l.mismatches > 0 {
		f.terms.count.mismatches.Add(float64(l.mismatches))
	}
}

// counted counts entries that were written, n bytes of them.
func (f *Feed) counted(entries, n int, first int64, now time.Time) {
	f.terms.count.entries.Add(float64(entries))
	f.terms.count.bytes.Add(float64(n))
	if first > f.since { // otherwise it is a replay
		f.terms.metrics.latency.Observe(float64(now.UnixNano()-first) / 1e9)
	}
}

// broken says that of the layout only n bytes are behind the stream, which is
// less than all, and where the cursor goes on.
func (f *Feed) broken(b *Batch, n int, now time.Time) (rest []byte) {
	l := &b.laid
	next := sort.Search(len(l.ends), func(i int) bool { return l.ends[i] > n })
	start := 0
	if next > 0 {
		start = l.ends[next-1]
	}
	entries := f.pass(b.entries[:next])
	if n > start {
		e := &b.entries[next]
		rest = f.terms.payloadOf(e, f.state)[n-start:]
		entries += f.pass(b.entries[next : next+1])
		next++
	}
	if entries > 0 {
		f.counted(entries, n+len(rest), l.first, now)
	}
	place := uint64(math.MaxUint64)
	if next < len(b.entries) {
		f.cursor.Back(&b.entries[next])
		place = b.entries[next].Seq() - 1
	}
	if f.canAsk() {
		if f.link.through(place, f.terms.form); place != math.MaxUint64 {
			f.link.cause, f.link.orphan = nil, orphan{} // it will come again
		}
	}
	return rest
}

// pass says that entries are behind the stream, and returns how many of them
// have bytes.
func (f *Feed) pass(entries []channels.Entry) (n int) {
	for i := range entries {
		e := &entries[i]
		if e.Action(f.terms.form) == channels.Hint {
			f.terms.count.hints.Inc()
			continue
		}
		if wire.IsRestricted(e.Tag()) {
			f.terms.count.mismatches.Inc()
			continue
		}
		f.state = f.terms.effect(e, f.state)
		n++
	}
	return n
}
