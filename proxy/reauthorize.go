package proxy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/sse"
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

// tenureOf returns the leave that r wants to renew, for a stream of the same route.
func (h *Handler) tenureOf(x *exchange, r *http.Request) (*tenure, *failure) {
	if l := h.holding.Leases.Find(r.Header.Get(challengeField)); l != nil {
		if t := l.Tenant().(*tenure); t.route.Name == x.route.Name {
			return t, nil
		}
	}
	x.counts.renewals[unknown].Inc()
	return nil, &failure{UnknownChallenge, errors.New("no stream of this route has it")}
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

// renew lets the stream stay as in says.
func (h *Handler) renew(x *exchange, r *http.Request, in *grip.Instruction) *failure {
	t, secret := x.tenure, x.asked.Header.Get(challengeField)
	t.judging.Lock()
	defer t.judging.Unlock()
	if !t.lease.Takes(secret) { // any more
		return x.tooLate()
	}
	client := h.clientOf(x, r, in)
	if user := userOf(client.Who); user != t.user {
		return x.notRenewed("it is another user's")
	}
	subs := x.subscriptions(in)
	if h.turnAway(x, r, in, subs) != nil {
		return x.notRenewed("it is barred")
	}
	stays := t.follows(subs) && x.filters == nil && t.filters == nil
	if !stays && (t.linked || x.filters.Rewrites() != t.rewrites) {
		t.mailbox.End(hold.ReasonOperator)
		return h.answerChallenge(x, reopened, `"expires_in":0`)
	}
	who := t.known(client.Who)
	if !stays {
		if f := h.move(x, r, t, who, subs); f != nil {
			return f
		}
		t.share.follow(t.route, in)
	}
	t.is(who, subs)
	t.mailbox.Rename(who)
	more := `"expires_in":` + expiresIn(in.Expires)
	if t.events { // before the next challenge, which may come at once
		t.mailbox.Say(sse.AppendEvent(nil, sse.Event{Name: reauthorizedEvent, Data: "{" + more + "}"}))
	}
	if !t.lease.Extend(secret, momentAfter(in.Expires)) {
		return x.tooLate()
	}
	return h.answerChallenge(x, renewed, more)
}

// tooLate counts and returns the failure that a client is told whose secret was good
// when its credentials were looked at. Another answer has used it since, the
// operator has asked for newer credentials, or the stream has ended.
func (x *exchange) tooLate() *failure {
	x.counts.renewals[late].Inc()
	return &failure{UnknownChallenge, errors.New("the challenge is over")}
}

// expiresIn is how many seconds a stream may stay, in JSON; null: for ever.
func expiresIn(d time.Duration) string {
	if d <= 0 {
		return "null"
	}
	return seconds(d)
}

func userOf(who *hold.Who) string {
	if who == nil {
		return ""
	}
	return who.User
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

// move has the stream go on with other channels. On those that it has it goes on
// where it stands; the others begin where the origin's answer says.
func (h *Handler) move(x *exchange, r *http.Request, t *tenure, who *hold.Who, subs []channels.Subscription) *failure {
	had := t.channels()
	for i := range subs {
		if slices.Contains(had, subs[i].Channel) {
			subs[i].Held, subs[i].Continues, subs[i].PrevID = true, true, ""
		}
	}
	// The stream moves in a moment, and the channels must be ready until then.
	_, joined, err := h.joinAll(context.WithoutCancel(r.Context()), subs)
	if err != nil {
		return &failure{HistoryUnavailable, err}
	}
	live := x.at.Seq
	if x.grant != nil {
		live = h.head().Seq // as in holdStream
	}
	t.filters = x.filters
	t.mailbox.Move(hold.Move{
		Follow: func(last *channels.Cursor) (*channels.Cursor, error) {
			defer joined()
			if h.turnAwayFrom(t.route, who, namesOf(subs)) != nil { // since the origin was asked
				t.mailbox.End(hold.ReasonRevoked)
			}
			return h.holding.Hub.Follow(context.Background(), channels.Follow{
				Subscriptions: subs,
				Form:          t.form,
				Live:          live,
				Group:         h.holding.Holder.Group(),
				Continued:     &channels.Continued{Place: last.Place(), Cursor: last},
			})
		},
		Filters: x.filters,
		Dropped: joined,
	})
	return nil
}

// answerChallenge tells the client what became of its answer.
func (h *Handler) answerChallenge(x *exchange, what renewal, more string) *failure {
	x.counts.renewals[what].Inc()
	body := fmt.Sprintf("{\"status\":%q,%s}\n", what, more)
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
