package proxy

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/filter"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/lease"
	"github.com/holdfast-proxy/holdfast/internal/sse"
)

// Reauthorize says how the clients of event streams that expire are asked for new
// credentials.
type Reauthorize struct {
	// Event is the name of the event that asks; empty: challenge.
	Event string
	// Before and Patience are how long before its end, at most and at least, a
	// stream is asked: at a random moment in between, so that those which end
	// together do not answer together. Before 0: none is asked.
	Before, Patience time.Duration
}

const (
	defaultChallengeEvent = "challenge"
	reauthorizedEvent     = "reauthorized"
)

// tenure is a held stream's leave to stay until it expires, or is renewed. It is the
// tenant of its lease.
type tenure struct {
	// elsewhere: the stream is not held here. Then nothing is known but the route.
	elsewhere bool

	// Fixed after newTenure.
	route    *route
	mailbox  *hold.Mailbox
	lease    *lease.Lease
	share    *share // of the quotas; nil: none
	events   bool
	form     channels.Form
	linked   bool // it has a next link, so it keeps its channels
	rewrites bool // its filters change the content

	judging sync.Mutex // held while an answer is judged
	user    string     // guarded by judging

	mu      sync.Mutex // nothing slow is done under it
	who     *hold.Who
	names   []string // of its channels, in the instruction's order
	filters *filter.Set
}

// is says whose it is from now on.
func (t *tenure) is(who *hold.Who) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.who = who
}

// client is whose it is.
func (t *tenure) client() *hold.Who {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.who
}

// goesOn says that the stream goes on with channels of these names, and with filters, of
// which it may have none. t may be nil.
func (t *tenure) goesOn(names []string, filters *filter.Set) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.names, t.filters = names, filters
}

// channels are the names of those that the stream has.
func (t *tenure) channels() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.names
}

// newTenure is the leave of the stream that s describes, which is about to be held,
// nil if it does not expire.
func (h *Handler) newTenure(x *exchange, k *keeping, s *hold.Stream) *tenure {
	if k.in.Expires <= 0 {
		return nil
	}
	t := &tenure{
		route:    x.route,
		mailbox:  new(hold.Mailbox),
		events:   s.EventStream,
		form:     s.Form,
		share:    k.counted.share,
		linked:   k.next != nil,
		rewrites: x.filters.Rewrites(),
	}
	s.Client.Who = t.known(s.Client.Who)
	t.user = s.Client.Who.User
	t.is(s.Client.Who)
	t.goesOn(namesOf(x.subscriptions(k.in)), x.filters)
	s.Mailbox = t.mailbox
	t.lease = h.holding.Leases.New(t, t.notice())
	t.lease.Begin(k.until) // from here on others may come
	return t
}

// known is who, or nobody, as the one who has the stream.
func (t *tenure) known(who *hold.Who) *hold.Who {
	var copied hold.Who
	if who != nil {
		copied = *who
	}
	copied.Renewable = t.canAsk()
	return &copied
}

// canAsk reports whether the client can be asked. Only those of event streams can be.
func (t *tenure) canAsk() bool { return t.events && t.route.Reauthorize.Before > 0 }

// notice is when the client is asked.
func (t *tenure) notice() lease.Notice {
	if !t.canAsk() {
		return lease.Notice{}
	}
	r := &t.route.Reauthorize
	return lease.Notice{Before: max(r.Before, r.Patience), Patience: r.Patience}
}

// Challenge implements lease.Tenant.
func (t *tenure) Challenge(secret string, left time.Duration) {
	if !t.canAsk() {
		return
	}
	t.route.counts.challenges.Inc()
	t.mailbox.Say(t.challenge(secret, left))
}

// challenge is the event that asks for new credentials: what to send to the stream's
// own URL, and within how many seconds. It has no id, so the client's place in the
// stream stays what it is. Clients made for Zilla know method and headers.
func (t *tenure) challenge(secret string, left time.Duration) []byte {
	data := `{"method":"POST","headers":{"content-type":"` + answerType + `","` + challengeField + `":"` + secret +
		`"},"expires_in":` + seconds(left) + `}`
	return sse.AppendEvent(nil, sse.Event{Name: or(t.route.Reauthorize.Event, defaultChallengeEvent), Data: data})
}

// confirm tells the client that the stream stays, and how long.
func (t *tenure) confirm(expires time.Duration) {
	if t.events {
		t.mailbox.Say(sse.AppendEvent(nil, sse.Event{Name: reauthorizedEvent, Data: `{"expires_in":` + expiresIn(expires) + `}`}))
	}
}

// Expire implements lease.Tenant.
func (t *tenure) Expire() { t.mailbox.End(hold.ReasonExpired) }

// over says that the stream has ended. t may be nil.
func (t *tenure) over() {
	if t != nil {
		t.lease.Close()
	}
}

// stays reports whether the stream would be the same with these channels and filters.
func (t *tenure) stays(subs []channels.Subscription, filters *filter.Set) bool {
	t.mu.Lock()
	names, had := t.names, t.filters
	t.mu.Unlock()
	return filters == nil && had == nil && slices.Equal(slices.Sorted(slices.Values(namesOf(subs))), slices.Sorted(slices.Values(names)))
}

func namesOf(subs []channels.Subscription) []string {
	names := make([]string, len(subs))
	for i := range subs {
		names[i] = subs[i].Channel
	}
	return names
}

// seconds is d in whole seconds.
func seconds(d time.Duration) string { return strconv.Itoa(int(d.Round(time.Second) / time.Second)) }

// What an answer to a challenge looks like.
const (
	answerType     = "application/x-challenge-response"
	challengeField = "holdfast-challenge"
)

// answersChallenge reports whether r is an answer to a challenge.
func answersChallenge(r *http.Request) bool {
	return r.Method == http.MethodPost && r.Header.Get(challengeField) != "" && mediaType(r.Header) == answerType
}
