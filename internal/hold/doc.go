// Package hold keeps held responses and writes to them.
//
// A held response is a cursor with a socket. The proxy writes the head and the
// initial body of the answer and gives the rest to a Holder, which takes the
// connection away from net/http and sends what the cursor reads until the
// client leaves, a published action ends the stream, or the holder drains.
// Holder is the contract; holdtest proves an implementation; Goroutines is the
// one in this package.
//
// # Taking over
//
// Plain HTTP/1.x goes through Conn, which Listen puts around every connection:
// the stream claims the Conn, net/http finishes the response into the void,
// gives its buffers back to its pools, and adopts the stream by closing the
// connection. TLS and foreign listeners are hijacked, as a tls.Conn that was
// closed is of no use. A tls.Conn cannot be given another connection either,
// but the Conn beneath it can: see Conn.Replace. HTTP/2 and HTTP/3 have no connection to take: there the handler
// waits while others write through its ResponseWriter, as near to the top of its
// stack as Holder.Hold can bring it, for all that is on it waits too.
//
// So http.Server.Shutdown does not wait for streams on HTTP/1.x, which it
// takes for closed, but does for those on HTTP/2, and that of HTTP/3 does too: Drain comes before it.
//
// # Delivering
//
// There is no queue per stream, and a publisher never touches a socket. It
// wakes the group, which notes that the log has news; the group's one
// goroutine then kicks every seat that follows the log. A kicked stream starts
// a goroutine that delivers until its cursor is at the head, and ends:
//
//	idle ── kick ──▶ running ── kick ──▶ again
//	  ▲                │  ▲                │
//	  └── at the head ─┘  └── look again ──┘
//
// Who runs has the turn: it alone reads the cursor and writes, so all
// ordering follows from the cursor's. Everybody else (the timer wheel, Drain,
// the goroutine that watches the client) leaves a note in an atomic and kicks.
// The one that ends a stream keeps the turn for good.
//
// A single entry is written from where it lies; several are joined into a
// borrowed 16 KiB, for one write costs as much as copying 50 KB. So a stream
// that is behind catches up in few writes, and one that is stuck holds that
// much until its write deadline.
//
// # Own bytes
//
// Keep-alives, gap events and the retry of a farewell are written at the head,
// or at a gap, and in event streams only between events: where the content
// ended inside an event they wait, or the stream ends without them.
//
// # Asking the origin
//
// A stream with a Link has a way back to its origin. Where its cursor has a gap, an
// item does not follow what the client has seen, or a hint stands, it stops reading,
// and somebody else asks:
//
//	Feed ── Need ──▶ Link's recover ─▶ ... ─▶ Link.Resume ── Relief ──▶ Feed
//
// Until then it gets keep-alives, and ends as others do. A Relief is bytes, and after
// them another cursor, more to come, the end, or nothing: then it goes on where it
// was, after the gap event that it would have had at once without a link. The holder
// learns of other logs by the step Moved. The link keeps the id of the last item per
// channel; what has arrived by the origin's answer and by the log is sent once.
//
// # Talking to one stream
//
// A stream with a Mailbox can be told something alone: whole events of its own, which
// stand between others and have no id; to go on with other channels from where it
// stands; to end at once. That is what a challenge for new credentials needs, and
// what comes of its answer. The Registry tells who is held, by the Ticket that each
// has: id, address, user, route, and on request what the stream is doing, which
// whoever owns it says itself. A ticket costs 32 bytes more than none of that would.
//
// # Leaving
//
// A client's leaving is noticed by a goroutine per HTTP/1.x stream that is
// blocked in Read. That goroutine is most of what an idle stream costs: of
// 3.3 KiB in use, 2.5 KiB are it and its stack. A clean end writes the last
// chunk, ends our half of the connection and waits a moment for the client's,
// since a connection that is closed with something unread in it is reset, and
// a reset takes what the client has not read yet. Half-closed clients count as
// gone.
//
// Rejected: one goroutine that blocks both in Read and on news cannot be had
// in Go; a writing goroutine per stream doubles the memory; a pool of writers
// stands still when enough clients are stuck; and writing from the group's
// goroutine needs sockets that do not block, which is what an event-loop
// holder is for.
//
// # Filters
//
// A stream with filters (see package filter) reads all that its channels have, and
// passes over what it does not get. What is left is laid out, and shared, as for
// everybody. Only where filters change the content a layout is the stream's own, and
// as what they know of the stream is then past it, it must be written whole.
//
// # Feeds and registries
//
// What a stream says does not depend on who writes it: a Feed reads the cursor
// and lays out bytes, entries, keep-alives, gap events and the end alike, and
// is told how much of them was taken. A Batch remembers its last layout, so
// that neighbours at the same place are not laid out again. Who is held, how
// many may be and how all of them end is a Registry's; holders can share one.
// Both are for other implementations of Holder too.
//
// # Files
//
//	holder.go      the contract           goroutines.go  the holder
//	stream.go      what to hold           live.go        a held stream
//	conn.go        the listener's conns   deliver.go     writing
//	prepare.go     heads and framing      feed.go        what a stream says
//	group.go       news                   fill.go        reading and laying out
//	registry.go    who is held            sent.go        how far it has come
//	drain.go       ending all             batch.go       the scratch
//	socket.go      HTTP/1.x               terms.go       what streams share
//	frames.go      HTTP/2 and HTTP/3      keepalive.go   keep-alives
//	link.go        the way to the origin  recover.go     waiting for it
//	seen.go        what a client has      filtered.go    streams with filters
//	mailbox.go     talking to one stream  client.go      who is held
//	held.go        listing who is held    inquiries.go   what they are doing
//	farewell.go    what is said last      sockets*.go    socket options
//	metrics.go
package hold
