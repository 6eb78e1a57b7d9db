package channels

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Group is told when a log that its cursors follow has something new. A
// holder is one group, or one group per loop: logs know groups, never single
// streams, so a publish costs the same for one subscriber and for a million.
// Groups are compared with ==.
type Group interface {
	// Wake is called by publishers after an append, with no lock of this
	// package held. It must return at once and may be called for a log that
	// the group has just left. Calls for one log may coincide.
	Wake(l *Log)
}

// Subscription is one channel of a stream.
type Subscription struct {
	// Channel is the channel's name.
	Channel string
	// PrevID, when set, is the id of the item that the client has seen last,
	// by the origin's word. It beats Follow.Resume on this channel.
	PrevID string
	// NoReplay starts the channel at Follow.Live, whatever is asked for.
	NoReplay bool
	// MaxAge, when positive, keeps entries older than this from the client.
	MaxAge time.Duration
	// Past, with a PrevID: what is up to this place comes neither, even if it is
	// after that item.
	Past uint64
	// Held: the stream has followed the channel up to Continued.Place. Actions after
	// that are for it, wherever the channel goes on.
	Held bool
	// Continues, with Held: without a PrevID it goes on from there.
	Continues bool
}

// Continued says that a stream which was held already goes on with another
// cursor.
type Continued struct {
	// Place is where its last cursor stood (Cursor.Place).
	Place uint64
	// Cursor, unless nil, is that cursor, which is still open and the caller's. A
	// subscription that Continues goes on exactly where it stands on the channel, if it
	// has it: a place in the total order tells less, for what is read of one channel
	// may be ahead of what is read of another.
	Cursor *Cursor
}

// Resume is what a client says it has seen last.
type Resume struct {
	// ID is a position or an event id, empty for none.
	ID string
	// Lenient: an ID that no log knows is not a gap; the stream starts live.
	Lenient bool
}

// Follow describes a new cursor.
type Follow struct {
	// Subscriptions are the stream's channels. Of a channel that is named
	// twice, the first counts.
	Subscriptions []Subscription
	// Form is which encoding the reader wants; entries without it are passed
	// over.
	Form Form
	// Live is the place (Hub.Head) noted when the head of the origin's answer
	// arrived. A channel without a resume point starts there, and actions up
	// to there are not for this stream. In a hub with a feed it can be ahead of
	// what the logs have: what comes later, up to there, is passed over too.
	Live uint64
	// Epoch is the order (Position.Epoch) that Live, and the place of Continued, are of.
	// Empty: whichever it is now.
	Epoch string
	// Resume is where the channels without a PrevID go on from.
	Resume Resume
	// Group is told of news. Never nil.
	Group Group
	// Chained: the reader compares by itself whether items follow each other
	// (Entry.PrevID, Entry.Orphan), so a Gap that is Missing is not told. A PrevID that is not
	// known is no gap where nothing contradicts it: where the id of the log's
	// last item is not known.
	Chained bool
	// Trusting: a PrevID that is not known is no gap, whatever the log says. The
	// channel starts at Live.
	Trusting bool
	// Prompt: it waits for nothing, so the channels must have been joined (Hub.Await).
	// A PrevID that the logs do not know then is not asked for.
	Prompt bool
	// Continued, unless nil, is what the stream has had before.
	Continued *Continued
}

// acted is the place up to which actions are not for the stream.
func (f *Follow) acted() uint64 {
	if f.Continued != nil {
		return f.Continued.Place
	}
	return f.Live
}

// asksClient reports whether what the client says matters: the origin does not
// say for every channel what it has seen.
func (f *Follow) asksClient() bool {
	return slices.ContainsFunc(f.Subscriptions, func(s Subscription) bool { return s.PrevID == "" })
}

// Reason says why entries are missing.
type Reason string

// The reasons of a gap. They are the "reason" of gap events and metric labels.
const (
	// Evicted: the log no longer has, or may not give, what the client is
	// missing; or the feed has lost it.
	Evicted Reason = "evicted"
	// Unknown: the id that the client has seen last is not known.
	Unknown Reason = "unknown"
	// Epoch: the client's position is of another order, so nothing can be said.
	Epoch Reason = "epoch"
	// Missing: by the publishers' word (Item.PrevID) there is an item that did
	// not come, or not in its turn.
	Missing Reason = "missing"
	// Lag: the reader was too slow and fell off the send window.
	Lag Reason = "lag"
	// Bus: items may have been lost on their way to the hub.
	Bus Reason = "bus"
)

// Gap is the error by which a cursor tells that entries are missing. The
// cursor goes on after it.
type Gap struct {
	Reason  Reason
	Channel string // on which channel; empty if on all
	LastID  string // what the client had seen last, if it said
	Lost    int64  // entries missed, -1 if not known
	// Resume is the position from which the cursor goes on.
	Resume Position
}

// Error names the channel and the reason.
func (g *Gap) Error() string {
	if g.Channel == "" {
		return fmt.Sprintf("channels: gap (%s)", g.Reason)
	}
	return fmt.Sprintf("channels: gap on %q (%s)", g.Channel, g.Reason)
}

// Follow returns a new cursor. Each channel's place is found and taken in one
// step, so nothing published meanwhile is missed or seen twice. In a hub with a
// feed it waits until the channels are filled, and for the feed's Sync where the
// logs do not know what the client has seen. The error is ErrClosed, also if the
// order that Live is of has ended, a *NameError, the one of Sync, or why ctx
// ended before that.
func (h *Hub) Follow(ctx context.Context, f Follow) (*Cursor, error) {
	if err := h.admit(f.Subscriptions); err != nil {
		return nil, err
	}
	c := &Cursor{hub: h, epoch: h.epoch.Load(), group: f.Group, form: f.Form, chained: f.Chained, live: f.acted(), place: max(f.Live, f.acted())}
	c.join(f.Subscriptions)
	err := c.await(ctx)
	if err == nil && !f.Prompt {
		err = c.recognize(ctx, &f)
	}
	if err == nil && (c.stale() || f.Epoch != "" && f.Epoch != *c.epoch || f.Live > h.Head().Seq) {
		err = ErrClosed
	}
	if err != nil {
		c.abandon()
		return nil, err
	}
	start := c.resolve(&f)
	for i := range c.legs {
		g := &c.legs[i]
		sub := &f.Subscriptions[g.sub]
		if old := f.Continued.leg(g.log, sub); old != nil {
			g.goOn(c, old)
			c.place = min(c.place, f.Continued.Place)
			continue
		}
		g.settle(c, sub, start.of(sub, &f))
		c.place = min(c.place, g.start)
	}
	c.heard = c.place
	if f.Continued != nil {
		c.heard = max(c.heard, f.Continued.Place)
		if last := f.Continued.Cursor; last != nil && c.gap == nil {
			c.gap = last.gap // not told yet
		}
	}
	return c, nil
}

// leg is where the last cursor stands on a channel, nil if the subscription does not go
// on there.
func (b *Continued) leg(l *Log, sub *Subscription) *leg {
	if b == nil || b.Cursor == nil || !sub.Continues {
		return nil
	}
	for i := range b.Cursor.legs {
		if g := &b.Cursor.legs[i]; g.log == l {
			return g
		}
	}
	return nil
}

// admit reports whether there can be a cursor on these channels. The error is a
// *NameError or ErrClosed.
func (h *Hub) admit(subs []Subscription) error {
	for i := range subs {
		if err := CheckName(subs[i].Channel); err != nil {
			return err
		}
	}
	h.order.Lock()
	defer h.order.Unlock()
	if h.closed {
		return ErrClosed
	}
	return nil
}

// join takes hold of the logs.
func (c *Cursor) join(subs []Subscription) {
	c.legs = c.one[:0]
	for i := range subs {
		name := subs[i].Channel
		if slices.ContainsFunc(c.legs, func(g leg) bool { return g.log.name == name }) {
			continue
		}
		c.legs = append(c.legs, leg{log: c.hub.shard(name).acquire(name, true), sub: int32(i)})
	}
}

// abandon lets go of the logs of a cursor that has no place yet.
func (c *Cursor) abandon() {
	if c.closed {
		return
	}
	c.closed = true
	for i := range c.legs {
		l := c.legs[i].log
		l.shard.release(l)
	}
}
