package websocket

import (
	"bytes"
	"errors"
	"sync"

	"github.com/holdfast-proxy/holdfast/internal/woh"
)

// maxQueued is how much content of the client waits to be sent to the origin
// before the client has to wait, and how much one request has; a single message
// may be longer.
const maxQueued = 200_000

// maxEvents is how many events wait, however small they are.
const maxEvents = 1000

var (
	errAccepted = errors.New("Content-Bytes-Accepted is more than was offered")
	errStuck    = errors.New("Content-Bytes-Accepted is 0, and there is no room for more")
	errNotClose = errors.New("Content-Bytes-Accepted leaves out the CLOSE event")
)

// queue is what the client has said and the origin has not accepted yet. One
// goroutine pushes, another offers and accepts.
type queue struct {
	news chan struct{} // capacity 1, never closed: there is more than before
	room chan struct{} // capacity 1, never closed: there is less than before

	mu      sync.Mutex
	events  []woh.Event
	size    int  // of their content
	blocked bool // push waits for room
	offered bool // the origin is being told
}

func newQueue() *queue {
	return &queue{news: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

// push adds e, whose content it copies, when there is room for it. It gives up
// when over is closed.
func (q *queue) push(e woh.Event, over <-chan struct{}) {
	e.Content = bytes.Clone(e.Content)
	for !q.add(e) {
		select {
		case <-q.room:
		case <-over:
			return
		}
	}
}

// add is push if there is room. If there is none and the origin has already left over
// what waits, it must be asked again: there will be no other news.
func (q *queue) add(e woh.Event) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	full := len(q.events) >= maxEvents || q.size > 0 && q.size+len(e.Content) > maxQueued
	if q.blocked = full && e.Type != woh.Close; q.blocked {
		if !q.offered {
			ring(q.news)
		}
		return false
	}
	q.events = append(q.events, e)
	q.size += len(e.Content)
	ring(q.news)
	return true
}

// ring notes that there is something to look at.
func ring(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// offer is a request's events.
type offer struct {
	body   []byte
	events int
	size   int         // of their content
	last   []woh.Event // the CLOSE event, if it is among them
}

// offer lays out everything that waits. It is no news any more.
func (q *queue) offer() offer {
	q.mu.Lock()
	defer q.mu.Unlock()
	select {
	case <-q.news:
	default:
	}
	q.offered = true
	o := offer{events: len(q.events), size: q.size}
	for i, e := range q.events {
		o.body = woh.Append(o.body, e)
		if e.Type == woh.Close {
			o.last = q.events[i:]
		}
	}
	return o
}

// accept takes away what the origin has accepted: n bytes of content of o, or all
// of o if n is negative. again reports that the rest is to be offered at once, as
// nothing will be added to it.
func (q *queue) accept(o offer, n int) (again bool, err error) {
	if n < 0 {
		n = o.size
	}
	if n > o.size {
		return false, errAccepted
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.offered = false
	left := o.events
	for taken := n; left > 0; left-- {
		e := &q.events[0]
		if taken < len(e.Content) {
			e.Content = e.Content[taken:]
			break
		}
		taken -= len(e.Content)
		q.events = q.events[1:]
	}
	q.size -= n
	some := n > 0 || left < o.events
	if some {
		ring(q.room)
	}
	switch {
	case left == 0:
		return false, nil
	case o.last != nil && left == 1:
		return false, errNotClose
	case !some && (o.last != nil || q.blocked):
		return false, errStuck
	}
	return o.last != nil, nil
}
