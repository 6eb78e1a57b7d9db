package websocket

import (
	"bufio"
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/filter"
	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// closeWait is how long the client has to answer a close frame, and the origin
// to answer the client's.
const closeWait = 5 * time.Second

// ErrInstruction is matched by errors of Options.Follow that are the origin's
// fault.
var ErrInstruction = errors.New("instruction cannot be followed")

var errNotUTF8 = errors.New("text message is not UTF-8")

// Options is what a session needs.
type Options struct {
	// Client is the connection, on which the handshake has been made, and Reader
	// reads it. The session owns them.
	Client net.Conn
	Reader *bufio.Reader
	// Deflate: permessage-deflate was agreed with the client, without context
	// takeover (RFC 7692).
	Deflate bool

	// Holder has admitted the session. The session gives the place back.
	Holder hold.Holder
	// For is who the client is, and Route the route's name.
	For   hold.Client
	Route string
	// ChannelPrefix is put before the names of channels that the origin uses.
	ChannelPrefix string
	// Implicit are channels that the client has whatever the origin says. The
	// session owns their cursors.
	Implicit []Implicit
	// Follow makes a cursor of the channel with this whole name, in form
	// wire.Message and with the holder's group. An error matches ErrInstruction, or
	// is one that passes.
	Follow func(ctx context.Context, name string) (*channels.Cursor, error)
	// Quota bounds what the client has of what many share, beside Implicit, for
	// which it is counted already. Nil: no bounds.
	Quota Quota
	// MaxChannels bounds the channels of the client.
	MaxChannels int
	// MaxMessage bounds a message of the client or the origin, in bytes.
	MaxMessage int64
	// Expires is for how long the client is let in. It is not asked for anything then,
	// but sent a close frame. 0: for as long as it stays.
	Expires time.Duration
	// WriteTimeout bounds a write to either side.
	WriteTimeout time.Duration
	// Filters is what its filters count and log with.
	Filters *filter.Route
	// Counts counts the session.
	Counts hold.Counts
	// Ignored counts messages of the origin that are for nobody.
	Ignored prometheus.Counter
	// Log gets a line at debug level.
	Log *zap.Logger
}

// Implicit is a channel that the client has whatever the origin says.
type Implicit struct {
	Channel string // the whole name
	Cursor  *channels.Cursor
}

// Session is one client's WebSocket.
type Session struct {
	// Fixed.
	Options
	origin origin
	out    *peer           // the client, for writing
	ctx    context.Context // ends with the session
	cancel context.CancelFunc

	// Owned by readClient.
	in       reader
	inflater inflater
	gone     chan struct{} // closed when nothing more comes from the client

	// Fixed before the parts run.
	seat *hold.Seat

	// Owned by the goroutine that reads the origin.
	who    *hold.Who
	sorter sorter
	relays bool // it has the client's turn, for a message under way

	// Each guards itself.
	feed   feed
	timers timers
	kicked chan struct{} // capacity 1, never closed: deliver should look
	asked  atomic.Pointer[hold.Reason]

	once   sync.Once
	ending Ending        // why it ended; fixed when over is closed
	over   chan struct{} // closed by finish
	cut    atomic.Bool   // without regard for the client

	detached atomic.Bool // the origin wants to hear and say nothing more
}

// origin is who the client talks to. Its methods but run are called from several
// goroutines.
type origin interface {
	// run does what the origin says, until end is called or it is detached.
	run()
	// take passes on what the client has sent: a part of a message, a ping or a
	// pong. It blocks while the origin takes no more.
	take(part) error
	// close passes on the client's close frame. If it returns false, there is
	// nobody to answer it.
	close(payload []byte) bool
	// refresh asks the origin whether there is anything new.
	refresh()
	// end says farewell and lets go of the origin, after a moment to answer it.
	// The session is over.
	end()
}

// New returns a session that has not begun.
func New(o Options) *Session {
	if o.Quota == nil {
		o.Quota = unbounded{}
	}
	s := &Session{
		Options: o,
		gone:    make(chan struct{}),
		kicked:  make(chan struct{}, 1),
		over:    make(chan struct{}),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.out = newPeer(s.writeClient)
	s.out.deflates = o.Deflate
	s.out.wrote.Store(time.Now().UnixNano())
	s.in = reader{src: o.Reader, side: ws.StateServerSide, limit: o.MaxMessage}
	if o.Deflate {
		s.in.side |= ws.StateExtended
	}
	s.inflater.limit = o.MaxMessage
	s.feed.route, s.feed.deflate = o.Filters, o.Deflate
	return s
}

// serve holds the WebSocket until it has ended, and lets go of everything.
func (s *Session) serve(o origin) Ending {
	s.origin = o
	s.Counts.Opened()
	s.who = s.For.Who
	s.seat = s.Holder.Attach(nil, s)
	if s.Expires > 0 {
		expiry := time.AfterFunc(s.Expires, func() { s.End(hold.ReasonExpired) })
		defer expiry.Stop()
	}
	for _, c := range s.Implicit {
		s.follow(&sub{name: c.Channel, implicit: true, cursor: c.Cursor}, nil)
	}
	var parts sync.WaitGroup
	parts.Go(s.readClient)
	parts.Go(o.run)
	parts.Go(s.deliver)
	<-s.over
	parts.Go(o.end)
	s.farewell()
	s.Client.Close()
	parts.Wait()
	s.feed.close(s.Holder)
	s.Holder.Detach(s.seat)
	s.Counts.Ended(s.ending.Reason)
	s.Log.Debug("websocket ended", zap.String("reason", string(s.ending.Reason)), zap.NamedError("cause", s.ending.Err))
	return s.ending
}

// finish ends the session, unless that was done before.
func (s *Session) finish(e Ending) {
	s.once.Do(func() {
		s.ending = e
		close(s.over)
		s.cancel()
	})
}

// isOver reports whether finish was called.
func (s *Session) isOver() bool { return s.ctx.Err() != nil }

// farewell sends the close frame and gives the client a moment to answer it. The
// answer of one that has broken the protocol cannot be read: it is to see that the
// connection has ended, and end its half.
func (s *Session) farewell() {
	if s.ending.code == codeNoFrame || s.cut.Load() {
		return
	}
	deadline := time.Now().Add(closeWait)
	s.Client.SetDeadline(deadline) // for who is stuck in a write, too
	if err := s.out.send(ws.OpClose, s.ending.body()); err != nil && !errors.Is(err, errClosing) {
		return
	}
	if half, ok := s.Client.(interface{ CloseWrite() error }); ok && s.ending.unreadable {
		_ = half.CloseWrite()
	}
	timer := time.NewTimer(closeWait)
	defer timer.Stop()
	select {
	case <-s.gone:
	case <-timer.C:
	}
}

// Kick implements hold.Waiter.
func (s *Session) Kick() {
	select {
	case s.kicked <- struct{}{}:
	default:
	}
}

// End implements hold.Waiter: the session ends when everything that is published
// has been sent, or at once if the reason says so.
func (s *Session) End(reason hold.Reason) {
	if reason.AtOnce() {
		s.finish(Ending{Reason: reason, code: codePolicy, text: string(reason)})
		return
	}
	s.asked.Store(&reason)
	s.Kick()
}

// Identity implements hold.Known.
func (s *Session) Identity() hold.Client { return s.For }

// Labels implements hold.Labelled.
func (s *Session) Labels() hold.Labels {
	return hold.Labels{Route: s.Route, Protocol: hold.Messages.String()}
}

// Describe implements hold.Describer.
func (s *Session) Describe(tell func(hold.Facts)) { tell(s.feed.facts()) }

// CutOff ends the session at once.
func (s *Session) CutOff(reason hold.Reason) {
	s.cut.Store(true)
	s.finish(Ending{Reason: reason, code: codeNoFrame})
	s.Client.Close()
}
