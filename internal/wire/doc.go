// Package wire lays out what is published as the bytes that readers get, once
// per item: it is the encoder that every [channels.Item] brings.
//
// An entry has up to four forms. [Stream] is the content as one HTTP/1.1 chunk, so
// that a held connection gets it with a single write; other protocols send the
// middle of the chunk ([Data]). [StreamIDs] is the same for streams of routes
// that resume by positions: content that consists of whole events, of which the
// last has no id, gets the item's position as its id there. Where that changes
// nothing the two share their bytes. [Response] is a whole response for a held
// request (long polling). [Message] is a message as a frame for WebSockets, and
// where some route compresses, also as a compressed one ([Frames]).
//
// Everything of an item is in one allocation. The entry's tag is the content's
// effect on the state of an event stream, [Effect], and whether it, or the message, is
// for readers with content filters alone. What the item says to filters is the entry's note:
// see [Meta].
//
// The hub calls the encoder under its order lock, since only then the position
// is known. So whatever does not depend on the position is done before, by
// [Item]: writing our own events, scanning the content, deciding what gets an
// id. Under the lock there is copying only. An id is put in by copying too: a
// position has the same effect on a stream wherever it stands, so nothing has to
// be scanned again.
package wire
