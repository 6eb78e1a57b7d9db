package hold

import (
	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/sse"
)

// Batch is the scratch of deliveries: what Feed.Fill has read and laid out. It
// remembers its last layout, so feeds that are filled one after the other and
// stand at the same place share the work. One goroutine at a time may use it.
type Batch struct {
	maxEntries, maxBytes int

	entries []channels.Entry // what the cursor has read
	used    int              // how many of them were ever read since Forget

	kind  kind
	out   []byte // what is to be written
	laid  layout // of entries, the last one
	tail  []byte // our own bytes, framed
	own   []byte // before that
	piece []byte // of an origin's answer, before that
}

// kind is what a batch's bytes are.
type kind uint8

const (
	ofNothing kind = iota
	ofEntries
	ofKeepAlive
	ofOwn    // a gap event, or the end of the body
	ofRelief // a piece of an origin's answer
)

// layout is a number of entries as the bytes that streams of one kind in one
// state get.
type layout struct {
	// What it was made for.
	terms *terms
	state sse.State
	seqs  []uint64

	// What came of it.
	bytes  []byte // one entry's own, or joined
	joined []byte
	ends   []int // of each entry in bytes
	count  int   // entries with bytes
	hints  int
	// mismatches are entries for streams with content filters.
	mismatches int
	closing    bool  // a close action ended it
	first      int64 // when the first entry was published, UnixNano
	after      sse.State
}

// NewBatch returns a batch that reads at most maxEntries entries and, unless a
// single one is larger, maxBytes bytes at once.
func NewBatch(maxEntries, maxBytes int) *Batch {
	return &Batch{
		maxEntries: maxEntries,
		maxBytes:   maxBytes,
		entries:    make([]channels.Entry, 0, maxEntries),
		laid:       layout{joined: make([]byte, 0, maxBytes)},
	}
}

// Bytes is what is to be written. It is valid until the next Fill.
func (b *Batch) Bytes() []byte { return b.out }

// IsKeepAlive reports whether it is a keep-alive.
func (b *Batch) IsKeepAlive() bool { return b.kind == ofKeepAlive }

// Forget lets go of all entries.
func (b *Batch) Forget() {
	clear(b.entries[:b.used])
	b.used, b.kind, b.out, b.piece = 0, ofNothing, nil, nil
	b.laid.terms, b.laid.bytes = nil, nil
}

// read notes what the cursor has put into the batch's room.
func (b *Batch) read(entries []channels.Entry) {
	b.entries = entries
	b.used = max(b.used, len(entries))
}

// fits reports whether the layout is what t's streams in state get of entries.
func (l *layout) fits(t *terms, state sse.State, entries []channels.Entry) bool {
	if l.terms != t || l.state != state || len(l.seqs) != len(entries) {
		return false
	}
	for i := range entries {
		if l.seqs[i] != entries[i].Seq() {
			return false
		}
	}
	return true
}

// begin empties the layout.
func (l *layout) begin(t *terms, state sse.State) {
	*l = layout{terms: t, state: state, after: state, seqs: l.seqs[:0], joined: l.joined[:0], ends: l.ends[:0]}
}

// add appends p, the bytes of e. A lone entry is not copied.
func (l *layout) add(p []byte, e *channels.Entry) {
	switch l.count {
	case 0:
		l.bytes, l.first = p, e.Published().UnixNano()
	case 1:
		l.joined = append(append(l.joined, l.bytes...), p...)
		l.bytes = l.joined
	default:
		l.joined = append(l.joined, p...)
		l.bytes = l.joined
	}
	l.count++
}
