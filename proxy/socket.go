package proxy

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/websocket"
)

// WebSocket says how a route's WebSockets are held. It says nothing about those
// whose origin does not speak GRIP on them: they are tunnels.
type WebSocket struct {
	// MaxMessage bounds a message in either direction, in bytes. 0: 1 MiB.
	MaxMessage int64
	// Compression takes up the permessage-deflate that clients offer.
	Compression bool
}

const defaultMaxMessage = 1 << 20

// errBodyOfHandshake: what comes after the handshake is frames. The transport would go
// on reading a body from the connection, and sending it, beside who holds the WebSocket.
var errBodyOfHandshake = errors.New("the handshake has a body")

// asksSocket reports whether r is the handshake of a WebSocket (RFC 6455 §4.1).
func asksSocket(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// switchProtocols decides what becomes of an answer whose body is a connection:
// a tunnel, or a WebSocket with GRIP.
func (h *Handler) switchProtocols(x *exchange, resp *http.Response) error {
	if h.holding.Hub != nil && !x.chained && asksSocket(resp.Request) {
		agreed, err := grip.ParseSocket(resp.Header)
		if err != nil {
			return &failure{BadInstruction, err}
		}
		if agreed != nil {
			answer := *resp
			x.held, x.socket, resp.Body = &answer, agreed, http.NoBody // ReverseProxy closes it
			return errHeld
		}
	}
	x.finishHeader(resp)
	if f := h.openTunnel(x); f != nil {
		return f
	}
	return nil
}

// holdSocket relays a WebSocket whose origin has taken up GRIP's extension, and
// follows its instructions. It returns when the WebSocket has ended.
func (h *Handler) holdSocket(x *exchange, r *http.Request) *failure {
	origin, ok := x.held.Body.(io.ReadWriteCloser)
	if !ok || !strings.EqualFold(x.held.Header.Get("Upgrade"), "websocket") {
		return &failure{OriginBroken, errors.New("answer switches to another protocol than it was asked for")}
	}
	if f := h.admit(x, r, x.implicit()); f != nil {
		return f
	}
	grip.StripExtensions(x.held.Header)
	s, f := h.openSocket(x, r, x.held)
	if f != nil {
		h.holding.Holder.Release()
		return f
	}
	h.socketEnded(x, r, s.Direct(origin, x.socket))
	return nil
}

// openSocket answers the client's handshake with the header of resp, and takes its
// connection over.
func (h *Handler) openSocket(x *exchange, r *http.Request, resp *http.Response) (*websocket.Session, *failure) {
	if f := h.turnAwayFrom(x.route, nil, x.followed(x.implicit())); f != nil {
		return nil, f
	}
	expires, err := x.socketExpires(resp.Header)
	if err != nil {
		return nil, &failure{BadInstruction, err}
	}
	implicit, f := h.implicitChannels(x, r)
	if f != nil {
		return nil, f
	}
	x.finishHeader(resp)
	deflate := x.route.WebSocket.Compression && !x.chained && grip.OffersDeflate(r.Header)
	if deflate {
		grip.AcceptDeflate(resp.Header)
	}
	conn, client, f := h.takeClient(x, r, resp.Header)
	if f != nil {
		leaveChannels(implicit)
		return nil, f
	}
	return websocket.New(websocket.Options{
		Client:        conn,
		Reader:        client,
		Deflate:       deflate,
		Holder:        h.holding.Holder,
		For:           h.clientOf(x, r, nil),
		Route:         x.route.Name,
		ChannelPrefix: x.route.ChannelPrefix,
		Implicit:      implicit,
		Follow:        h.followerFor(x.route),
		Quota:         socketShare{x.share},
		MaxChannels:   h.holding.MaxChannels,
		MaxMessage:    x.route.WebSocket.MaxMessage,
		Expires:       expires,
		WriteTimeout:  x.route.WriteTimeout,
		Filters:       x.route.filters,
		Counts:        h.holding.Counts.Sockets(x.route.Name),
		Ignored:       x.route.ignored,
		Log:           h.log,
	}), nil
}

// socketExpires is for how long a WebSocket's client is let in, by the answer to its
// handshake. That of a proxy in front is up to that proxy.
func (x *exchange) socketExpires(h http.Header) (time.Duration, error) {
	if x.chained {
		return 0, nil
	}
	return grip.ParseExpires(h)
}

// takeClient takes the client's connection over, and switches it to WebSocket with
// the header given.
func (h *Handler) takeClient(x *exchange, r *http.Request, header http.Header) (net.Conn, *bufio.Reader, *failure) {
	conn, rw, err := x.w.take()
	if err != nil {
		return nil, nil, &failure{ClientGone, err}
	}
	x.taken = true
	h.holding.SocketOptions.Limit(r, x.route.WriteTimeout)
	_ = conn.SetDeadline(time.Time{}) // net/http's
	var answer bytes.Buffer
	answer.WriteString("HTTP/1.1 101 Switching Protocols\r\n")
	_ = header.Write(&answer) // a buffer takes everything
	answer.WriteString("\r\n")
	_ = conn.SetWriteDeadline(time.Now().Add(x.route.WriteTimeout))
	if _, err := conn.Write(answer.Bytes()); err != nil {
		conn.Close()
		return nil, nil, &failure{ClientGone, err}
	}
	return conn, rw.Reader, nil
}

// socketEnded tells of an end that was somebody's fault.
func (h *Handler) socketEnded(x *exchange, r *http.Request, end websocket.Ending) {
	if end.Err == nil {
		return
	}
	reason := OriginCut
	switch end.Reason {
	case websocket.ReasonBadOrigin:
		reason = BadInstruction
	case websocket.ReasonTooBig:
		reason = BodyTooLarge
	case websocket.ReasonHistory:
		reason = HistoryUnavailable
	}
	h.note(x, r, failureOf(end.Err, reason))
}
