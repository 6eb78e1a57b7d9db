package channels

import "context"

// Form names one of the encodings that an entry carries, for one kind of
// reader. What each form means is up to whoever encodes and reads: this
// package only moves the bytes.
type Form uint8

// NumForms is how many forms an entry can carry.
const NumForms = 4

// Action is what an entry asks of the streams that were live when it was
// published, after everything before it has been delivered.
type Action uint8

// The actions of GRIP (publish formats, "action"). The zero value sends the
// entry's bytes.
const (
	Send Action = iota
	Close
	Hint
)

// Item is what a publisher hands in. The hub owns it after Publish and never
// changes it.
type Item struct {
	// Channel is where the item goes; see CheckName.
	Channel string
	// ID, when set, makes the item known: a second item with the same id on
	// the same channel within the de-duplication window is not published.
	ID string
	// PrevID, when set, names the item that must precede this one.
	PrevID string
	// NoSeq publishes at once, whatever PrevID says (GRIP: no-seq).
	NoSeq bool
	// Size is what the item weighs, in bytes, until it is encoded.
	Size int
	// Actions holds an action per form.
	Actions [NumForms]Action
	// Encode lays the item out. It is called exactly once, when the item's
	// place in the order is known, under the hub's order lock: it must not
	// block and must not call the hub.
	Encode func(Position) Encoded
}

// follows reports whether the item may come after the one with the id last, the
// channel's last; empty if that is not known.
func (it *Item) follows(last string) bool {
	return it.PrevID == "" || it.NoSeq || last == "" || it.PrevID == last
}

// Span is a part of Encoded.Buf. An empty span means that there is nothing.
type Span struct{ Off, Len uint32 }

// Encoded is an item laid out for every kind of reader. The hub keeps Buf;
// nobody may change it afterwards.
type Encoded struct {
	// Buf holds all the bytes that the spans point into: one allocation.
	Buf []byte
	// Forms are the bytes per form. Spans may overlap. A form whose span is
	// empty and whose action is Send does not exist for its readers.
	Forms [NumForms]Span
	// ItemID is the publisher's item id, empty if it gave none. What Buf has
	// before it is Entry.Note.
	ItemID Span
	// PrevID is the publisher's prev-id, empty if it gave none.
	PrevID Span
	// IDs are the event ids that a client can have seen in the entry, in
	// order, each written by AppendID.
	IDs Span
	// Tag tells readers what the encoder wants them to know at a glance.
	Tag uint32
}

// Status says what became of an item.
type Status uint8

// What Publish can do with an item that it accepts.
const (
	// Appended: the item has its position and readers see it.
	Appended Status = iota
	// Parked: the item waits for the one that its PrevID names; it is
	// appended when that comes, or after the sequencer's wait.
	Parked
	// Duplicate: an item with this id was published before; nothing was done.
	Duplicate
)

// Result tells a publisher what became of one item.
type Result struct {
	Status Status
	// Position is the item's place; zero unless Status is Appended.
	Position Position
	// Streams is how many of this node's cursors follow the channel.
	Streams int
}

// Publisher takes items from any source.
type Publisher interface {
	// Publish orders and appends the items, all or none, next to each other.
	// It returns when they are appended (or parked) and never waits for a
	// reader. The error is ErrClosed, or a NameError for a bad channel name.
	Publish(ctx context.Context, items ...Item) ([]Result, error)
}
