package hold

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// errTaken is what net/http gets when it writes to a connection that has been
// taken over. It makes net/http close the connection after the response.
var errTaken = errors.New("connection taken over")

// Listen returns a listener whose connections are *Conn. TLS goes on top of it.
func Listen(inner net.Listener) net.Listener { return listener{inner} }

type listener struct{ net.Listener }

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &Conn{Conn: c}, nil
}

// Conn is a connection that a stream can take over from net/http. Until then
// it is the connection it wraps.
//
// A stream claims it while its handler runs. From then on net/http
// can no longer write; its end of the response goes nowhere. When it has put
// its buffers back into its pools, it closes the connection: that is when the
// stream adopts it. Hijack would do too, but leaves those 10 KiB of buffers
// to the garbage collector.
type Conn struct {
	net.Conn

	phrase atomic.Pointer[phrase] // for the next status line

	held    atomic.Pointer[Heir] // who has claimed it
	adopted atomic.Bool          // net/http has let go of it
	reading atomic.Int32         // calls of Read under way
}

// Heir is who claims a connection.
type Heir interface {
	// Inherit is called once, when net/http has let go of the connection. conn
	// is the Conn's Inner.
	Inherit(conn net.Conn)
	// CutOff is called after that if the server was closed meanwhile.
	CutOff(reason Reason)
}

// Inner returns the connection that c is wrapped around or, if that has a method
// Beneath as a listener below Listen may have given it, what carries its bytes.
func (c *Conn) Inner() net.Conn {
	inner := c.Conn
	for {
		over, ok := inner.(interface{ Beneath() net.Conn })
		if !ok {
			return inner
		}
		inner = over.Beneath()
	}
}

// Replace puts inner in the place of the connection that c is wrapped around,
// and returns what Inner was before. It is for who has hijacked a tls.Conn over c,
// which cannot be given another connection itself. Nobody may use c meanwhile.
func (c *Conn) Replace(inner net.Conn) (before net.Conn) {
	before = c.Inner()
	c.Conn = inner
	return before
}

// Claim claims the connection for h, which gets it when net/http closes it,
// at the latest after the handler has returned.
func (c *Conn) Claim(h Heir) error {
	if !c.held.CompareAndSwap(nil, &h) {
		return errTaken
	}
	return nil
}

// Read reads for net/http, or reports the end once net/http has let go.
func (c *Conn) Read(p []byte) (int, error) {
	c.reading.Add(1)
	defer c.reading.Add(-1)
	if c.adopted.Load() {
		return 0, io.EOF
	}
	return c.Conn.Read(p)
}

// Write writes for net/http, until the connection is claimed.
func (c *Conn) Write(p []byte) (int, error) {
	if c.held.Load() != nil {
		return 0, errTaken
	}
	if ph := c.phrase.Load(); ph != nil {
		if out, ok := ph.in(p); ok {
			c.phrase.Store(nil)
			if _, err := c.Conn.Write(out); err != nil {
				return 0, err
			}
			return len(p), nil
		}
	}
	return c.Conn.Write(p)
}

// ReadFrom is Write for io.Copy. It keeps the wrapped connection's way of
// copying between descriptors.
func (c *Conn) ReadFrom(r io.Reader) (int64, error) {
	if c.held.Load() != nil {
		return 0, errTaken
	}
	if inner, ok := c.Inner().(io.ReaderFrom); ok {
		return inner.ReadFrom(r)
	}
	return io.Copy(struct{ io.Writer }{c.Conn}, r)
}

// CloseWrite ends the sending half, unless the connection is claimed.
func (c *Conn) CloseWrite() error {
	if c.held.Load() != nil {
		return nil
	}
	if inner, ok := c.Inner().(closeWriter); ok {
		return inner.CloseWrite()
	}
	return errors.ErrUnsupported
}

type closeWriter interface{ CloseWrite() error }

// Close closes the connection, or hands it to the stream that has claimed it.
//
// net/http calls it when it has finished and reads no more. If a Read is under
// way all the same, it is http.Server.Close that wants all connections gone.
func (c *Conn) Close() error {
	heir := c.held.Load()
	if heir == nil {
		return c.Conn.Close()
	}
	if c.adopted.Swap(true) {
		return nil
	}
	foreign := c.reading.Load() > 0
	(*heir).Inherit(c.Inner())
	if foreign {
		(*heir).CutOff(ReasonShutdown)
	}
	return nil
}

// SetDeadline, SetReadDeadline and SetWriteDeadline do nothing once the stream
// has adopted the connection. Before that they must work even if it is
// claimed: net/http ends its own reading with them.
func (c *Conn) SetDeadline(t time.Time) error {
	if c.adopted.Load() {
		return nil
	}
	return c.Conn.SetDeadline(t)
}

// SetReadDeadline: see SetDeadline.
func (c *Conn) SetReadDeadline(t time.Time) error {
	if c.adopted.Load() {
		return nil
	}
	return c.Conn.SetReadDeadline(t)
}

// SetWriteDeadline: see SetDeadline.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	if c.adopted.Load() {
		return nil
	}
	return c.Conn.SetWriteDeadline(t)
}

type connKey struct{}

// ConnContext is the http.Server's ConnContext: it lets Hold find the
// connection of a request. It looks under a *tls.Conn too.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	if conn, ok := beneath(c).(*Conn); ok {
		return context.WithValue(ctx, connKey{}, conn)
	}
	return ctx
}

func connOf(ctx context.Context) *Conn {
	c, _ := ctx.Value(connKey{}).(*Conn)
	return c
}

// ConnOf returns the connection that r came over in the clear, nil if that is
// not one of Listen's. Hold may claim it.
func ConnOf(r *http.Request) *Conn {
	if r.TLS != nil {
		return nil
	}
	return Beneath(r)
}

// Beneath returns the connection that r came over or, if it came over TLS, that
// this is spoken on. It is nil if that is not one of Listen's.
func Beneath(r *http.Request) *Conn { return connOf(r.Context()) }

// beneath returns what c carries its bytes over, c itself if it is not TLS.
func beneath(c net.Conn) net.Conn {
	if t, ok := c.(interface{ NetConn() net.Conn }); ok {
		return t.NetConn()
	}
	return c
}
