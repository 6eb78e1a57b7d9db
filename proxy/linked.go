package proxy

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/errand"
	"github.com/holdfast-proxy/holdfast/internal/filter"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// linked is a held stream with a next link. Its holder tells it what the stream
// needs, and until the answer is in the stream waits. See recovery.
type linked struct {
	// Fixed after newLinked.
	recovery *recovery
	handler  *Handler // that the stream began with
	route    *route
	view     viewpoint
	events   bool
	form     channels.Form
	rewrites bool // it is held as one whose filters change the content
	link     *hold.Link
	share    *share // of the quotas; nil: none

	// Fixed after of.
	who    *hold.Who // whose it is, unless it has a tenure; nil: nothing is known
	tenure *tenure   // nil: it may stay for ever

	mu    sync.Mutex // no call into hold while held
	next  *link      // nil: the origin gave no further one
	poll  *time.Timer
	need  hold.Need
	seen  []hold.Seen // what the origin is told: need's, or what the last page said
	asks  bool        // the stream waits
	gone  bool        // the stream has ended
	fails int         // requests for this need that failed
	// called is why the stream waits for its turn to ask; empty: it does not.
	called hold.Trigger
}

// newLinked returns the link of a stream that is about to be held.
func (x *exchange) newLinked(h *Handler, k *keeping) *linked {
	s := &linked{
		recovery: x.route.recovery,
		handler:  h,
		route:    x.route,
		view:     viewpointOf(x.held.Request),
		events:   k.events,
		form:     x.form(k.events),
		rewrites: x.filters.Rewrites(),
		next:     k.next,
		share:    k.counted.share,
	}
	s.link = hold.NewLink(x.route.seen(k.in), s.recover)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pollLocked()
	s.recovery.enter(s)
	return s
}

// of says whose the stream is, and its tenure, which may be nil. It is called before the
// stream is held; until then it does not ask. s may be nil.
func (s *linked) of(who *hold.Who, t *tenure) {
	if s != nil {
		s.who, s.tenure = who, t
	}
}

// seen is what a client has seen, by the word of an instruction, on its channels and
// the route's own.
func (rt *route) seen(in *grip.Instruction) []hold.Seen {
	all := make([]hold.Seen, len(in.Channels), len(in.Channels)+len(rt.Subscribe))
	for i, c := range in.Channels {
		all[i] = hold.Seen{Channel: rt.ChannelPrefix + c.Name, ID: c.PrevID}
	}
	for _, name := range rt.Subscribe { // as in exchange.subscriptions
		all = append(all, hold.Seen{Channel: name, Apart: true})
	}
	return all
}

// pollLocked has the origin asked when nothing has come for the link's timeout.
// Each is up to a tenth earlier, so that streams get out of step.
func (s *linked) pollLocked() {
	if s.poll != nil {
		s.poll.Stop()
	}
	if s.next == nil || s.next.timeout <= 0 || s.gone {
		return
	}
	every := s.next.timeout
	s.poll = time.AfterFunc(every-rand.N(every/10+1), func() {
		s.call(hold.OnTimeout)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.pollLocked()
	})
}

// call has the stream ask when its turn is near. Until then it goes on: it does not
// know that it misses anything.
func (s *linked) call(t hold.Trigger) {
	s.mu.Lock()
	if s.next == nil || s.gone {
		s.mu.Unlock()
		return
	}
	waits := s.called != ""
	if !waits || t == hold.OnCommand {
		s.called = t
	}
	c := call{s.next.key(s.route, s.view, nil), s.comeUp}
	s.mu.Unlock()
	if !waits {
		s.recovery.calls.Add(c.key, c, 0)
	}
}

// comeUp has the stream ask: its turn is near.
func (s *linked) comeUp() {
	s.mu.Lock()
	t := s.called
	s.called = ""
	s.mu.Unlock()
	s.link.Ask(t)
}

// recover is called by the holder when the stream begins to wait.
func (s *linked) recover(n hold.Need) {
	s.mu.Lock()
	s.need, s.seen, s.asks, s.fails = n, n.Seen, true, 0
	s.mu.Unlock()
	if n.Tries > recoveryTries {
		s.giveUp()
		return
	}
	s.ask(s.recovery.settling(n.Tries))
}

// recoveryTries is how often a stream may ask without going on in between.
const recoveryTries = 6

// settling is how long to wait before asking again because the last answer did not
// fit to the log: what it told of was most likely still on its way here.
func (rec *recovery) settling(tries int) time.Duration {
	if tries == 0 {
		return 0
	}
	return rec.retry / 16 << min(2*(tries-1), 2*errand.Tries)
}

// ask has the origin asked after a while, for others in the same place as well.
func (s *linked) ask(delay time.Duration) {
	s.mu.Lock()
	// Who asks for the first time must not wait with those who ask again, and who is
	// held as an earlier configuration says not with those of a later one.
	key := s.next.key(s.route, s.view, s.seen) + "\n" + strconv.Itoa(s.need.Tries) + "." + strconv.Itoa(s.fails) +
		"." + strconv.Itoa(s.handler.generation)
	s.mu.Unlock()
	if !s.recovery.desk.Add(key, s, delay) {
		s.giveUp()
	}
}

// giveUp has the stream go on, or end, as if there were no link.
func (s *linked) giveUp() { s.answer(recoveryFailed, &hold.Relief{}) }

// answer ends the waiting and counts how.
func (s *linked) answer(o recoveryOutcome, r *hold.Relief) {
	if !s.link.Resume(r) {
		o = recoveryGone
	}
	s.settle(o)
}

// settle counts what became of a recovery, once.
func (s *linked) settle(o recoveryOutcome) {
	s.mu.Lock()
	trigger, asks := s.need.Trigger, s.asks
	s.asks = false
	s.mu.Unlock()
	if asks {
		s.route.counts.recovered(trigger, o)
	}
}

// wants returns what to ask for, and what to tell the origin; false if the stream
// has ended.
func (s *linked) wants() (to *link, seen []hold.Seen, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next, s.seen, !s.gone
}

// failed tries again later, if that can help.
func (s *linked) failed(final bool) {
	s.mu.Lock()
	s.fails++
	fails := s.fails
	s.mu.Unlock()
	if final || fails > errand.Tries {
		s.giveUp()
		return
	}
	s.ask(errand.Backoff(s.recovery.retry, fails))
}

// got goes on with an answer of the origin. It returns false if the history of its
// channels cannot be had, perhaps after a long wait.
func (s *linked) got(ctx context.Context, p *page) bool {
	switch {
	case p.in.Hold == grip.Stream:
		return s.goOn(ctx, p)
	case p.links.next == nil:
		s.answer(recoveryEnded, &hold.Relief{Body: p.body, End: hold.ReasonOrigin})
	default:
		s.turned(p)
	}
	return true
}

// turned sends a page that has another behind it, and asks for that when it is
// written.
func (s *linked) turned(p *page) {
	s.mu.Lock()
	s.next, s.fails = p.links.next, 0
	s.seen = s.route.seen(p.in)
	s.mu.Unlock()
	s.link.Resume(&hold.Relief{Body: p.body, Taken: func() { s.ask(pause(p)) }})
}

// pause is how long to wait before the page behind p is asked for. One after an
// empty page has nothing to tell yet.
func pause(p *page) time.Duration {
	if len(p.body) == 0 {
		return time.Second
	}
	return 0
}

// goOn makes the cursor that the stream goes on with. It returns what got does.
func (s *linked) goOn(ctx context.Context, p *page) bool {
	filters := filter.New(p.in, s.route.filters)
	if filters.Rewrites() && !s.rewrites {
		s.failed(true) // a stream in an event loop cannot become one
		return true
	}
	s.mu.Lock()
	need := s.need
	s.mu.Unlock()
	cursor, err := s.recovery.follow(ctx, s, p, &need)
	if err != nil {
		s.failed(false)
		return false
	}
	s.mu.Lock()
	s.next = p.links.next
	s.pollLocked()
	s.mu.Unlock()
	s.share.follow(s.route, p.in)
	names := namesOf((&exchange{route: s.route}).subscriptions(p.in))
	s.tenure.goesOn(names, filters)
	s.answer(recoveryDone, &hold.Relief{
		Body:      s.recovery.positioned(s, p, &need, cursor),
		Cursor:    cursor,
		Seen:      s.route.seen(p.in),
		Filters:   filters,
		KeepAlive: s.route.keepAlive(p.in, s.events),
		Acted:     p.asked,
		Last:      p.links.next == nil,
		Denied:    func() hold.Reason { return s.denied(names) },
	})
	return true
}

// denied is why the stream's client may not follow these channels; empty: it may.
func (s *linked) denied(names []string) hold.Reason {
	if s.handler.turnAwayFrom(s.route, s.client(), names) != nil {
		return hold.ReasonRevoked
	}
	return ""
}

// client is whose stream it is, nil if nothing is known.
func (s *linked) client() *hold.Who {
	if s.tenure != nil {
		return s.tenure.client()
	}
	return s.who
}

// ended is told by the holder that the stream has ended. s may be nil.
func (s *linked) ended() {
	if s == nil {
		return
	}
	s.mu.Lock()
	s.gone = true
	if s.poll != nil {
		s.poll.Stop()
	}
	s.mu.Unlock()
	s.recovery.leave(s)
	s.settle(recoveryGone)
}
