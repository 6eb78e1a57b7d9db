package engine

import (
	"net"

	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// post is what others ask of a loop.
type post struct {
	stream *stream
	do     errand
	why    hold.Reason      // of end and cut
	conn   net.Conn         // of adopt: who owns the descriptor; nil: the stream
	tell   func(hold.Facts) // of describe
}

type errand uint8

const (
	adopt errand = iota
	end
	cut
	look // whether there is something to do
	describe
)

// maxSpare is the largest inbox that is kept for the next time.
const maxSpare = 1024

// ring lets the loop look at what is new.
func (l *loop) ring() {
	select {
	case l.bell <- struct{}{}:
	default:
	}
}

// post gives the loop an errand. Any goroutine may call it.
func (l *loop) post(p post) {
	l.mu.Lock()
	l.posts = append(l.posts, p)
	l.mu.Unlock()
	l.ring()
}

// tell tells the loop what its sockets are ready for. The poller calls it.
func (l *loop) tell(events []event) {
	l.mu.Lock()
	l.events = append(l.events, events...)
	l.mu.Unlock()
	l.ring()
}

// open empties the inbox, and reports whether there are new streams. What has been asked
// of these meanwhile must be done before they are sent anything: who is known by his
// channels only is asked for them as he comes (hold.Guard).
func (l *loop) open() (adopted bool) {
	l.mu.Lock()
	posts, events := l.posts, l.events
	l.posts, l.events = l.sparePosts, l.spareEvents
	l.mu.Unlock()
	for i := range posts {
		l.errand(posts[i])
		adopted = adopted || posts[i].do == adopt
	}
	for i := range events {
		l.handle(events[i])
	}
	l.sparePosts, l.spareEvents = emptied(posts), emptied(events)
	return adopted
}

// emptied returns s without its elements, or nothing if it has grown large.
func emptied[T any](s []T) []T {
	if cap(s) > maxSpare {
		return nil
	}
	clear(s)
	return s[:0]
}

// errand runs an errand.
func (l *loop) errand(p post) {
	switch {
	case p.do == adopt:
		l.adopt(p.stream, p.conn)
	case p.stream.phase == lingering && p.do == cut:
		l.gone(p.stream)
	case p.stream.phase >= lingering:
	case p.do == cut:
		l.sever(p.stream, p.why)
	case p.do == look:
		l.makeReady(p.stream)
	case p.do == describe:
		p.tell(p.stream.feed.Facts())
	default:
		l.endAtHead(p.stream, p.why)
	}
}
