// Package zmq takes publications over ZeroMQ, on the sockets that Pushpin has, so
// that its publishers go on working: PULL for those that push, SUB for those that
// publish.
//
// # Model
//
// A Source listens; every connection has a goroutine that reads a message, hands it
// to package intake, and reads the next. A PULL message is one frame, an item; a SUB
// message is two, the channel and the item. An item is JSON behind a J, or a
// tnetstring, with a T before it or not; the latter becomes JSON first (see ToJSON),
// for that is how an item goes on to other nodes.
//
// While an item is being published its publisher is not read. So nothing is queued
// here, and a publisher that is too fast is slowed down by its own socket.
//
// # Invariants
//
//   - No message ends a connection but one that is too large, or has too many frames,
//     and no connection the source: what is wrong with one is counted, and logged at
//     most once a minute.
//   - What a peer says about its lengths is believed only within bounds: the guard
//     below the library sees each length before anything is allocated for it.
//   - Nothing that a peer says of itself ends the process, at which the library panics.
//   - A peer that says nothing after connecting is let go of, and keeps nobody else
//     from connecting.
//
// # Not done, and why
//
// The library's sockets (zmq4.Socket) accept one connection after the other, each
// with its handshake, allocate what a peer says, and put messages into a queue of
// goroutines that outlives Close. Only its connection is used: the handshake, the
// framing of messages.
//
// A SUB socket of Pushpin subscribes to the channels that have readers. Ours
// subscribes to everything: what is published while nobody reads can still be asked
// for by who comes back. ZeroMQ answers nothing, so publishers hear of no error, and
// what is on its way when a connection breaks is lost.
//
// # Files
//
// source.go: from the listeners to the last connection. endpoint.go: addresses.
// conn.go: one connection. guard.go: what bounds it. message.go: one message.
// tnetstring.go: tnetstrings. metrics.go: what is counted.
package zmq
