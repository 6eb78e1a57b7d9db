package websocket

import (
	"github.com/gobwas/ws"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/filter"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// filtering is what of its channels a session gets. The lock of the feed, whose
// channels the filters are numbered by, guards it. Without a filter and without meta
// there is no Set, and an entry costs a look at its tag.
type filtering struct {
	// Fixed.
	route   *filter.Route
	deflate bool

	set *filter.Set // nil: nothing was said yet
	// own are the frames that the session gets instead of those of the entries taken
	// last, by index. It is not guarded: the goroutine that takes owns it.
	own map[int][]byte
}

// filters returns the session's, which it makes the first time.
func (f *feed) filters() *filter.Set {
	if f.set == nil {
		f.set = filter.NewLive(f.route)
		for _, s := range f.subs {
			f.set.Add(s.channel, nil)
		}
	}
	return f.set
}

// subscribed notes that the origin has asked again for the channel at place i. GRIP:
// its filters are those that it names now.
func (f *feed) subscribed(i int, c *grip.Subscribe) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.subs[i].channel = c.Channel
	if f.set != nil || len(c.Filters) > 0 {
		f.filters().Change(i, c.Channel, c.Filters)
	}
}

// setMeta says something about the client. The error is the origin's fault.
func (f *feed) setMeta(m *grip.SetMeta) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.filters().SetMeta(m.Name, m.Value)
}

// passes reports whether the session gets e, of the channel at place i, as the n-th
// entry taken, and lays out what it gets if that is its own.
func (f *feed) passes(i int, e *channels.Entry, n int) bool {
	if f.set == nil {
		if wire.IsRestrictedMessage(e.Tag()) {
			f.route.Mismatched()
			return false
		}
		return true
	}
	if !f.set.TakesFrom(i, e) {
		return false
	}
	if e.Action(wire.Message) != channels.Send {
		return true
	}
	plain, _ := wire.Frames(e.Bytes(wire.Message))
	op, payload := wire.FrameData(plain)
	payload, own, ok := f.set.RewriteMessage(i, e, payload, op.IsControl())
	if own {
		if f.own == nil {
			f.own = map[int][]byte{}
		}
		f.own[n] = message(op, payload, f.deflate)
	}
	return ok
}

// message lays a message out in one frame.
func message(op ws.OpCode, payload []byte, deflate bool) []byte {
	h, payload := headOf(op, payload, deflate)
	return wire.AppendFrame(nil, h, payload)
}

// headOf is the head of a message in one frame, and its payload: compressed, if that
// is wanted and worth it.
func headOf(op ws.OpCode, payload []byte, deflate bool) (ws.Header, []byte) {
	if deflate {
		if small, ok := wire.Deflate(op, payload); ok {
			return ws.Header{Fin: true, OpCode: op, Rsv: ws.Rsv(true, false, false)}, small
		}
	}
	return ws.Header{Fin: true, OpCode: op}, payload
}
