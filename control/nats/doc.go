// Package nats takes publications over core NATS: what a microservice publishes
// to holdfast.channels.user-42 reaches the streams of user-42.
//
// # Model
//
// A Source has one connection with two subscriptions. Messages to PREFIX.publish
// are what POST /publish/ takes; PREFIX.channels.CHANNEL has a payload that is one
// event's data, with the channel in the subject (see Encode) and the rest in
// Holdfast- headers. Both hand their payload to package intake, like the HTTP
// endpoint, and a message that was a request is answered with the same JSON.
//
// The client library puts the messages of both subscriptions into one channel,
// and one goroutine publishes them in the order in which they came. So what one
// publisher sends over one connection keeps its order, over both subjects.
//
// A Relay sends the other way over the same connection: what the node is given
// over HTTP goes to the other nodes as the messages that a microservice would
// have sent, and is published here when the server has it. One goroutine sends
// what waits, asks the server once to confirm all of it, and publishes it here in
// the same order. What came over NATS is never relayed: every node hears it.
//
// # Invariants
//
//   - No message stops the source: what is wrong with one is counted, answered if
//     it was a request, and logged at most once a minute.
//   - A channel has one subject and a subject one channel. What Encode would not
//     have written is refused, so that two spellings never share a history.
//   - Only headers of ours are read. The Nats- headers with which a stream marks
//     its messages can be set by every publisher, and mean nothing here.
//   - Waiting messages are bounded. The client drops what is beyond, which is
//     counted and logged; NATS has no way to slow a publisher down.
//   - A NATS that cannot be reached stops nothing. The source says that it is not
//     ready, and tries again for ever.
//   - Nothing is lost in silence: streams are told when a connection was away or
//     messages found no room. The source is ready again, and takes what a new
//     connection brings, when they have been told of what the last one may have
//     missed.
//   - A Relay's publisher is told that nothing was published only if nothing was, on
//     any node. So the library may not keep what it cannot send at once.
//   - An answer never goes to a subject below the prefix, where it would be taken
//     for a publication.
//
// # Not done, and why
//
// Delivery is NATS's own: at most once. What is published while the connection
// is down is not seen, and nobody knows what that was: streams on all channels are
// told that it may concern them. There is no queue group, since each node must hear what
// its own streams need; nodes that listen to one NATS order what they hear each
// for itself; package stream is for those who need one order.
//
// Relaying first and publishing here only at the confirmation costs a publisher
// the way to the server and back. The other way round, a publication that the
// server never got would be on one node alone, and its publisher could not be told
// to send it again.
//
// A subscription with a callback would have its own goroutine, and the order over
// the two subjects would be lost.
//
// # Files
//
// subject.go: channels and subjects. options.go: what a Source is made of.
// access.go, link.go: the connection and what becomes of it. source.go: from the
// first message to the last. message.go, header.go: one message. loss.go: what has
// not come. relay.go: what goes out, compose.go, size.go: as which messages,
// refusals.go, judge.go: what the server does not let out. metrics.go: what is
// counted.
package nats
