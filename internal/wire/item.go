package wire

import (
	"slices"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/sse"
)

// The forms of an entry; see the package comment.
const (
	Stream channels.Form = iota
	StreamIDs
	Response
)

// Options say how items are laid out.
type Options struct {
	// PositionIDs: some route resumes by positions, so StreamIDs is needed.
	// Otherwise it is always the same as Stream.
	PositionIDs bool
}

// Effect reads an entry's tag.
func Effect(tag uint32) sse.Effect { return sse.Effect(tag) }

// Item turns a published item into one that the hub takes. The item must not
// be changed afterwards.
func Item(it grip.Item, o Options) channels.Item {
	out := channels.Item{
		Channel: it.Channel,
		ID:      it.ID,
		PrevID:  it.PrevID,
		NoSeq:   it.NoSeq,
		Size:    size(&it),
		Encode:  func(p channels.Position) channels.Encoded { return encode(&it, o, p) },
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
	return out
}

// size is about what an item weighs while it is parked.
func size(it *grip.Item) int {
	n := 256 + len(it.Channel) + len(it.ID) + len(it.PrevID)
	if it.Stream != nil {
		n += len(it.Stream.Content)
	}
	if it.Event != nil {
		n += len(it.Event.Data)
	}
	if it.Response != nil {
		n += len(it.Response.Body)
	}
	return n
}

// layout builds Encoded.Buf part by part.
type layout struct {
	channels.Encoded
}

// since returns the span from an offset to the end.
func (l *layout) since(from int) channels.Span {
	return channels.Span{Off: uint32(from), Len: uint32(len(l.Buf) - from)}
}

func encode(it *grip.Item, o Options, p channels.Position) channels.Encoded {
	var l layout
	content := streamContent(it, p)
	scan := sse.Scan(content)
	withID := o.PositionIDs && scan.Whole && !scan.LastHasID
	l.Tag = uint32(scan.Effect)
	l.Buf = make([]byte, 0, l.room(it, content, scan.IDs, withID))

	l.Buf = append(l.Buf, it.ID...)
	l.ItemID = l.since(0)
	l.ids(scan.IDs)
	if len(content) > 0 {
		from := len(l.Buf)
		l.Buf = AppendChunk(l.Buf, content)
		l.Forms[Stream] = l.since(from)
		l.Forms[StreamIDs] = l.Forms[Stream]
	}
	if withID {
		from := len(l.Buf)
		l.Buf = AppendChunk(l.Buf, scan.AppendWithID(nil, content, p.String()))
		l.Forms[StreamIDs] = l.since(from)
	}
	if it.Response != nil && it.Response.Action == grip.Send {
		from := len(l.Buf)
		l.Buf = appendResponse(l.Buf, &it.Response.Answer)
		l.Forms[Response] = l.since(from)
	}
	l.Buf = slices.Clip(l.Buf)
	return l.Encoded
}

// room is how long Buf becomes, or a little more.
func (l *layout) room(it *grip.Item, content []byte, ids []string, withID bool) int {
	const chunk, position = 20, 48 // framing; an id line with a position
	n := len(it.ID)
	for _, id := range ids {
		n += len(id) + 3
	}
	if len(content) > 0 {
		n += len(content) + chunk
	}
	if withID {
		n += len(content) + chunk + position
	}
	if it.Response != nil {
		n += responseRoom(&it.Response.Answer)
	}
	return n
}

// ids lists the ids that clients can see. They stand in the buffer.
func (l *layout) ids(ids []string) {
	from := len(l.Buf)
	for _, id := range ids {
		l.Buf = channels.AppendID(l.Buf, id)
	}
	l.IDs = l.since(from)
}

// streamContent is what held streams get of the item. An event without an id
// of its own has the item's, and without that its position.
func streamContent(it *grip.Item, p channels.Position) []byte {
	switch {
	case it.Stream != nil && it.Stream.Action == grip.Send:
		return it.Stream.Content
	case it.Event != nil && it.Event.Action == grip.Send:
		e := sse.Event{Name: it.Event.Name, ID: it.Event.ID, Data: it.Event.Data, Retry: it.Event.Retry}
		if e.ID == "" && !hasBreak(it.ID) {
			e.ID = it.ID
		}
		if e.ID == "" {
			e.ID = p.String()
		}
		return sse.AppendEvent(make([]byte, 0, len(e.Data)+len(e.Name)+len(e.ID)+64), e)
	}
	return nil
}

// hasBreak reports whether an item id cannot be an event id.
func hasBreak(id string) bool { return sse.Event{ID: id}.Validate() != nil }
