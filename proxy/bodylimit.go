package proxy

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Bodies bound the bodies of requests. They pass through as they come, so a long one
// costs no memory; and as an upload may be long, no bound is on its time as a whole.
type Bodies struct {
	// Max is how long one may be, in bytes, unless the route says otherwise. 0: any
	// length.
	Max int64
	// Patience is how long a client may send nothing of a body that the origin waits
	// for, until it begins to answer: from then on the exchange may be a talk of any
	// length. 0: any time.
	Patience time.Duration
	// Rate is how many bytes per second a client must send of such a body, on
	// average and after Patience; what the origin does not take does not count. 0:
	// any number.
	Rate int64
}

// of are the bounds for a route.
func (b Bodies) of(rt *route) Bodies {
	b.Max = or(rt.MaxBody, b.Max)
	return b
}

// tooLong refuses a request that says that its body is longer than it may be.
func (h *Handler) tooLong(x *exchange, r *http.Request) *failure {
	most := h.bodies.of(x.route).Max
	if x.body == nil || most == 0 || r.ContentLength <= most {
		return nil
	}
	return &failure{RequestTooLarge, fmt.Errorf("body has %d bytes, at most %d are allowed", r.ContentLength, most)}
}

// bodyBounds keep a requestBody within Bodies. They are guarded by its mutex, but for
// what is fixed and what its reader owns.
type bodyBounds struct {
	Bodies // fixed

	// Owned by the goroutine that reads.
	came   int64         // bytes
	waited time.Duration // for them
	timer  *time.Timer   // of overdue; nil before the first Read

	waiting bool // for the client
}

// bound keeps b within bounds. It is called before the first Read. b may be nil.
func (b *requestBody) bound(bounds Bodies) {
	if b != nil {
		b.bounds.Bodies = bounds
	}
}

var errSlow = errors.New("body comes too slowly")

// readBounded reads src within the bounds, and no more than one byte over the limit.
func (b *requestBody) readBounded(p []byte) (int, error) {
	w := &b.bounds
	if w.Bodies == (Bodies{}) {
		return b.src.Read(p)
	}
	if room := w.Max - w.came + 1; w.Max > 0 && int64(len(p)) > room {
		p = p[:room]
	}
	begun := time.Now()
	b.await()
	n, err := b.src.Read(p)
	b.awaited()
	w.waited += time.Since(begun)
	w.came += int64(n)
	if w.Max > 0 && w.came > w.Max {
		return 0, &failure{RequestTooLarge, fmt.Errorf("body has more than the %d bytes that are allowed", w.Max)}
	}
	if f := b.exceeded(); f != nil && err != nil && err != io.EOF {
		err = f
	}
	return n, err
}

// await begins to wait for the client.
func (b *requestBody) await() {
	w := &b.bounds
	if w.Patience <= 0 {
		return
	}
	b.setWaiting(true)
	if d := w.allowance(); w.timer == nil {
		w.timer = time.AfterFunc(d, b.overdue)
	} else {
		w.timer.Reset(d)
	}
}

// awaited ends it.
func (b *requestBody) awaited() {
	if b.bounds.timer != nil {
		b.bounds.timer.Stop()
		b.setWaiting(false)
	}
}

func (b *requestBody) setWaiting(waiting bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bounds.waiting = waiting
}

// allowance is how long the next bytes may take, if that is positive. Who was fast may
// not rest for longer than others.
func (w *bodyBounds) allowance() time.Duration {
	if w.Rate <= 0 {
		return w.Patience
	}
	behind := w.waited.Seconds() - float64(w.came)/float64(w.Rate)
	if behind <= 0 {
		return w.Patience
	}
	return w.Patience - time.Duration(behind*float64(time.Second))
}

// overdue ends a Read that has waited for the client as long as it may, unless the
// origin has answered.
func (b *requestBody) overdue() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bounds.waiting && b.state == bodyReading && b.err == nil && b.unblock != nil {
		b.err = &failure{SlowRequest, errSlow}
		b.unblock()
	}
}

// exceeded returns the bound that the body has gone over, nil if it has not. b may be
// nil.
func (b *requestBody) exceeded() *failure {
	var f *failure
	errors.As(b.clientError(), &f)
	return f
}
