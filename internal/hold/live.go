package hold

import (
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/wheel"
)

// live is a stream of Goroutines from the moment that Hold has accepted it.
//
// Whoever has its turn (see Kick) runs deliver and is alone in using the feed
// and writing. Everybody else leaves a note (ending, pulse, cut) and
// kicks.
type live struct {
	// Fixed after newLive.
	holder  *Goroutines
	deliver func() // l.run; kept because `go l.run()` would allocate

	// Fixed after begin.
	out outlet

	// Owned by who has the turn.
	feed Feed
	why  Reason // set by finish

	// Set by any goroutine.
	turn   atomic.Uint32          // idle, running or again
	ending atomic.Pointer[Reason] // see End; the first wins, or one that is AtOnce
	cut    atomic.Pointer[Reason] // end now, whatever is left; the first wins
	pulse  atomic.Bool            // a keep-alive is due
	asked  inquiries              // about what it is doing
	wrote  atomic.Int64           // when last, in nanoseconds after holder.start

	seat  Seat
	timer wheel.Timer
}

// outlet is where the bytes of a stream go.
type outlet interface {
	// write writes p, framed, and returns when the system has taken all of
	// it. Who has the turn calls it. It gives up when maxPiece bytes take
	// longer than the write timeout.
	write(p []byte) error
	// blame tells why write failed.
	blame(err error) Reason
	// finish ends the response, whose body is complete if clean. It is the
	// last call of who has the turn. The outlet calls live.gone when nothing
	// of it is left, which may be later.
	finish(clean bool)
	// cut makes a write that is under way fail. Any goroutine may call it, any
	// number of times.
	cut()
}

// The values of live.turn.
const (
	idle    uint32 = iota
	running        // a goroutine has the turn
	again          // the same, and it must look once more before it goes
)

// newLive prepares a stream that has the turn and nowhere to write yet.
func (h *Goroutines) newLive(s *Stream, f Framing) *live {
	l := &live{holder: h, feed: h.feeds.New(s, f)}
	l.deliver = l.run
	l.turn.Store(running)
	l.seat.waiter = l
	l.seat.ticket.Note(s.Client)
	return l
}

// begin starts delivering to out.
func (l *live) begin(out outlet) {
	l.out = out
	l.wrote.Store(int64(time.Since(l.holder.start)))
	l.feed.Open()
	if l.feed.Reachable() {
		l.feed.Bind(func(who *Who) { l.holder.registry.Identify(&l.seat.ticket, who) }, l.Kick)
	}
	l.holder.group.attach(l.feed.Logs(), &l.seat)
	l.holder.registry.Enter(&l.seat.ticket, l)
	if wait := l.feed.KeepAliveAfter(); wait > 0 {
		l.holder.wheel.Arm(&l.timer, l, wait)
	}
	go l.deliver()
}

// Kick has the stream look for something to do. It implements Waiter.
func (l *live) Kick() {
	for {
		switch l.turn.Load() {
		case idle:
			if l.turn.CompareAndSwap(idle, running) {
				go l.deliver()
				return
			}
		case running:
			if l.turn.CompareAndSwap(running, again) {
				return
			}
		default:
			return
		}
	}
}

// End ends the stream cleanly when everything published until then is
// written, or at once if the reason says so. It implements Waiter.
func (l *live) End(reason Reason) {
	if !l.ending.CompareAndSwap(nil, &reason) && reason.AtOnce() {
		l.ending.Store(&reason)
	}
	l.Kick()
}

// CutOff ends the stream at once. It implements Heir.
func (l *live) CutOff(reason Reason) {
	l.cut.CompareAndSwap(nil, &reason)
	l.out.cut()
	l.Kick()
}

// Labels implements Labelled.
func (l *live) Labels() Labels { return l.feed.Labels() }

// Describe implements Describer.
func (l *live) Describe(tell func(Facts)) {
	l.asked.add(tell)
	l.Kick()
}

// Expire asks for a keep-alive when one is due. It implements wheel.Expirer.
func (l *live) Expire(now time.Time) time.Duration {
	quiet := now.Sub(l.holder.start) - time.Duration(l.wrote.Load())
	due, again := l.feed.Beat(quiet)
	if due {
		l.pulse.Store(true)
		l.Kick()
	}
	return again
}

// refused reports whether the stream may get nothing more.
func (l *live) refused() bool {
	reason := l.ending.Load()
	return reason != nil && reason.AtOnce()
}

// finish ends the response. Who has the turn calls it and keeps the turn for
// good, so nobody delivers any more.
func (l *live) finish(reason Reason, clean bool) {
	l.why = reason
	l.holder.wheel.Disarm(&l.timer)
	l.holder.group.detach(&l.seat)
	l.feed.Close()
	l.out.finish(clean)
}

// gone is the outlet's last word: the connection is closed.
func (l *live) gone() {
	l.feed.Ended(l.why)
	l.holder.registry.Leave(&l.seat.ticket)
}

// hijack takes a connection that cannot be claimed: TLS must not be closed
// before it is used, and other listeners' connections are not a Conn.
func (l *live) hijack(control *http.ResponseController) error {
	conn, buffered, err := control.Hijack()
	if err != nil {
		return err
	}
	l.adopt(conn, buffered.Reader.Buffered())
	return nil
}

// Inherit begins the stream on a connection that it has claimed. It
// implements Heir.
func (l *live) Inherit(conn net.Conn) { l.adopt(conn, 0) }

// serve holds an HTTP/2 stream in its handler, which is to wait until it has
// ended.
func (l *live) serve(w http.ResponseWriter, r *http.Request) (wait func()) {
	f := newFrames(l, w, r)
	l.begin(f)
	return f.wait
}
