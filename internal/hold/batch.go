package hold

import (
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
)

// What is read from the cursor and written at once, unless a single entry is
// larger. It is also what a stream that is stuck in a write keeps beside its
// own memory; 16 KiB is one TLS record.
const (
	maxEntries = 64
	maxBytes   = 16 << 10
)

// maxPiece is how much is written under one write deadline, so that a large
// entry may take its time on a slow line that moves.
const maxPiece = 64 << 10

// pieces calls write with p cut into pieces, until one fails.
func pieces(p []byte, write func([]byte) error) error {
	for len(p) > maxPiece {
		if err := write(p[:maxPiece]); err != nil {
			return err
		}
		p = p[maxPiece:]
	}
	return write(p)
}

// batch is the scratch of one delivery. Streams borrow it while they have
// something to write.
type batch struct {
	entries []channels.Entry // what the cursor has read

	due    []byte // what is to be written: one entry's bytes, or joined
	joined []byte
	count  int       // entries in due
	first  time.Time // when the first of them was published

	own, tail []byte // for bytes of our own, before and after framing
}

func newBatch() *batch {
	return &batch{entries: make([]channels.Entry, 0, maxEntries), joined: make([]byte, 0, maxBytes)}
}

// add appends p, the bytes of e, to what is due. A lone entry is not copied.
func (b *batch) add(p []byte, e *channels.Entry) {
	switch b.count {
	case 0:
		b.due, b.first = p, e.Published()
	case 1:
		b.joined = append(append(b.joined[:0], b.due...), p...)
		b.due = b.joined
	default:
		b.joined = append(b.joined, p...)
		b.due = b.joined
	}
	b.count++
}

// appendRetry appends a retry field of one to three seconds at random, which
// spreads the return of clients that are told to go (WHATWG HTML §9.2.6).
func appendRetry(dst []byte) []byte {
	dst = append(dst, "retry: "...)
	dst = strconv.AppendInt(dst, 1000+rand.Int64N(2001), 10)
	return append(dst, "\n\n"...)
}
