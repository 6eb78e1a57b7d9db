package proxy

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
)

// originSet is the RoundTripper of a route: its origins in order.
type originSet struct {
	urls      []*url.URL
	transport http.RoundTripper
	gate      *gate // nil: open
	head      func() channels.Position
	asking    func() // may be nil
	counts    *routeCounts
}

// RoundTrip asks the origins until one takes a connection, when it is the
// request's turn. All its errors are *failure.
func (o *originSet) RoundTrip(req *http.Request) (*http.Response, error) {
	x := exchangeOf(req)
	if f := heldBack(OriginBusy, o.gate.enter(req.Context())); f != nil {
		return nil, f
	}
	defer o.gate.leave()
	o.counts.pending.Inc()
	defer o.counts.pending.Dec()
	return o.ask(req, x)
}

// ask does what RoundTrip says.
func (o *originSet) ask(req *http.Request, x *exchange) (*http.Response, error) {
	req = watched(req, x.body)
	if o.asking != nil {
		o.asking()
	}
	var f *failure
	for _, origin := range o.urls {
		resp, err := o.transport.RoundTrip(toward(req, origin))
		if err == nil {
			x.at = o.head() // before anything else: invariant "no hole at the start"
			x.body.answered()
			o.counts.answered.Inc()
			return resp, nil
		}
		f = &failure{classify(req.Context(), x, err), err}
		o.counts.origins[f.reason].Inc()
		if !mayTryNext(x, err) {
			break
		}
	}
	return nil, f
}

// answerGrace is how long RoundTrip may take to return an answer after its
// connection has closed: the transport closes a connection at once when the
// answer has no body and the request is not complete.
const answerGrace = 100 * time.Millisecond

// watched makes the connection that req goes out on tell body when it has
// closed without an answer.
func watched(req *http.Request, body *requestBody) *http.Request {
	if body == nil {
		return req
	}
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		info.Conn.(*originConn).watch(func() {
			// With the context's end it is the client that has gone. A body that
			// nobody has read may go to another connection.
			if req.Context().Err() == nil && !body.untouched() {
				time.AfterFunc(answerGrace, body.abandon)
			}
		})
	}}
	return req.WithContext(httptrace.WithClientTrace(req.Context(), trace))
}

// toward returns a copy of req for origin.
func toward(req *http.Request, origin *url.URL) *http.Request {
	out := *req
	u := *req.URL
	u.Scheme, u.Host = origin.Scheme, origin.Host
	out.URL = &u
	return &out
}

// mayTryNext reports whether err proves that nobody has seen the request.
func mayTryNext(x *exchange, err error) bool {
	var notConnected *connectError
	return errors.As(err, &notConnected) && x.body.untouched()
}

// classify finds the reason of a failed round trip.
func classify(ctx context.Context, x *exchange, err error) Reason {
	var notConnected *connectError
	var timeout net.Error
	switch {
	case x.body.abandoned():
		return OriginBroken // whatever became of the context then
	case ctx.Err() != nil:
		return ClientGone
	case x.body.clientError() != nil:
		return BadRequestBody
	case errors.As(err, &timeout) && timeout.Timeout():
		return OriginTimeout
	case errors.As(err, &notConnected):
		return OriginUnreachable
	default:
		return OriginBroken
	}
}
