package proxy

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/token"
)

// Tokens say how a route holds streams by token alone: who has a good one gets an
// event stream with the channels that it names, and no origin is asked. At least one
// place must be named where tokens are looked for.
type Tokens struct {
	// Verifier knows which tokens are good. It is one route's, and New runs it.
	Verifier *token.Verifier
	// Query is the name of a query parameter. Empty: none is looked at.
	Query string
	// Bearer: Authorization with the scheme Bearer is looked at (RFC 6750 §2.1).
	Bearer bool
	// Cookie is the name of a cookie, which counts only where there is no token
	// elsewhere: browsers send it whether it is meant or not. Empty: none.
	Cookie string
}

// tokenMethods are the methods of a route without origins.
const tokenMethods = "GET, HEAD, OPTIONS"

// holdsByToken reports whether x is the route's own to answer: everything where there
// is no origin, else what asks for an event stream.
func (x *exchange) holdsByToken(r *http.Request) bool {
	return x.route.Tokens != nil && (len(x.route.Origins) == 0 || wantsEvents(r))
}

// answerByToken answers a request to hold a stream by token.
func (h *Handler) answerByToken(x *exchange, r *http.Request) {
	var f *failure
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		f = h.holdByToken(x, r)
	case http.MethodOptions:
		x.outcome = relayed
		x.w.Header().Set("Allow", tokenMethods)
		x.w.WriteHeader(http.StatusNoContent)
	default:
		f = &failure{WrongMethod, errors.New("method " + r.Method)}
	}
	if f == nil {
		return
	}
	if x.tenure != nil && f.reason.byClient() && f.reason != NotReauthorized && f.reason != UnknownChallenge { // which are counted
		x.counts.renewals[refusal].Inc()
	}
	h.refuse(x, r, f)
}

// holdByToken holds a stream as its token allows. To HEAD it says what GET would get.
// A failure is returned only if nothing has been written.
func (h *Handler) holdByToken(x *exchange, r *http.Request) *failure {
	text, f := x.route.Tokens.find(r)
	if f != nil {
		return f
	}
	grant, err := x.route.Tokens.Verifier.Verify(r.Context(), text, time.Now())
	if err != nil {
		return tokenFailure(err)
	}
	if x.grant = grant; x.tenure != nil {
		x.outcome = relayed
	}
	in := instructionOf(grant, time.Now())
	h.trace.instruction(in, nil)
	if h.lastEventID(r) != "" {
		forgetPrevIDs(in) // the token tells where the client began, and it has come further
	}
	if len(in.Channels)+len(x.route.Subscribe) == 0 {
		return &failure{TokenUnfit, errors.New("the token names no channel")}
	}
	if h.checkInstruction(x, in) != nil { // whose errors name channels
		return &failure{TokenUnfit, errors.New("the token names too many channels, or one that the route does not take")}
	}
	return h.holdGranted(x, r, in)
}

// holdGranted holds a stream by an instruction that no origin has given.
func (h *Handler) holdGranted(x *exchange, r *http.Request, in *grip.Instruction) *failure {
	x.held = &http.Response{Request: r, Body: http.NoBody}
	body := &initialBody{x: x, whole: true}
	if f := x.filter(in, body); f != nil {
		return &failure{TokenUnfit, errors.New("the token has filters that cannot be applied")}
	}
	if x.tenure != nil {
		return h.renew(x, r, in)
	}
	d := head{code: http.StatusOK, header: http.Header{"Content-Type": {eventStream}}}
	x.route.Response.apply(d.header)
	if r.Method == http.MethodHead {
		d.adviseMiddleboxes()
		return h.answer(x, r, d, body)
	}
	x.outcome = held
	return h.holdStream(x, r, in, d, body)
}

// instructionOf is what an origin would say that grants the same.
func instructionOf(g *token.Grant, now time.Time) *grip.Instruction {
	in := &grip.Instruction{
		Hold:      grip.Stream,
		Channels:  slices.Clone(g.Channels),
		KeepAlive: g.KeepAlive,
		Meta:      maps.Clone(g.Meta),
		Expires:   max(g.Until.Sub(now), time.Second), // it may be over since it was verified
	}
	if g.Subject != "" {
		if in.Meta == nil {
			in.Meta = map[string]string{}
		}
		in.Meta[hold.MetaUser] = g.Subject
	}
	return in
}

func forgetPrevIDs(in *grip.Instruction) {
	for i := range in.Channels {
		in.Channels[i].PrevID = ""
	}
}

// tokenFailure names the reason of an error of token.Verifier.Verify.
func tokenFailure(err error) *failure {
	var wrong *token.Error
	if !errors.As(err, &wrong) {
		return &failure{ClientGone, err}
	}
	switch wrong.Kind {
	case token.Expired:
		return &failure{TokenExpired, err}
	case token.Unfit:
		return &failure{TokenUnfit, err}
	case token.Unavailable:
		return &failure{TokenKeysUnavailable, err}
	default:
		return &failure{TokenRefused, err}
	}
}

// challenge adds to the answer that tells f what a client needs to do better
// (RFC 6750 §3). The errors of these reasons hold nothing of the token, and nothing
// that cannot stand in a quoted string.
func (f *failure) challenge(h http.Header) {
	var code string
	switch f.reason {
	case WrongMethod:
		h.Set("Allow", tokenMethods)
		return
	case TokenMissing:
		h.Set("WWW-Authenticate", "Bearer") // without an error: RFC 6750 §3.1
		return
	case TokenAmbiguous:
		code = "invalid_request"
	case TokenRefused, TokenExpired:
		code = "invalid_token"
	case TokenUnfit:
		code = "insufficient_scope"
	default:
		return
	}
	h.Set("WWW-Authenticate", `Bearer error="`+code+`", error_description="`+f.err.Error()+`"`)
}

// verifyTokens starts what keeps the keys of the routes with tokens up to date, as they
// were found by before, which may be nil. Close ends it.
func (h *Handler) verifyTokens(before *Handler, m *Metrics) {
	var ctx context.Context
	ctx, h.stop = context.WithCancel(context.Background())
	for _, rt := range h.routes.all {
		if rt.Tokens == nil {
			continue
		}
		if old := before.routeNamed(rt.Name); old != nil && old.Tokens != nil {
			rt.Tokens.Verifier.Inherit(old.Tokens.Verifier)
		}
		report := h.keyReport(rt, m.keys.route(rt.Name))
		h.background.Go(func() { rt.Tokens.Verifier.Run(ctx, report) })
	}
}

// keyReport counts fetches of a route's keys, and logs those in vain. There are
// seconds between them.
func (h *Handler) keyReport(rt *route, counts *keyCounts) func(keys int, err error) {
	return func(keys int, err error) {
		counts.note(keys, err)
		if err != nil {
			h.log.Warn("token keys not fetched", zap.String("route", rt.Name), zap.Int("keys", keys), zap.Error(err))
		}
	}
}
