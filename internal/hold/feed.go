package hold

import (
	"time"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/filter"
	"github.com/holdfast-proxy/holdfast/internal/sse"
)

// Feed is what a held stream has to say: it reads the cursor and lays out the
// bytes to write, keep-alives, gap events and the end included. It knows no
// connection and does not block. One goroutine at a time may use it.
//
//	idle: step, why := f.Fill(b, due)
//	      AtHead  wait for news, or for something to become due
//	      Write   write b.Bytes(), say so with Sent, Fill again
//	      Finish  write b.Bytes(), end the response
//	      Moved   follow f.Logs instead, Fill again
type Feed struct {
	// Fixed after New.
	terms    *terms
	cursor   *channels.Cursor
	gapEvent func(dst []byte, g *channels.Gap) []byte
	link     *Link        // nil for most
	mailbox  *Mailbox     // nil for most
	told     func(Reason) // Stream.Ended
	filters  *filter.Set  // nil for most
	since    int64        // when it began, UnixNano; fixed after Open

	state   sse.State
	closing bool // a close action has come up
}

// Due is what the stream has to do when its cursor is at the head.
type Due struct {
	End       Reason // end, unless empty
	KeepAlive bool
}

// Step is what to do after Fill.
type Step uint8

const (
	// AtHead: there is nothing to write.
	AtHead Step = iota
	// Write: there is something to write, and perhaps more after it.
	Write
	// Finish: what there is to write, if anything, is the end of the body.
	Finish
	// Moved: there is nothing to write, but the stream follows other logs now (see
	// Logs). Fill again.
	Moved
	// Again: there is nothing to write. Fill again.
	Again
)

// New makes the feed of s, which is the caller's to change again.
func (fs *Feeds) New(s *Stream, f Framing) Feed {
	feed := Feed{
		terms:    fs.terms(s, f),
		cursor:   s.Cursor,
		gapEvent: s.GapEvent,
		link:     s.Link,
		mailbox:  s.Mailbox,
		told:     s.Ended,
		filters:  s.Filters,
		state:    s.State,
	}
	if feed.link != nil {
		feed.link.keep.Store(feed.terms.keep)
	}
	return feed
}

// Open counts the stream in. It is called before the first Fill.
func (f *Feed) Open() {
	f.since = time.Now().UnixNano()
	f.terms.count.opened.Inc()
	f.terms.count.current.Inc()
	f.filters.Opened()
}

// Logs returns the logs that the cursor follows.
func (f *Feed) Logs() []*channels.Log { return f.cursor.Logs() }

// WriteTimeout is how long a write may take.
func (f *Feed) WriteTimeout() time.Duration { return f.terms.writeTimeout }

// OwnKeepAlive reports whether the stream has a keep-alive of its own.
func (f *Feed) OwnKeepAlive() bool { return f.keep() != nil }

// Close leaves the channels. Nothing may be filled any more.
func (f *Feed) Close() {
	f.cursor.Close()
	if f.link != nil {
		f.link.close()
	}
	if f.mailbox != nil {
		f.mailbox.close()
	}
}

// Bind says what identifies the client (Registry.Identify), and what has the holder call
// Fill; both from any goroutine. It is called before the first Fill, and only for
// streams that are Reachable.
func (f *Feed) Bind(identify func(*Who), wake func()) {
	if f.link != nil {
		f.link.bind(wake)
	}
	if f.mailbox != nil {
		f.mailbox.bind(identify, wake)
	}
}

// Reachable reports whether others than publishers have something to say to the
// stream: it has a link or a mailbox.
func (f *Feed) Reachable() bool { return f.link != nil || f.mailbox != nil }

// Labels are the stream's. Any goroutine may call it.
func (f *Feed) Labels() Labels { return Labels{f.terms.route, f.terms.framing.String()} }

// Facts are what the stream is doing.
func (f *Feed) Facts() Facts {
	logs := f.cursor.Logs()
	facts := Facts{Channels: make([]string, len(logs)), Behind: f.cursor.Behind()}
	for i, l := range logs {
		facts.Channels[i] = l.Name()
	}
	return facts
}

// Ended counts the stream out. It is called when the connection is gone.
func (f *Feed) Ended(why Reason) {
	f.terms.count.current.Dec()
	f.terms.count.ended(why)
	f.filters.Closed()
	if e := f.terms.log.Check(zap.DebugLevel, "stream ended"); e != nil {
		e.Write(zap.String("route", f.terms.route), zap.String("reason", string(why)),
			zap.Stringer("protocol", f.terms.framing), zap.Duration("after", time.Since(time.Unix(0, f.since))))
	}
	if f.told != nil {
		f.told(why)
	}
}
