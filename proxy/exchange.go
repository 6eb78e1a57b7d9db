package proxy

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/filter"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/token"
)

// outcome says how a request ended. Outcomes are metric labels.
type outcome string

const (
	relayed   outcome = "relayed"   // the origin's answer, whole
	held      outcome = "held"      // an instruction was followed
	upgraded  outcome = "upgraded"  // became a tunnel
	preflight outcome = "preflight" // a browser's question that the route answers (CORS)
	refused   outcome = "refused"   // an error answer of ours
	retry     outcome = "retry"     // told to come back (OnUnavailable)
	cut       outcome = "cut"       // the client's connection was cut, by either side
)

func outcomes() []outcome { return []outcome{relayed, held, upgraded, preflight, refused, retry, cut} }

// exchange is what is known about one request. The handler's goroutine owns
// it; the transport's goroutines touch only body.
type exchange struct {
	// Fixed from the start.
	asked *http.Request // as it came
	w     *responseWriter
	route *route       // nil if there is none
	body  *requestBody // nil if the request has none

	// Set on the way.
	counts  *routeCounts      // never nil
	attempt attempt           // the last one to ask an origin
	at      channels.Position // the hub's head when the origin's head arrived
	held    *http.Response    // the origin's answer, if it is an instruction
	links   links             // of its instruction
	repeats                   // of a response hold
	only    *url.URL          // the one origin to ask; nil: the route's choice
	chained bool              // the client is a GRIP proxy, which follows instructions itself
	filters *filter.Set       // of that instruction; nil for most
	tenure  *tenure           // whose challenge is answered; nil for most
	digest  string            // of the secret by which it is, with tenure
	grant   *token.Grant      // who the client is by its token; nil: it has none
	begun   bool              // has passed the limit on new streams
	socket  *grip.Socket      // what is agreed with the origin, if held is a WebSocket
	cut     error             // why the origin's body ended early
	failure *failure          // what has been counted and logged
	tunnel  *tunnel           // nil: the client asks for no other protocol
	taken   bool              // the holder has, or had, the connection
	share   *share            // of the quotas, which the exchange has to give back; nil: none
	wait    func()            // for the end of what is held, where the handler must stay so long; else nil
	outcome outcome
}

type exchangeKey struct{}

// bind returns r with x in its context.
func (x *exchange) bind(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
}

// exchangeOf returns what bind has put there.
func exchangeOf(r *http.Request) *exchange {
	return r.Context().Value(exchangeKey{}).(*exchange)
}

// cutFailure tells why the answer ended in its body.
func (x *exchange) cutFailure(r *http.Request) *failure {
	exceeded := x.body.exceeded()
	switch {
	case exceeded != nil:
		return exceeded
	case errors.Is(x.w.err, os.ErrDeadlineExceeded):
		return &failure{ClientTimeout, x.w.err}
	case x.cut != nil && r.Context().Err() == nil:
		return &failure{OriginCut, x.cut}
	default:
		return &failure{ClientGone, errors.New("connection lost while answering")}
	}
}
