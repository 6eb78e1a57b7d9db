package wire

import (
	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/sse"
)

// The forms of an entry; see the package comment.
const (
	Stream channels.Form = iota
	StreamIDs
	Response
	Message
)

// Options say how items are laid out.
type Options struct {
	// PositionIDs: some route resumes by positions, so StreamIDs is needed.
	// Otherwise it is always the same as Stream.
	PositionIDs bool
	// Deflate: some route compresses for WebSockets, so messages are laid out
	// compressed as well.
	Deflate bool
}

// Effect reads an entry's tag.
func Effect(tag uint32) sse.Effect { return sse.Effect(tag &^ (restricted | restrictedMessage)) }

// Item turns a published item into one that the hub takes. The item must not
// be changed afterwards. The content is scanned here: publishers may do this at
// the same time, but are laid out one by one, under the hub's order lock.
func Item(it grip.Item, o Options) channels.Item {
	d := draftOf(&it, o)
	out := channels.Item{
		Channel: it.Channel,
		ID:      it.ID,
		PrevID:  it.PrevID,
		NoSeq:   it.NoSeq,
		Size:    d.weight() + len(it.Channel),
		Encode:  d.encode,
	}
	switch {
	case it.Stream != nil:
		out.Actions[Stream] = channels.Action(it.Stream.Action)
	case it.Event != nil:
		out.Actions[Stream] = channels.Action(it.Event.Action)
	}
	out.Actions[StreamIDs] = out.Actions[Stream]
	if it.Response != nil && it.Response.Action == grip.Hint {
		out.Actions[Response] = channels.Hint // GRIP: close is for streams only
	}
	if it.Message != nil {
		out.Actions[Message] = messageAction(it.Message.Action)
	}
	return out
}
