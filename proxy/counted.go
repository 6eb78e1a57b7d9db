package proxy

import (
	"github.com/holdfast-proxy/holdfast/internal/arrival"
	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// counted is what a held stream is counted for, beyond the life of the request that
// began it. The zero value is for nothing.
type counted struct {
	share *share         // of the quotas; nil: none
	place *arrival.Place // of its connection; nil: none
}

// takeCounted has the exchange's stream take along what it is counted for. On HTTP/2
// the connection's place is not among it: that goes on without the stream.
func (x *exchange) takeCounted() counted {
	c := counted{share: x.share}
	x.share = nil
	if hold.FramingOf(x.asked) == hold.Frames {
		return c
	}
	if beneath := hold.Beneath(x.asked); beneath != nil {
		if conn, ok := beneath.Conn.(*arrival.Conn); ok {
			c.place = conn.Detach()
		}
	}
	return c
}

// giveBack is called once, when the stream has ended.
func (c counted) giveBack() {
	c.share.giveBack()
	c.place.Leave()
}

// givenBackAfter returns ended with giveBack after it. ended may be nil, and then the
// result is if there is nothing to give back.
func (c counted) givenBackAfter(ended func(hold.Reason)) func(hold.Reason) {
	switch {
	case c == counted{}:
		return ended
	case ended == nil:
		return func(hold.Reason) { c.giveBack() }
	}
	return func(reason hold.Reason) {
		ended(reason)
		c.giveBack()
	}
}
