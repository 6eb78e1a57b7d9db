package stream

import (
	"context"
	"fmt"
	"slices"

	client "github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
)

// repair is what was fetched of a filled channel, because it had not come.
type repair struct {
	seq, head uint64 // from where to where it is missing, or may be
	until     uint64 // a message that was stored, at head or after it
	first     uint64 // nothing below it is stored
	found     []*client.Msg
}

func (s *session) lost(f *feed) {
	s.bus.opts.Metrics.lost.Inc()
	s.bus.quiet.lost.Do(func() {
		s.bus.opts.Log.Warn("message lost on its way, it is fetched", zap.String("channel", f.channel))
	})
}

// fetch gets what was lost of a filled channel, up to r.head.
func (s *session) fetch(f *feed, r *repair) {
	f.fetching = true
	s.repairs++
	order := s.order
	r.seq = max(f.proved, f.last) + 1
	s.do(func(ctx context.Context) func() {
		err := s.find(ctx, f.stored, r)
		if err != nil {
			pause(ctx)
		}
		return func() {
			s.repairs--
			switch {
			case order != s.order || !s.kept(f):
			case err != nil: // a census tells anew what there is
				f.fetching, f.waiting = false, nil
				s.beginDoubt()
			case s.doubt != nil:
				f.repair = r
			default:
				s.deliver(s.mend(nil, f, r))
			}
		}
	})
}

func (s *session) find(ctx context.Context, subject string, r *repair) (err error) {
	if r.found, err = s.upTo(ctx, subject, r.seq, r.until); err != nil {
		return err
	}
	r.first, err = s.firstSeq(ctx)
	return err
}

func (s *session) firstSeq(ctx context.Context) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	info, err := s.js.Stream(ctx, s.bus.names.stream)
	if err != nil {
		return 0, fmt.Errorf("stream info: %w", err)
	}
	return info.CachedInfo().State.FirstSeq, nil
}

// mend adds to placed what was fetched, and what has come since. What the stream
// has let go of meanwhile is a gap.
func (s *session) mend(placed []channels.Placed, f *feed, r *repair) []channels.Placed {
	f.fetching, f.repair = false, nil
	if lost := s.lostBefore(r); lost >= r.seq {
		s.bus.opts.Metrics.gaps.Inc()
		s.bus.hub.Break(f.channel, lost)
		f.last = max(f.last, lost)
	}
	for _, m := range r.found {
		if at, _ := stampOf(m.Header); at.seq <= r.head { // the rest comes live
			placed = s.accept(placed, f, m, at)
		}
	}
	f.last = max(f.last, r.head)
	return s.catchUp(placed, f)
}

// lostBefore returns the place up to which messages are missing or may be, 0 if
// none can be. The stream lets go of the oldest first.
func (s *session) lostBefore(r *repair) uint64 {
	if !slices.ContainsFunc(r.found, func(m *client.Msg) bool { at, _ := stampOf(m.Header); return at.seq == r.until }) {
		return r.head
	}
	start, _ := stampOf(r.found[0].Header)
	if s.bus.mayHaveTrimmed(r.found) {
		return min(start.seq-1, r.head)
	}
	return min(max(r.first, 1)-1, start.seq-1, r.head)
}

// catchUp adds to placed what came live while something was fetched.
func (s *session) catchUp(placed []channels.Placed, f *feed) []channels.Placed {
	waiting := f.waiting
	f.waiting = nil
	for i, m := range waiting {
		at, _ := stampOf(m.Header)
		if at.prev > f.last {
			f.waiting = waiting[i:]
			s.lost(f)
			s.fetch(f, &repair{head: at.prev, until: at.prev})
			return placed
		}
		placed = s.accept(placed, f, m, at)
	}
	return placed
}
