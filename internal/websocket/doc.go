// Package websocket holds the WebSockets of clients whose origin speaks GRIP on
// them.
//
// # Model
//
// A [Session] has two ends. The client's is a connection that the proxy has
// taken over after the handshake. The origin's is a connection too, on which the
// origin talks to the client and, in control messages, to us ([Session.Direct]);
// or there is none, and each message of the client is an HTTP request with events
// that is answered with events ([Session.OverHTTP]).
//
// What the origin subscribes the client to is delivered by the rule of all held
// responses: the channel's log is the queue, and the session has a cursor in it for
// each of its channels. Nothing is dropped for a client that reads slowly; one
// that falls off the log is told so by the close frame.
//
//	origin ── relay, control ──▶ client ◀── deliver ── cursors
//	origin ◀────── relay ─────── client
//
// Each arrow is a goroutine, which blocks when its target does: so the one who
// reads slowly slows down the one who writes. A message is written under the
// client's turn, so messages of the origin and of channels never mix, and each
// frame under its lock, so that pings and the close frame pass between the
// fragments of a message.
//
// Filters (package filter) are asked when an entry is taken from its log, under the
// lock under which the origin changes channels and meta. What they rewrite is laid
// out for this client alone; everything else is the bytes that all have.
//
// A plain WebSocket, whose origin does not take up the extension, never comes here:
// it is a tunnel for bytes.
//
// # Relaying
//
// Messages are relayed in parts of at most 16 KiB as they come, each a fragment
// with a head of ours; so none is collected, whatever its size, and no lock waits
// for a peer's bytes. Pings, pongs and close frames are relayed, not answered.
// What one side compresses is collected and relayed plain: permessage-deflate is
// agreed with each side for itself. What we compress starts anew with each
// message, so all clients get the same bytes.
//
// # The library
//
// Framing is github.com/gobwas/ws, for it works on frames. coder/websocket and
// lxzan/gws are connections: they make the handshake themselves (which here is
// the origin's, with the origin's subprotocol and with an extension of its own),
// answer pings, join fragments, keep a buffer per connection, and cannot send a
// frame that is laid out once for all.
//
// # Ending
//
// Whoever finds a reason to end calls finish, and the first wins. Then the client
// is sent a close frame, if it is there and has got none yet, and has a moment to
// answer it. A drain ends a session when it has been sent everything that was
// published until then.
//
// # Files
//
//	session.go   a session, from start to end      control.go   what origins ask for
//	client.go    what the client sends             feed.go      cursors
//	direct.go    an origin with a connection       deliver.go   what is published
//	overhttp.go  an origin that is asked           timers.go    keep-alives, delayed messages
//	asking.go    one request to it                 peer.go      writing frames
//	queue.go     what it is to be told             read.go      reading frames
//	sort.go      whom a message is for             deflate.go   compressed messages
//	ending.go    reasons and close codes           filtered.go  messages that are its own
//	metrics.go                                     quota.go     what many share
package websocket
