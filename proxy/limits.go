package proxy

import (
	"errors"
	"net/http"
	"time"
)

// Limits hold back what comes faster than the node or its origins should take
// it, as when all clients come back after an outage. The limit on requests at
// once with an origin is Route.OriginRequests.
//
// Who is over a limit waits in its queue, first come first served, and leaves it
// when the client leaves; net/http notices that only where the request has no
// body. Who finds the queue full, or waits too long, is told to come back.
type Limits struct {
	// NewStreams is how many streams may begin per second: what asks for an
	// event stream, before the origin is asked, and any other stream when the
	// origin has said that it is one. 0: any number.
	NewStreams int
	// Burst is how many may begin at once after a pause. 0: NewStreams.
	Burst int
	// Queue is how many requests may wait at each limit. 0: none waits.
	Queue int
	// Patience is how long each may wait there.
	Patience time.Duration
}

// queue returns an empty queue.
func (l *Limits) queue(counts *queueCounts) queue {
	return queue{length: l.Queue, patience: l.Patience, counts: counts}
}

// newPace returns the pace of new streams, nil for none.
func (l *Limits) newPace(m *Metrics) *pace {
	return newPace(l.NewStreams, or(l.Burst, l.NewStreams), l, m.queues.at(limitNewStreams, allRoutes))
}

// refuseEarly refuses what need not bother the origin.
func (h *Handler) refuseEarly(x *exchange, r *http.Request) *failure {
	if f := h.tooLong(x, r); f != nil {
		return f
	}
	if x.tenure != nil {
		return nil // it is held already
	}
	if f := h.crowded(r); f != nil {
		return f
	}
	return h.beginEvents(x, r)
}

// beginEvents is begin for what asks for an event stream, which need not bother
// the origin before.
func (h *Handler) beginEvents(x *exchange, r *http.Request) *failure {
	if h.newStreams == nil || !wantsEvents(r) {
		return nil
	}
	return h.begin(x, r)
}

// begin waits until a stream may begin. It does so once for an exchange.
func (h *Handler) begin(x *exchange, r *http.Request) *failure {
	if h.newStreams == nil || x.begun {
		return nil
	}
	x.begun = true
	return heldBack(TooManyNewStreams, h.newStreams.enter(r.Context()))
}

// heldBack tells why a gate or a pace has let nobody through: its queue, for
// which reason stands, or the client's leaving. It is nil if err is.
func heldBack(reason Reason, err error) *failure {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errQueueFull), errors.Is(err, errWaitOver):
		return &failure{reason, err}
	default:
		return &failure{ClientGone, err}
	}
}
