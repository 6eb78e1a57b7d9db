package proxy

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/errand"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/sse"
)

// recovery asks the origins of a route for what held streams miss.
//
// A stream whose log cannot go on where its client has got to stops reading, and
// what is published meanwhile waits in the log. The origin is asked for the next
// link, with what the client has seen (Grip-Last). Its answer comes next on the
// stream; after that the stream reads with a new cursor, placed as at the start:
// after the prev-id that the answer names, or from the place that was noted when
// the head of the answer arrived. A channel of which the origin was told nothing
// goes on where the stream has stopped.
//
// The desk keeps the pace. Streams that have seen the same and have the same link
// get one answer: the request for it carries no credentials of anybody's. Each route
// has desks of its own, so that origins which do not answer delay nobody else's; the
// handler that takes another's place shares them, so that there is one pace for all.
//
// A stream that misses nothing, as far as it knows, stops only when its turn is near:
// calls are where it waits for that, and reads on. So ten thousand that ask because
// they have been quiet, or because an operator wants them to, are not silent until
// the last of them has been answered.
type recovery struct {
	// Fixed after newRecovery.
	retry   time.Duration
	desk    *errand.Desk[*linked]
	permits *errand.Desk[*permit] // for response holds
	calls   *errand.Desk[call]

	busy atomic.Int64 // so many requests that wait let nobody else's turn come near

	mu      sync.Mutex // no stream is called while held
	streams map[*linked]struct{}
	polls   map[*poll]struct{}
}

// call is a held response that is in no hurry to ask its origin.
type call struct {
	key   string // the same for those who will want one answer; empty: nobody else will
	begin func() // has it ask; must not block
}

// Pace is how fast the origins of a route are asked to help streams. Zero values
// are the defaults given.
type Pace struct {
	// Concurrent is how many requests are under way at most; 16.
	Concurrent int
	// PerSecond is how many begin in a second; 100.
	PerSecond int
	// Spread is how long each waits at most, at random, for others that it can
	// be shared with; 200 ms.
	Spread time.Duration
	// Retry is how long to wait before asking again after a failure; each time
	// twice as long, five times; 1 s (GRIP: next link).
	Retry time.Duration
}

func (p Pace) options() errand.Options {
	return errand.Options{
		Concurrent: or(p.Concurrent, 16),
		PerSecond:  float64(or(p.PerSecond, 100)),
		Spread:     or(p.Spread, 200*time.Millisecond),
	}
}

// busy is how many requests are as many as can be served in a second.
func busy(o errand.Options) int64 { return int64(max(int(o.PerSecond), o.Concurrent)) }

func newRecovery(p Pace) *recovery {
	o := p.options()
	rec := &recovery{retry: or(p.Retry, time.Second), streams: make(map[*linked]struct{}), polls: make(map[*poll]struct{})}
	rec.busy.Store(busy(o))
	rec.permits = newPermits(p)
	rec.desk = errand.New(o, rec.ask)
	rec.calls = errand.New(o, rec.begin)
	return rec
}

// begin has those ask whose turn is near. While as many wait already as can be
// served in a second, they wait on.
func (rec *recovery) begin(_ context.Context, near []call) {
	if rec.desk.Backlog()+rec.permits.Backlog() < int(rec.busy.Load()) {
		for _, c := range near {
			c.begin()
		}
		return
	}
	for _, c := range near {
		rec.calls.Add(c.key, c, time.Second)
	}
}

func (rec *recovery) enter(s *linked) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.streams[s] = struct{}{}
}

func (rec *recovery) leave(s *linked) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	delete(rec.streams, s)
}

func (rec *recovery) enterPoll(p *poll) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.polls[p] = struct{}{}
}

func (rec *recovery) leavePoll(p *poll) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	delete(rec.polls, p)
}

// keep makes p the pace from now on, but for its Spread and Retry.
func (rec *recovery) keep(p Pace) {
	o := p.options()
	rec.desk.Adjust(o.Concurrent, o.PerSecond)
	rec.permits.Adjust(o.Concurrent, o.PerSecond)
	rec.calls.Adjust(o.Concurrent, o.PerSecond)
	rec.busy.Store(busy(o))
}

// close asks origins for nothing more.
func (rec *recovery) close() {
	rec.calls.Close()
	rec.desk.Close()
	rec.permits.Close()
}

// all has every held response ask its origin.
func (rec *recovery) all() {
	streams, polls := rec.held()
	for _, s := range streams {
		s.call(hold.OnCommand)
	}
	for _, p := range polls {
		if p.called.CompareAndSwap(false, true) {
			rec.calls.Add("", call{begin: p.ask}, 0)
		}
	}
}

func (rec *recovery) held() (streams []*linked, polls []*poll) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return slices.Collect(maps.Keys(rec.streams)), slices.Collect(maps.Keys(rec.polls))
}

// ask asks an origin once, for streams that want the same.
func (rec *recovery) ask(ctx context.Context, streams []*linked) {
	streams = slices.DeleteFunc(streams, func(s *linked) bool {
		_, _, ok := s.wants()
		return !ok
	})
	if len(streams) == 0 {
		return
	}
	first := streams[0]
	to, seen, _ := first.wants()
	h := first.handler
	asked := h.head().Seq
	p, err := h.turn(ctx, first.route, first.view, to, seen)
	first.route.counts.asked(err)
	if err != nil {
		rec.note(first, to, err)
		fail(streams, errors.As(err, new(*errPage)))
		return
	}
	p.asked = asked
	for i, s := range streams {
		if !s.got(ctx, p) {
			fail(streams[i+1:], false) // the history of the same channels would be waited for again
			return
		}
	}
}

func fail(streams []*linked, final bool) {
	for _, s := range streams {
		s.failed(final)
	}
}

// note logs why an origin could not help.
func (rec *recovery) note(s *linked, to *link, err error) {
	h := s.handler
	h.linkLimit.Do(func() {
		h.log.Warn("link not answered", zap.String("route", s.route.Name), zap.String("path", to.path), zap.Error(err))
	})
}

// follow places the cursor of a stream anew.
func (rec *recovery) follow(ctx context.Context, s *linked, p *page, need *hold.Need) (*channels.Cursor, error) {
	x := &exchange{route: s.route}
	subs := x.subscriptions(p.in)
	for i := range subs {
		if subs[i].Channel == need.Stray {
			subs[i].Past = need.StrayPlace
		}
	}
	s.route.continued(subs, need.Seen)
	ctx, joined, err := s.handler.joinAll(ctx, subs)
	if err != nil {
		return nil, err
	}
	defer joined()
	return s.handler.holding.Hub.Follow(ctx, channels.Follow{
		Subscriptions: subs,
		Form:          s.form,
		Live:          p.at.Seq,
		Epoch:         p.at.Epoch,
		Group:         s.handler.holding.Holder.Group(),
		Chained:       p.links.next != nil,
		Trusting:      need.Tries >= hold.Stubborn || p.links.next == nil,
		Continued:     &channels.Continued{Place: need.Place},
	})
}

// continued notes which channels were followed before the origin was told what had
// been seen. One of which it could be told nothing goes on where it was.
func (rt *route) continued(subs []channels.Subscription, seen []hold.Seen) {
	for i := range subs {
		for _, s := range seen {
			if s.Channel == subs[i].Channel {
				_, told := rt.last(s)
				subs[i].Held, subs[i].Continues = true, !told
			}
		}
	}
}

// positioned is the body of an answer, and behind it, where the route wants that,
// the client's position: without it the client would come back to where it was
// before.
func (rec *recovery) positioned(s *linked, p *page, need *hold.Need, cursor *channels.Cursor) []byte {
	if !s.events || s.route.Resume != ResumePositions || len(p.body) == 0 {
		return p.body
	}
	at := cursor.Position()
	if at.IsZero() || !sse.Scan(p.body).Effect.From(need.State).AtBoundary() {
		return p.body
	}
	if p.position != at {
		e := sse.Event{Name: s.handler.holding.PositionEvent, ID: at.String(), Data: "{}"}
		p.position, p.positioned = at, sse.AppendEvent(slices.Clip(p.body), e)
	}
	return p.positioned
}

// Recover has every held response that can ask its origin do so (GRIP: POST
// /recover/), also those of handlers whose place h has taken. It returns at once.
func (h *Handler) Recover() { h.line.recover() }
