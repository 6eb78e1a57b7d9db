package proxy

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/lease"
)

// A stream's challenge is answered by a request with new credentials, over whatever
// connection. The same judge decides that has decided about the stream: the origin is
// asked as if the client opened the stream with them, and what it answers counts; of
// streams that are held by token the new token is judged as the old one was. An
// answer of the origin that is no instruction to hold a stream is the client's, as it is.

// renewal says what became of an answer to a challenge. It is a metric label.
type renewal string

const (
	renewed  renewal = "accepted"
	refusal  renewal = "refused" // by the origin, or by what was said of the client
	unknown  renewal = "unknown" // no stream has the challenge
	late     renewal = "late"    // the challenge is over, or the stream has ended, meanwhile
	reopened renewal = "reopen"  // it must be opened anew, as it cannot be changed so
)

func renewals() []renewal { return []renewal{renewed, refusal, unknown, late, reopened} }

// tenureOf returns the leave that r wants to renew, for a stream of the same route. If
// it is not here, it may be on another node.
func (h *Handler) tenureOf(x *exchange, r *http.Request) (*tenure, *failure) {
	digest := lease.Digest(r.Header.Get(challengeField))
	if t := h.tenureWith(digest, x.route.Name); t != nil {
		return t, nil
	}
	if h.holding.Elsewhere != nil {
		return &tenure{route: x.route, elsewhere: digest}, nil
	}
	x.counts.renewals[unknown].Inc()
	return nil, &failure{UnknownChallenge, errUnknownChallenge}
}

var errUnknownChallenge = errors.New("no stream of this route has it")

// tenureWith returns the leave of a route's stream whose secret has this digest, nil if
// there is none.
func (h *Handler) tenureWith(digest, route string) *tenure {
	l := h.holding.Leases.Find(digest)
	if l == nil {
		return nil
	}
	if t := l.Tenant().(*tenure); t.route.Name == route {
		return t
	}
	return nil
}

// asSetUp returns the request that r would be if its client opened the stream with
// the same credentials: with the same URL and header, but for what belongs to the
// answer.
func asSetUp(r *http.Request) *http.Request {
	out := r.Clone(r.Context())
	out.Method, out.Body, out.ContentLength, out.TransferEncoding = http.MethodGet, http.NoBody, 0, nil
	for _, name := range []string{"Content-Type", "Content-Length", "Expect", challengeField} {
		out.Header.Del(name)
	}
	out.Header.Set("Accept", eventStream)
	return out
}

// reauthorize does what the origin's answer means for the stream whose challenge is
// answered. It is follow for such exchanges.
func (h *Handler) reauthorize(x *exchange, r *http.Request) *failure {
	in, _, f := h.readInstruction(x)
	if f != nil {
		return f
	}
	if in.Hold != grip.Stream {
		return x.notRenewed("the origin does not hold it")
	}
	return h.renew(x, r, in)
}

// renew lets the stream stay as in says, wherever it is held.
func (h *Handler) renew(x *exchange, r *http.Request, in *grip.Instruction) *failure {
	shown := lease.Digest(x.asked.Header.Get(challengeField))
	v := &verdict{digest: shown, in: in, who: h.clientOf(x, r, in).Who, filters: x.filters, at: x.at}
	if x.grant != nil {
		v.at = h.head() // as in holdStream
	}
	var what renewal
	var why error
	if x.tenure.elsewhere != "" {
		what, why = h.renewElsewhere(r.Context(), x.tenure, v)
	} else {
		what, why = h.grant(r.Context(), x.tenure, v)
	}
	return h.renewalOf(x, what, why, in.Expires)
}

// renewalOf counts what became of an answer, and tells the client.
func (h *Handler) renewalOf(x *exchange, what renewal, why error, expires time.Duration) *failure {
	var f *failure
	if errors.As(why, &f) {
		return f
	}
	x.counts.renewals[what].Inc()
	switch what {
	case renewed:
		return h.answerChallenge(x, what, expiresIn(expires))
	case reopened:
		return h.answerChallenge(x, what, "0")
	case refusal:
		return &failure{NotReauthorized, why}
	}
	return &failure{UnknownChallenge, why}
}

// expiresIn is how many seconds a stream may stay, in JSON; null: for ever.
func expiresIn(d time.Duration) string {
	if d <= 0 {
		return "null"
	}
	return seconds(d)
}

// momentAfter is the moment after a while; the zero Time for 0.
func momentAfter(d time.Duration) time.Time {
	if d <= 0 {
		return time.Time{}
	}
	return time.Now().Add(d)
}

// notRenewed counts and returns the failure that a client is told whose new
// credentials do not let its stream stay.
func (x *exchange) notRenewed(why string) *failure {
	x.counts.renewals[refusal].Inc()
	return &failure{NotReauthorized, errors.New(why)}
}

// answerChallenge tells the client what became of its answer, and for how many seconds
// the stream may stay.
func (h *Handler) answerChallenge(x *exchange, what renewal, expiresIn string) *failure {
	body := fmt.Sprintf("{\"status\":%q,\"expires_in\":%s}\n", what, expiresIn)
	header := x.w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(http.StatusOK)
	_, err := x.w.Write([]byte(body))
	if err != nil {
		x.abort()
	}
	return nil
}

// judgedPlainly refuses an answer of the origin to a challenge that is no instruction
// but would pass for consent.
func (x *exchange) judgedPlainly(resp *http.Response) error {
	if resp.StatusCode >= 400 {
		x.counts.renewals[refusal].Inc()
		return nil
	}
	return x.notRenewed(fmt.Sprintf("the origin answers %d without an instruction", resp.StatusCode))
}
