package hold

import (
	"sync"
	"sync/atomic"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/filter"
)

// maxMail bounds the events that wait in a Mailbox, in bytes.
const maxMail = 16 << 10

// Mailbox is the way to one held stream for who watches over it: events for its
// client alone, other channels, the end. Streams that nobody watches over have nothing
// of this but a nil pointer. Its methods may be called from any goroutine, also before
// the stream is held.
type Mailbox struct {
	full atomic.Bool // there is something for the stream, which looks here first

	mu       sync.Mutex // wake and identify are not called while held
	wake     func()     // has the holder fill; nil before the stream is held
	identify func(*Who) // says whose it is; the same
	mail     mail
	closed   bool
}

// mail is what waits for the stream.
type mail struct {
	events []byte // whole events, written between others
	move   *Move
	end    Reason // at once
}

// Move has a stream go on with other channels.
type Move struct {
	// Follow returns the cursor to go on with, made for the holder's group, from where
	// the stream stands (channels.Continued). It is called once, by a goroutine of
	// the holder, which it must not block, and does not keep last. If it fails, the
	// stream ends.
	Follow func(last *channels.Cursor) (*channels.Cursor, error)
	// Filters are the stream's from then on; nil: none. They rewrite only if those
	// before did.
	Filters *filter.Set
	// Dropped, unless nil, is called if Follow never will be. It must not block.
	Dropped func()
}

// drop says that nothing comes of it. to may be nil.
func (to *Move) drop() {
	if to != nil && to.Dropped != nil {
		to.Dropped()
	}
}

// Say has whole events written to the stream as soon as it is between two others:
// before what it has not been sent yet, for they are no part of its channels. They
// must have no id. It returns false if the stream has ended, or what waits for it
// would be too much. Only event streams get them. The mailbox keeps no part of
// events.
func (m *Mailbox) Say(events []byte) bool {
	return m.put(func(waiting *mail) bool {
		if len(waiting.events)+len(events) > maxMail {
			return false
		}
		waiting.events = append(waiting.events, events...)
		return true
	})
}

// Move has the stream go on with other channels; if it is called again before that,
// the last one counts. A stream with a Link keeps its channels: it drops it. It
// returns false, and drops it, if the stream has ended.
func (m *Mailbox) Move(to Move) bool {
	before := (*Move)(nil)
	ok := m.put(func(waiting *mail) bool { before, waiting.move = waiting.move, &to; return true })
	if before.drop(); !ok {
		to.drop()
	}
	return ok
}

// End ends the stream as reason says, without what it has not been sent. The first
// reason counts.
func (m *Mailbox) End(reason Reason) {
	m.put(func(waiting *mail) bool {
		if waiting.end == "" {
			waiting.end = reason
		}
		return true
	})
}

// Rename says that the client of a held stream is who, from now on.
func (m *Mailbox) Rename(who *Who) {
	m.mu.Lock()
	identify := m.identify
	m.mu.Unlock()
	if identify != nil {
		identify(who)
	}
}

// put puts something into the mailbox and has the stream look.
func (m *Mailbox) put(what func(*mail) bool) bool {
	m.mu.Lock()
	ok := !m.closed && what(&m.mail)
	if ok {
		m.full.Store(true)
	}
	wake := m.wake
	m.mu.Unlock()
	if ok && wake != nil {
		wake()
	}
	return ok
}

// bind says what identifies the stream's client and what wakes the holder, which looks
// at a new stream by itself.
func (m *Mailbox) bind(identify func(*Who), wake func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.identify, m.wake = identify, wake
}

// collect takes what there is; events only if they may be written, and not beside a
// Move, after which they come.
func (m *Mailbox) collect(events bool) mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	got := m.mail
	m.mail = mail{}
	if !events || got.move != nil {
		m.mail.events, got.events = got.events, nil
	}
	m.full.Store(len(m.mail.events) > 0)
	return got
}

// close lets go of everything, as the stream has ended.
func (m *Mailbox) close() {
	m.mu.Lock()
	dropped := m.mail.move
	m.closed, m.mail = true, mail{}
	m.mu.Unlock()
	dropped.drop()
}

// addressed does what the mailbox asks for before the stream reads on. It reports
// false if that is nothing.
func (f *Feed) addressed(b *Batch) (step Step, why Reason, ok bool) {
	if f.mailbox == nil || !f.mailbox.full.Load() {
		return 0, "", false
	}
	got := f.mailbox.collect(f.mayInsert())
	switch {
	case got.end != "":
		got.move.drop()
		step, why = f.bye(b, got.end)
		return step, why, true
	case got.move != nil && f.link != nil:
		got.move.drop()
		return Again, "", true
	case got.move != nil:
		step, why = f.move(b, got.move)
		return step, why, true
	case len(got.events) > 0 && f.terms.events:
		b.tail = f.terms.frame(b.tail[:0], got.events)
		b.kind, b.out = ofOwn, b.tail
		return Write, "", true
	}
	return 0, "", false
}

// move goes on with another cursor.
func (f *Feed) move(b *Batch, to *Move) (Step, Reason) {
	cursor, err := to.Follow(f.cursor)
	if err != nil {
		return f.bye(b, ReasonShutdown)
	}
	f.cursor.Close()
	f.cursor = cursor
	to.Filters.GoOn(f.filters)
	f.filters.Closed()
	f.filters = to.Filters
	f.filters.Opened()
	return Moved, ""
}
