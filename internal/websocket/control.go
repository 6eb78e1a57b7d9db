package websocket

import (
	"errors"
	"fmt"

	"github.com/gobwas/ws"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// fromOrigin does with a part of a message of the origin what it is for. The end
// is what the session has come to, nil if it goes on.
func (s *Session) fromOrigin(p part) *Ending {
	if p.op.IsControl() {
		return s.toClient(s.out.frame(ws.Header{Fin: true, OpCode: p.op}, p.payload))
	}
	relay, control, kind, err := s.sorter.add(p)
	switch {
	case err != nil:
		e := badOrigin(err)
		return &e
	case control != nil:
		return s.control(control)
	case kind == forClient:
		return s.relay(relay)
	case kind == forNobody && p.last:
		s.Ignored.Inc()
	}
	return nil
}

// relay sends a part to the client. From a message's first part to its last
// nobody else may send one.
func (s *Session) relay(p part) *Ending {
	if p.first {
		s.out.turn.Lock()
		s.relays = true
	}
	err := s.out.relay(p)
	if p.last {
		s.endRelay()
	}
	return s.toClient(err)
}

// endRelay gives the turn back, if the origin has it.
func (s *Session) endRelay() {
	if s.relays {
		s.relays = false
		s.out.turn.Unlock()
	}
}

// toClient is the end that an error of writing to the client means.
func (s *Session) toClient(err error) *Ending {
	if err == nil || errors.Is(err, errClosing) {
		return nil
	}
	e := clientFailed(err)
	return &e
}

// control does what a control message says.
func (s *Session) control(data []byte) *Ending {
	c, err := grip.ParseControl(data)
	if err != nil {
		e := badOrigin(err)
		return &e
	}
	switch c := c.(type) {
	case *grip.Subscribe:
		return s.subscribe(c)
	case *grip.Unsubscribe:
		if name := s.ChannelPrefix + c.Channel; s.feed.remove(name, s.Holder) {
			s.Quota.Leave(name)
		}
	case *grip.SetMeta:
		if err := s.Quota.Note(c.Name, c.Value); err != nil {
			return crowded(err)
		}
		return s.setMeta(c)
	case *grip.Detach:
		s.detached.Store(true)
	case *grip.SocketKeepAlive:
		s.timers.keepAlive(c)
		s.Kick()
	case *grip.SendDelayed:
		before := s.timers.delay(c)
		s.Kick()
		return s.sendNow(before)
	case *grip.FlushDelayed:
		return s.sendNow(s.timers.delay(nil))
	}
	return nil
}

// sendNow sends a message that has waited, if there is one.
func (s *Session) sendNow(d *grip.SendDelayed) *Ending {
	if d == nil {
		return nil
	}
	return s.toClient(s.out.send(wire.OpCode(d.Message), d.Content))
}

// setMeta notes what the origin says of the client.
func (s *Session) setMeta(c *grip.SetMeta) *Ending {
	if err := s.feed.setMeta(c); err != nil {
		e := badOrigin(err)
		return &e
	}
	s.who = s.who.With(c.Name, c.Value)
	s.Holder.Identify(s.seat, s.who)
	return nil
}

// subscribe follows a channel from now on. A second time it changes its filters.
func (s *Session) subscribe(c *grip.Subscribe) *Ending {
	name := s.ChannelPrefix + c.Channel
	if i := s.feed.index(name); i >= 0 {
		s.feed.subscribed(i, c)
		return nil
	}
	if len(s.feed.subs) >= s.MaxChannels {
		e := badOrigin(fmt.Errorf("channel %q: at most %d are allowed (max_channels_per_stream)", c.Channel, s.MaxChannels))
		return &e
	}
	if err := s.Quota.Join(name); err != nil {
		return crowded(err)
	}
	s.feed.joining.Store(true)
	defer s.Kick()
	defer s.feed.joining.Store(false)
	cursor, err := s.Follow(s.ctx, name)
	switch {
	case errors.Is(err, ErrInstruction):
		e := badOrigin(err)
		return &e
	case err != nil && s.isOver():
		return nil
	case err != nil:
		return &Ending{Reason: ReasonHistory, Err: err, code: codeTryLater, text: "channel is not available now"}
	}
	s.follow(&sub{name: name, channel: c.Channel, cursor: cursor}, c.Filters)
	return nil
}

// follow puts a channel in that has no seat yet. A client that may not follow it is
// ended by then.
func (s *Session) follow(c *sub, filters []string) {
	c.seat = s.Holder.Join(c.cursor, s)
	s.feed.add(c, filters)
	s.Holder.Identify(s.seat, s.who)
}
