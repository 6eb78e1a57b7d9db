// Package stream is the bus between nodes: it keeps what is published in a
// JetStream stream, and feeds each node's hub from it.
//
// # Model
//
// A message on PREFIX.channels.CHANNEL is an item, whether a node stored it or a
// microservice sent it. The stream decides the order; its sequence and the epoch
// in its metadata are the items' positions on every node. What is stored is
// republished below _PREFIX.live, and a node subscribes there for the channels
// that its hub keeps, all over one queue.
//
// Republishing is at most once, and neither interest nor replicas are up to date
// everywhere at once. So a channel's log is filled by a census:
//
//	subscribe ─▶ store a mark ─▶ it comes back ─▶ heads ─▶ fetch up to the heads
//
// The mark reaches the stream's leader after the subscriptions and comes back
// after all that was stored before it. Hence what is above the mark comes live,
// and what is below is at most what the heads say, if the replica that tells
// them has the mark. Many channels share a census, and those who come while one
// is under way share the next.
//
// Whatever may have cost messages raises a doubt: nothing new is handed on until
// a census shows that nothing is missing, and then all of it in order. Otherwise a
// client of two channels could be shown something of the one, and come back to
// another node with that place, past what it never got of the other.
//
// A message lost on its way shows by the sequence of its predecessor, which the
// server adds, and on a quiet channel by the next census: there is one over all
// channels every 15 seconds, and after whatever may have cost messages.
//
// # Invariants
//
//   - What is acknowledged is stored. Otherwise a publisher is told that nothing
//     was, or that it is not known; trying again with the same id is safe.
//   - The hub hears of an item in the order of the stream, and of everything up
//     to a mark before it hears of the mark. Only what was lost comes late.
//   - A stream that has lost what it had gets a new epoch: its sequences would
//     mean something else. All held streams end then. A node knows it by the last
//     message that it has seen, and hands on nothing of another connection or
//     leader before it has looked for that.
//   - An item that must follow another (PrevID) waits at the node that takes it,
//     which follows the channel meanwhile. What comes past the nodes is taken as
//     it is stored, and a hole in its chain is told as a gap.
//   - No message stops the bus.
//   - Of headers that the server adds only the last value counts: a publisher may
//     have sent the same ones.
//
// # What was rejected
//
// A consumer per channel: a server takes 1,000 of them. Subscribing and reading
// what is there, without a mark: on a cluster about one message of a hundred
// was seen neither way. Trusting the time at which a stream was made as its
// epoch: a restored stream has the same.
//
// # Files
//
// bus.go, session.go: what runs. interest.go: what the hub wants. feed.go: what
// comes live. census.go: what is looked up, question.go in which parts, direct.go
// how. doubt.go, repair.go: what was lost. publish.go: what goes in, turn.go when,
// store.go how, underway.go: what may not. settle.go: the stream itself, witness.go:
// whether it is still the same, kept.go: the limits that it had. stamp.go: the
// server's headers. ack.go: its acknowledgements.
package stream
