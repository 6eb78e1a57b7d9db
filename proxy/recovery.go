package proxy

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/errand"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/sse"
)

// recovery asks origins for what held streams miss.
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
// get one answer: the request for it carries no credentials of anybody's. A handler
// that takes another's place shares its recovery, so that there is one pace for all.
type recovery struct {
	// Fixed after newRecovery.
	retry time.Duration
	desk  *errand.Desk[*linked]

	permits *errand.Desk[*permit] // for response holds

	mu      sync.Mutex // no stream is called while held
	streams map[*linked]struct{}
	polls   map[*poll]struct{}
}

// Pace is how fast origins are asked to help streams. Zero values are the defaults
// given.
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

func newRecovery(p Pace) *recovery {
	rec := &recovery{retry: or(p.Retry, time.Second), streams: make(map[*linked]struct{}), polls: make(map[*poll]struct{})}
	rec.permits = newPermits(p)
	rec.desk = errand.New(p.options(), rec.ask)
	return rec
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
}

// close asks origins for nothing more.
func (rec *recovery) close() {
	rec.desk.Close()
	rec.permits.Close()
}

// all has every held response ask its origin.
func (rec *recovery) all() {
	rec.mu.Lock()
	streams := make([]*linked, 0, len(rec.streams))
	for s := range rec.streams {
		streams = append(streams, s)
	}
	for p := range rec.polls {
		nudge(p.asked)
	}
	rec.mu.Unlock()
	for _, s := range streams {
		s.link.Ask(hold.OnCommand)
	}
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
		final := errors.As(err, new(*errPage))
		for _, s := range streams {
			s.failed(final)
		}
		return
	}
	p.asked = asked
	for _, s := range streams {
		s.got(ctx, p)
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
	continued(subs, need.Seen)
	ctx, joined, err := s.handler.joinAll(ctx, subs)
	if err != nil {
		return nil, err
	}
	defer joined()
	return s.handler.holding.Hub.Follow(ctx, channels.Follow{
		Subscriptions: subs,
		Form:          s.form,
		Live:          p.at.Seq,
		Group:         s.handler.holding.Holder.Group(),
		Chained:       p.links.next != nil,
		Trusting:      need.Tries >= hold.Stubborn || p.links.next == nil,
		Continued:     &channels.Continued{Place: need.Place},
	})
}

// continued notes which channels were followed before the origin was told what had
// been seen. One of which it could be told nothing goes on where it was.
func continued(subs []channels.Subscription, seen []hold.Seen) {
	for i := range subs {
		for _, s := range seen {
			if s.Channel == subs[i].Channel {
				subs[i].Held, subs[i].Continues = true, s.ID == ""
			}
		}
	}
}

// positioned is the body of an answer, and behind it, where the route wants that,
// the client's position: without it the client would come back to where it was
// before.
func (rec *recovery) positioned(s *linked, body []byte, need *hold.Need, cursor *channels.Cursor) []byte {
	if !s.events || s.route.Resume != ResumePositions || len(body) == 0 {
		return body
	}
	at := cursor.Position()
	if at.IsZero() || !sse.Scan(body).Effect.From(need.State).AtBoundary() {
		return body
	}
	e := sse.Event{Name: s.handler.holding.PositionEvent, ID: at.String(), Data: "{}"}
	return sse.AppendEvent(slices.Clip(body), e)
}

// Recover has every held response that can ask its origin do so (GRIP: POST
// /recover/), also those of handlers whose place h has taken. It returns at once.
func (h *Handler) Recover() { h.recovery.all() }
