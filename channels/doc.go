// Package channels is the heart of Holdfast: it puts what is published into
// one order, keeps the last of it per channel, and lets any number of readers
// follow.
//
// # Model
//
// A publisher hands an [Item] to the [Hub]. The hub de-duplicates and
// sequences it, gives it the next [Position], has it encoded, and appends the
// resulting [Entry] to its channel's [Log]. A reader is a [Cursor]: a place in
// one or more logs. There is no queue per reader. A slow reader is a cursor
// that moves slowly, a returning one is a cursor that starts further back, and
// a replay is the same read as live delivery. A log tells the [Group]s of its
// cursors that it has something new; it never knows single streams.
//
// # Invariants
//
//   - One order. Positions are taken and entries appended under one lock, so
//     when an entry can be read, every smaller position is already in its log.
//     A position may therefore be shown to a client at once: resuming from it
//     can never step over an entry that is appended late.
//   - Encoded once. An item's Encode runs when its position is known, and every
//     reader shares the bytes.
//   - Progress. A read that returns no entry and no error means "at the head".
//   - Nothing is dropped silently. A log remembers the position of the last
//     entry that it dropped (its floor), a shard the highest one that went with
//     a whole channel; a cursor that would have needed it gets a [Gap].
//     What the hub never got is told at its place in the order ([Hub.Interrupt]).
//   - A channel that nobody holds costs little. Its log is packed by a sweep into
//     bytes that the garbage collector does not look into, and unpacked when somebody
//     comes: nothing else can tell the difference.
//   - Everything is bounded: logs by count, bytes and age, channels without
//     readers by an LRU, parked and remembered ids by count, everything
//     together by a memory limit.
//
// # Retention and send window
//
// What a returning client may replay (retention) and how far a live reader may
// lag (send window) are two limits. The oldest entry goes when retention no
// longer covers it and no live cursor stands just before it, or when the
// window does not cover it either. Each entry counts the cursors that stand
// just before it, so the check costs nothing per reader.
//
// # Feeds
//
// A hub can leave the order and the history to a bus that several nodes share:
// its [Feed]. Then it publishes nothing by itself. It tells the feed which
// channels it keeps; a follower waits until Fill has given a log its history, and
// Deliver brings what is new in places that the bus gave. The places of other
// channels leave holes in a node's view, so what a log lacks is known only where
// the feed says so: by the Floor of a history, and by Break.
//
// Each channel's entries come in order, those of several channels nearly always.
// One that was lost on its way and found again comes after higher places of
// others. It is read where it comes, and remembers how far readers can have got
// without it, so that a client who returns from between gets it too.
//
// An id that no log knows can be one that another node was faster with: Sync asks
// the bus before it is called unknown. Restart begins another order; whatever was
// read of the one before is over.
//
// # Readers that can ask elsewhere
//
// A reader whose origin can be asked for what is missing compares by itself what
// each item must follow (Follow.Chained), as it knows what its client has seen from
// other sources than the log. While the origin is asked it does not read: what is
// published waits in the log. Then it goes on with another cursor (Continued), on
// each channel after the item that the origin names, or from the place noted when
// the head of its answer arrived; or where it was, if the origin could not be told
// what the client has seen.
//
// # What was rejected
//
// A buffered queue per subscriber: it copies, it needs a size, and what falls
// off its end is lost in silence. Numbering without the order lock (an atomic
// counter and per-channel locks): then position 10 can be readable while 9 is
// still on its way to another channel, and a client that has seen 10 never gets
// 9. The lock costs about as much as the append itself, which is a small part
// of one write to one socket.
//
// # Locks
//
// In the order in which they may nest: Hub.order, shard.mu, Log.mu. No lock is
// held while a Group is woken. Encode runs under Hub.order only.
//
// The package imports nothing else of Holdfast and knows no wire format.
package channels
