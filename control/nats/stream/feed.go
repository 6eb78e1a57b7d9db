package stream

import (
	"strings"

	client "github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// maxWaiting is how many live messages of one channel are kept while what comes
// before is fetched. Beyond, they are fetched as well.
const maxWaiting = 4096

// feed is a channel that the hub keeps.
type feed struct {
	channel string
	stored  string // its subject in the stream
	sub     *client.Subscription

	filled   bool   // the hub has its history
	last     uint64 // everything up to here is in the hub, if it is filled
	proved   uint64 // no message up to here is missing in the hub
	checked  int    // the last census that looked at it
	owed     uint64 // what the stream had then, 0 if nothing since proved
	failures int    // how often in a row it could not be looked up
	fetching bool   // what came before waiting is on its way
	repair   *repair
	waiting  []*client.Msg
}

// take handles what came over the queue, and what else is there already.
func (s *session) take(m *client.Msg) {
	placed := s.placed[:0]
	for n := 1; ; n++ {
		if s.mayHaveLost() {
			s.beginDoubt()
		}
		placed = s.receive(placed, m)
		if n == batchSize || len(s.bus.queue) == 0 {
			break
		}
		m = <-s.bus.queue
	}
	s.deliver(placed)
	clear(placed[:cap(placed)])
}

func (s *session) deliver(placed []channels.Placed) {
	if len(placed) == 0 {
		return
	}
	s.bus.hub.Deliver(placed...)
	s.bus.opts.Metrics.delivered.Add(float64(len(placed)))
}

// receive adds to placed what m brings that is due now.
func (s *session) receive(placed []channels.Placed, m *client.Msg) []channels.Placed {
	if m.Subject == s.bus.names.elected {
		s.beginDoubt()
		s.unsettle()
		return placed
	}
	at, ok := stampOf(m.Header)
	if !ok || at.stream != s.bus.names.stream || m.Subject != s.bus.names.live+strings.TrimPrefix(at.subject, s.bus.opts.Prefix+".") {
		s.bus.bad(m.Subject, "it was not republished by the stream")
		return placed
	}
	s.witness(at)
	if at.subject == s.bus.names.mark {
		s.deliver(placed)
		s.arrived(at)
		return placed[:0]
	}
	f := s.bus.feeds[m.Subject]
	switch {
	case f == nil: // on its way when we let it go
		return placed
	case f.fetching || !f.filled || s.doubt != nil:
		f.keep(m)
		return placed
	case at.prev > f.last:
		s.lost(f)
		f.keep(m)
		s.fetch(f, &repair{head: at.prev, until: at.prev})
		s.beginDoubt()
		return placed
	}
	return s.accept(placed, f, m, at)
}

// witness notes what the stream has, once it is known which stream it is.
func (s *session) witness(at stamp) {
	switch {
	case !s.settled:
	case s.bus.witness.deniedBy(at):
		s.beginDoubt()
		s.unsettle()
	default:
		s.bus.witness = s.bus.witness.see(at.seq, at.at)
	}
}

// has reports whether everything up to head waits already.
func (f *feed) has(head uint64) bool {
	last := f.last
	for _, m := range f.waiting {
		at, _ := stampOf(m.Header)
		if at.prev > last {
			return false
		}
		last = max(last, at.seq)
	}
	return last >= head
}

func (f *feed) keep(m *client.Msg) {
	if len(f.waiting) == maxWaiting {
		f.waiting = nil // the next one's predecessor is missed then
	}
	f.waiting = append(f.waiting, m)
}

// accept adds m, whose predecessors are all in the hub or before it in placed.
func (s *session) accept(placed []channels.Placed, f *feed, m *client.Msg, at stamp) []channels.Placed {
	if at.seq <= f.last {
		return placed
	}
	f.last = at.seq
	item, err := s.bus.item(f.channel, m)
	if err != nil {
		s.bus.bad(at.subject, err.Error())
		return placed
	}
	return append(placed, channels.Placed{Item: item, Seq: at.seq, At: at.at})
}

// item is what a stored message stands for.
func (b *Bus) item(channel string, m *client.Msg) (channels.Item, error) {
	if len(m.Header[endHeader]) > 0 {
		return channels.Ending(channel), nil
	}
	it, err := nats.Parse(channel, m.Header, m.Data)
	switch {
	case err != nil:
		return channels.Item{}, err
	case b.isAck(m, &it):
		return channels.Item{}, errAck
	}
	return wire.Item(it, b.opts.Wire()), nil
}

// bad counts a message that nobody gets, and logs it sometimes.
func (b *Bus) bad(subject, problem string) {
	b.opts.Metrics.bad.Inc()
	b.quiet.bad.Do(func() {
		b.opts.Log.Warn("stored message is of no use", zap.String("subject", subject), zap.String("problem", problem))
	})
}
