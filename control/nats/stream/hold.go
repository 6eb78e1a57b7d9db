package stream

import (
	"cmp"
	"slices"
	"time"

	client "github.com/nats-io/nats.go"

	"github.com/holdfast-proxy/holdfast/channels"
)

const (
	// holdTime bounds how long what comes live is held back. A node that was cut off
	// answers its own questions from a store that is behind for up to 25 seconds.
	holdTime = 30 * time.Second
	// maxHeld bounds how many live messages are held back. What is beyond is lost,
	// and found again.
	maxHeld = defaultQueue
)

// hold keeps from the hub what comes while messages may be missing that are
// before it, on whatever channel. Each channel would be in order without, but a
// client that has seen the one and goes to another node would never be given the
// other: its place is behind it.
type hold struct {
	on     bool
	until  int              // the first census that can have seen all
	over   <-chan time.Time // when it ends anyway
	due    []due            // for the hub, when it ends
	fills  []func()         // to be done after that
	queued []*client.Msg    // came live, to be looked at after that
}

// due is what the hub must be told: that an item has come or, where there is none,
// that what comes before seq is lost.
type due struct {
	channel string
	seq     uint64
	placed  *channels.Placed
}

// suspect begins a hold: something may have been lost. It ends when a census that
// began later has told what, and all that was lost is there.
func (s *session) suspect() {
	if !s.held.on {
		s.held.on, s.held.over = true, time.After(holdTime)
	}
	s.held.until = s.censuses + 1
	s.check()
}

// keep holds back a live message.
func (h *hold) keep(m *client.Msg) {
	if len(h.queued) < maxHeld {
		h.queued = append(h.queued, m)
	}
}

// endHold ends a hold whose time has come.
func (s *session) endHold() {
	for s.held.on && s.counted >= s.held.until && s.repairs == 0 {
		s.letGo()
	}
}

// letGo ends a hold. Among what was held back can be what begins another.
func (s *session) letGo() {
	was := s.held
	s.held = hold{}
	s.flush(was.due)
	var placed []channels.Placed
	for _, m := range was.queued {
		placed = s.receive(placed, m)
	}
	s.deliver(placed)
	if !s.held.on {
		s.bus.hub.Advance(s.mark)
	}
	for _, fill := range was.fills {
		fill()
	}
}

// flush tells the hub in the order of the stream.
func (s *session) flush(all []due) {
	slices.SortStableFunc(all, func(a, b due) int { return cmp.Compare(a.seq, b.seq) })
	var placed []channels.Placed
	for _, d := range all {
		if d.placed != nil {
			placed = append(placed, *d.placed)
			continue
		}
		s.hand(placed)
		placed = placed[:0]
		s.bus.hub.Break(d.channel, d.seq)
	}
	s.hand(placed)
}

// deliver gives items to the hub, as soon as there is no hold.
func (s *session) deliver(placed []channels.Placed) {
	if !s.held.on {
		s.hand(placed)
		return
	}
	for _, p := range placed {
		s.held.due = append(s.held.due, due{p.Channel, p.Seq, &p})
	}
}

func (s *session) hand(placed []channels.Placed) {
	if len(placed) == 0 {
		return
	}
	s.bus.hub.Deliver(placed...)
	s.bus.opts.Metrics.delivered.Add(float64(len(placed)))
}

// lose tells the hub that what is up to seq is lost, as soon as there is no hold.
func (s *session) lose(channel string, seq uint64) {
	if s.held.on {
		s.held.due = append(s.held.due, due{channel: channel, seq: seq})
	} else {
		s.bus.hub.Break(channel, seq)
	}
}
