package hold

import (
	"sync"
	"sync/atomic"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/filter"
	"github.com/holdfast-proxy/holdfast/internal/sse"
)

// Link is a stream's way to its origin, for what the logs do not have (GRIP: a
// next link). It knows which item the client has seen last on each channel.
// Where that does not go on, the stream waits: it reads its cursor no more, and
// gets nothing but keep-alives, until Resume says what the origin has answered.
//
//	reading ── gap, hint, Ask ──▶ waiting ── Resume: a cursor, or failed ──▶ reading
//	                              ▲    │
//	                              └────┘ Resume: more is to come
//
// Streams without one have nothing of this but a nil pointer.
type Link struct {
	// Fixed after NewLink.
	recover func(Need)

	// Owned by who has the stream's turn.
	seen    []seen
	read    []channels.Entry // of the batch under way, filtered or not
	cause   *cause           // why to ask when what comes before it is written
	orphan  orphan           // what to tell of then, where asking would not help
	waiting *cause           // why the stream waits; nil: it does not
	relief  *Relief
	off     int    // bytes of relief.Body behind the stream
	acted   uint64 // hints up to here have been answered
	over    bool   // there is nobody to ask any more
	tries   int    // recoveries since the stream last went on

	// Set by any goroutine.
	asked atomic.Uint32             // bits of Ask
	keep  atomic.Pointer[keepAlive] // instead of the terms'

	mu     sync.Mutex // wake is not called while held
	wake   func()     // has the holder fill; nil before the stream is held
	mail   *Relief
	closed bool
}

// Seen is the item that a client has seen last on a channel. ID is empty if it is
// not known.
type Seen struct {
	Channel, ID string
	// Apart: the origin knows nothing of the channel, so no id of it is kept.
	Apart bool
}

// Trigger says why an origin is asked. It is a metric label: one of these, or the
// channels.Reason of a gap.
type Trigger string

// The triggers that are no gaps.
const (
	OnHint    Trigger = "hint"    // a published hint action
	OnCommand Trigger = "command" // an operator wants all streams recovered
	OnTimeout Trigger = "timeout" // nothing has come for the link's timeout
)

// Origin is the reason of a gap where the origin had more to tell and could not be
// asked.
const Origin channels.Reason = "origin"

// The bits of Link.asked.
const (
	askedByCommand uint32 = 1 << iota
	askedByTimeout
)

// Need is what a stream that waits wants of its origin.
type Need struct {
	Trigger Trigger
	// Seen is by subscription, in order.
	Seen []Seen
	// Place is where the stream has stopped reading.
	Place uint64
	// State is that of an event stream there.
	State sse.State
	// StrayPlace, unless 0, is where an item stands on the channel Stray that has
	// been asked for before, in vain: it follows nothing that the client or the
	// origin knows, so it came late, and the new cursor begins after it. Should it
	// be news all the same, the item after it will not follow either.
	Stray      string
	StrayPlace uint64
	// Tries is how often the stream has asked since it last went on. Only gaps
	// count.
	Tries int
}

// Relief is an origin's answer for a stream that waits. The stream owns it.
type Relief struct {
	// Body comes next on the stream. Many streams may share it.
	Body []byte

	// After the body, the first of these that is set says what follows:
	// the stream ends;
	End Reason
	// or it waits on, and Taken is called by a goroutine of the holder, which it
	// must not block, when the body is written;
	Taken func()
	// or it goes on with another cursor, made for the holder's group.
	Cursor *channels.Cursor
	// Otherwise nothing came of it: the stream goes on where it stopped, after a
	// gap event if there was a gap or a hint, and if that cannot be told, it ends.

	// With Cursor: what the client has seen then, the filters (nil: none) and the
	// keep-alive from now on, and the place up to which hints are answered.
	Seen      []Seen
	Filters   *filter.Set
	KeepAlive KeepAlive
	Acted     uint64
	// Denied, unless nil, says why the client may not have this answer; empty: it may.
	// A goroutine of the holder, which it must not block, asks before each piece of the
	// body, and again at the moment from which on the stream follows Cursor: the stream
	// tells what it follows only before or after that (Describer). So somebody who
	// first denies it, and then looks who follows what, misses nobody.
	Denied func() Reason
	// Last: the origin gave no further link. The cursor is not chained, and the
	// stream goes on like one that never had a link.
	Last bool
}

// NewLink returns the link of a stream whose cursor has these subscriptions, in
// order, chained (channels.Follow.Chained). recover is called by a goroutine of
// the holder when the stream begins to wait. It must not block, and it, or someone
// after it, must call Resume once.
func NewLink(seen []Seen, recover func(Need)) *Link {
	l := &Link{recover: recover}
	l.see(seen)
	return l
}

// Ask has the stream ask its origin when it is up to date: for OnCommand, or for
// OnTimeout unless something has come on every channel since that was asked last.
// Any goroutine may call it.
func (l *Link) Ask(t Trigger) {
	bit := askedByCommand
	if t == OnTimeout {
		bit = askedByTimeout
	}
	l.asked.Or(bit)
	l.ring()
}

// Resume gives a stream that waits the answer to its Need. It returns false, and
// leaves the channels of the answer's cursor, if the stream has ended. Any
// goroutine may call it.
func (l *Link) Resume(r *Relief) bool {
	l.mu.Lock()
	if !l.closed {
		l.mail = r
	}
	taken := !l.closed
	l.mu.Unlock()
	if !taken {
		r.drop()
		return false
	}
	l.ring()
	return true
}

// denied is why the client may not have the answer; empty: it may.
func (r *Relief) denied() Reason {
	if r.Denied == nil {
		return ""
	}
	return r.Denied()
}

func (r *Relief) drop() {
	if r != nil && r.Cursor != nil {
		r.Cursor.Close()
	}
}

// ring has the holder look at the stream.
func (l *Link) ring() {
	l.mu.Lock()
	wake := l.wake
	l.mu.Unlock()
	if wake != nil {
		wake()
	}
}

// bind sets what wakes the holder. It looks at a new stream by itself.
func (l *Link) bind(wake func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wake = wake
}

// collect takes what Resume has brought.
func (l *Link) collect() *Relief {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.mail
	l.mail = nil
	return r
}

// close lets go of everything, as the stream has ended.
func (l *Link) close() {
	l.mu.Lock()
	l.closed = true
	mail := l.mail
	l.mail = nil
	l.mu.Unlock()
	mail.drop()
	l.relief.drop()
	l.relief = nil
}
