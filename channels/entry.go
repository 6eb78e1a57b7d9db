package channels

import (
	"encoding/binary"
	"time"
	"unsafe"
)

// Entry is an item after ordering: encoded once, immutable, shared by every
// reader. Copies are cheap and share the bytes.
type Entry struct {
	seq     uint64
	at      int64 // when appended, UnixNano
	buf     []byte
	forms   [NumForms]Span
	itemID  Span
	prevID  Span
	ids     Span
	tag     uint32
	actions [NumForms]Action
	gap     bool // the entry is no item but tells that what is before it is lost
	orphan  bool // the item that it must follow is not the one before it

	// late is how far beyond seq the node had read the order when the entry
	// came, at most the largest number: another channel's reader was ahead.
	late uint32

	// waiting counts the live cursors that stand just before this entry. Only
	// the copy in the log's ring has it; guarded by the log's mutex.
	waiting uint32
	// sub is Subscription, in the copies that a cursor returns.
	sub int32
}

// entry lays an item out for its place.
func (it *Item) entry(at Position, when time.Time) Entry {
	enc := it.Encode(at)
	return Entry{
		seq: at.Seq, at: when.UnixNano(), buf: enc.Buf, forms: enc.Forms,
		itemID: enc.ItemID, prevID: enc.PrevID, ids: enc.IDs, tag: enc.Tag, actions: it.Actions,
	}
}

// entryCost is what an entry costs beside its bytes.
const entryCost = int64(unsafe.Sizeof(Entry{}))

// Seq is the entry's place in the total order.
func (e *Entry) Seq() uint64 { return e.seq }

// Published is when the entry was appended.
func (e *Entry) Published() time.Time { return time.Unix(0, e.at) }

// Bytes returns the entry's bytes in form f, nil if it has none. The caller
// must not change them.
func (e *Entry) Bytes(f Form) []byte { return e.span(e.forms[f]) }

// Action returns what the entry asks of readers of form f.
func (e *Entry) Action(f Form) Action { return e.actions[f] }

// PrevID is the id of the item which, by the publisher's word, must be the one
// before it; nil if it gave none. The caller must not change it.
func (e *Entry) PrevID() []byte { return e.span(e.prevID) }

// Orphan reports whether the item that must be before it, by the publisher's word,
// is not the one that was: something has not come, or not in its turn.
func (e *Entry) Orphan() bool { return e.orphan }

// Tag returns the encoder's.
func (e *Entry) Tag() uint32 { return e.tag }

// Note returns what the encoder has put before the item's id: bytes for those
// readers who look closer, and nothing in most entries. The caller must not
// change them.
func (e *Entry) Note() []byte { return e.buf[:e.itemID.Off:e.itemID.Off] }

// ItemID returns the publisher's item id, nil if it gave none. The caller must
// not change it.
func (e *Entry) ItemID() []byte { return e.span(e.itemID) }

// Subscription is by which of its Follow.Subscriptions a cursor has read the
// entry.
func (e *Entry) Subscription() int { return int(e.sub) }

func (e *Entry) span(s Span) []byte {
	if s.Len == 0 {
		return nil
	}
	return e.buf[s.Off : s.Off+s.Len : s.Off+s.Len]
}

// exists reports whether readers of form f have anything to do for e.
func (e *Entry) exists(f Form) bool { return e.forms[f].Len > 0 || e.actions[f] != Send }

// missedAt reports whether a reader that has been at place can have missed e,
// although e is before it.
func (e *Entry) missedAt(place uint64) bool { return missedAt(e.seq, e.late, place) }

func missedAt(seq uint64, late uint32, place uint64) bool {
	return place > seq && place-seq <= uint64(late)
}

// AppendID appends one event id to a list of ids for Encoded.IDs.
func AppendID(dst []byte, id string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(id)))
	return append(dst, id...)
}

// findID looks for id in a list written by AppendID. It tells whether id is
// there and whether it is the last of the list.
func findID(list []byte, id string) (found, last bool) {
	for len(list) > 0 {
		n, k := binary.Uvarint(list)
		list = list[k:]
		if string(list[:n]) == id {
			found, last = true, len(list) == int(n)
		}
		list = list[n:]
	}
	return found, last
}
