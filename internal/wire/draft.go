package wire

import (
	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/sse"
)

// draft is an item of which everything is known but its position. It does not
// change.
type draft struct {
	note     []byte // see Meta; empty for most
	itemID   string
	prevID   string
	content  []byte // for streams; empty for none
	scan     sse.Content
	stamp    stamp
	response *grip.ResponseFormat // nil for none
	message  []byte               // laid out; empty for none

	restricted uint32 // for the tag
}

// stamp says which forms of the content get the position as their id.
type stamp uint8

const (
	stampNone stamp = iota
	stampIDs        // StreamIDs alone
	stampAll        // both: an event of ours without an id
)

func draftOf(it *grip.Item, o Options) *draft {
	d := &draft{note: metaOf(it), itemID: it.ID, prevID: it.PrevID}
	if it.Message != nil {
		d.message = appendMessage(nil, it.Message, o.Deflate)
		d.restrict(restrictedMessage, it.Message.ContentFilters)
	}
	if it.Response != nil && it.Response.Action == grip.Send {
		d.response = it.Response
	}
	switch {
	case it.Stream != nil && it.Stream.Action == grip.Send:
		d.content = it.Stream.Content
		d.restrict(restricted, it.Stream.ContentFilters)
	case it.Event != nil && it.Event.Action == grip.Send:
		e := eventOf(it)
		d.content = sse.AppendEvent(make([]byte, 0, len(e.Data)+len(e.Name)+len(e.ID)+64), e)
		if e.ID == "" {
			d.stamp = stampAll
		}
		d.restrict(restricted, it.Event.ContentFilters)
	}
	d.scan = sse.Scan(d.content)
	if d.stamp == stampNone && o.PositionIDs && d.scan.Whole && !d.scan.LastHasID {
		d.stamp = stampIDs
	}
	return d
}

// restrict keeps the content that a mark stands for from readers without filters,
// if it is for those that have some.
func (d *draft) restrict(mark uint32, filters []string) {
	if len(filters) > 0 {
		d.restricted |= mark
	}
}

// eventOf is the item's event. Without an id of its own it has the item's,
// unless that cannot be an event's, or none yet.
func eventOf(it *grip.Item) sse.Event {
	e := sse.Event{Name: it.Event.Name, ID: it.Event.ID, Data: it.Event.Data, Retry: it.Event.Retry}
	if e.ID == "" && (sse.Event{ID: it.ID}).Validate() == nil {
		e.ID = it.ID
	}
	return e
}

// weight is about what the draft occupies while it is parked, in bytes.
func (d *draft) weight() int {
	n := 256 + len(d.note) + len(d.itemID) + len(d.prevID) + len(d.content) + len(d.message)
	if d.response != nil {
		n += responseRoom(d.response)
	}
	return n
}

// encode lays the draft out, with one allocation.
func (d *draft) encode(p channels.Position) channels.Encoded {
	var scratch [32]byte
	id := string(p.AppendTo(scratch[:0])) // does not escape, or it would be another
	l := layout{Encoded: channels.Encoded{Tag: uint32(d.scan.Effect) | d.restricted}}
	l.Buf = make([]byte, 0, d.room(len(id)))
	l.Buf = append(append(l.Buf, d.note...), d.itemID...)
	l.ItemID = l.since(len(d.note))
	from := len(l.Buf)
	l.Buf = append(l.Buf, d.prevID...)
	l.PrevID = l.since(from)
	from = len(l.Buf)
	for _, seen := range d.scan.IDs {
		l.Buf = channels.AppendID(l.Buf, seen)
	}
	if d.stamp == stampAll {
		l.Buf = channels.AppendID(l.Buf, id)
	}
	l.IDs = l.since(from)
	l.streams(d, id)
	if d.response != nil {
		from := len(l.Buf)
		l.Buf = appendResponse(l.Buf, d.response)
		l.Forms[Response] = l.since(from)
	}
	from = len(l.Buf)
	l.Buf = append(l.Buf, d.message...)
	l.Forms[Message] = l.since(from)
	return l.Encoded
}

// room is how long the layout becomes, or a little more.
func (d *draft) room(id int) int {
	n := len(d.note) + len(d.itemID) + len(d.prevID)
	for _, seen := range d.scan.IDs {
		n += lengthRoom + len(seen)
	}
	if len(d.content) > 0 && d.stamp != stampAll {
		n += chunkRoom + len(d.content)
	}
	if d.stamp != stampNone {
		n += lengthRoom + id + chunkRoom + len(d.content) + sse.IDLen(id)
	}
	if d.response != nil {
		n += responseRoom(d.response)
	}
	return n + len(d.message)
}

// layout builds Encoded.Buf part by part.
type layout struct {
	channels.Encoded
}

// since returns the span from an offset to the end.
func (l *layout) since(from int) channels.Span {
	return channels.Span{Off: uint32(from), Len: uint32(len(l.Buf) - from)}
}

// streams writes the forms for streams. Those that are equal share their bytes.
func (l *layout) streams(d *draft, id string) {
	if len(d.content) == 0 {
		return
	}
	from := len(l.Buf)
	if d.stamp != stampAll {
		l.Buf = AppendChunk(l.Buf, d.content)
		l.Forms[Stream] = l.since(from)
		l.Forms[StreamIDs] = l.Forms[Stream]
	}
	if d.stamp == stampNone {
		return
	}
	from = len(l.Buf)
	l.Buf = appendChunkSize(l.Buf, len(d.content)+sse.IDLen(len(id)))
	l.Buf = d.scan.AppendWithID(l.Buf, d.content, id)
	l.Buf = append(l.Buf, crlf...)
	l.Forms[StreamIDs] = l.since(from)
	if d.stamp == stampAll {
		l.Forms[Stream] = l.Forms[StreamIDs]
	}
}
