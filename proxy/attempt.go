package proxy

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"
)

// attempt is a request's way to one origin. The goroutine that asks owns it.
//
// http.Transport sends a request again by itself, as often as connections break that
// were idle before, if its method is safe or if it only has an Idempotency-Key. But
// again says what may be sent twice, so here the transport may take another
// connection only while nothing was written.
type attempt struct {
	anew   bool        // it goes out on a connection of its own
	sought bool        // a connection was asked for: the request is one that can be sent
	conn   *originConn // the last one that it got; nil: none, or one with HTTP/2
	before uint64      // conn.writes at that time
	framed bool        // the last one was one with HTTP/2
}

// sent reports whether an origin may have something of the request.
func (a *attempt) sent() bool { return a.conn != nil && a.conn.writes.Load() != a.before }

// got notes the connection on which the request goes out. One with HTTP/2 that is there
// already is had without beforeConnection.
func (a *attempt) got(conn *originConn) {
	a.sought, a.framed = true, conn == nil
	if a.conn = conn; conn != nil {
		a.before = conn.writes.Load()
	}
}

// follow begins an attempt. In the context that it returns it is noted in x, and x's
// body is told, which connection the request goes out on.
func (x *exchange) follow(ctx context.Context, anew bool) context.Context {
	x.attempt = attempt{anew: anew}
	got := func(info httptrace.GotConnInfo) {
		conn, _ := info.Conn.(*originConn)
		x.attempt.got(conn)
		if x.body != nil {
			x.body.goesOutOn(ctx, conn)
		}
	}
	if trace := httptrace.ContextClientTrace(ctx); trace != nil {
		trace.GotConn = got // ReverseProxy has made it for this request; one more is garbage
		return ctx
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: got})
}

var errNotAgain = errors.New("the connection ended before an answer")

// beforeConnection is the Proxy of an http.Transport, which calls it whenever it is
// about to take a connection for req.
func beforeConnection(req *http.Request) (*url.URL, error) {
	a := &exchangeOf(req).attempt
	if a.sent() {
		return nil, &unansweredError{errNotAgain}
	}
	a.sought = true
	return nil, nil
}

// answerGrace is how long RoundTrip may take to return an answer after its
// connection has closed: the transport closes a connection at once when the
// answer has no body and the request is not complete.
const answerGrace = 100 * time.Millisecond

// goesOutOn makes the connection that a request goes out on, nil with HTTP/2, tell b
// when it has closed without an answer. HTTP/2 closes the body itself when the
// request's stream has ended.
func (b *requestBody) goesOutOn(ctx context.Context, conn *originConn) {
	if conn == nil {
		b.framed.Store(true)
		return
	}
	conn.watch(func() {
		// With the context's end it is the client that has gone. A body that
		// nobody has read may go to another connection.
		if ctx.Err() == nil && !b.untouched() {
			time.AfterFunc(answerGrace, b.abandon)
		}
	})
}
