// Package nodes lets the nodes that share a NATS know of each other, and asks them
// all at once.
//
// # Model
//
// Every few seconds a node says its name on _PREFIX.nodes.here, and when it ends in
// peace that it goes. Whoever was heard of within a minute and has not gone is
// expected to answer. A node that has just connected says hello, upon which the
// others say their names at once, so it knows them after a moment.
//
// A question, about channels or about streams, goes to _PREFIX.nodes.ask and is heard by all nodes; each answers to
// the asker's inbox with one message, which it cuts to what a message may hold.
// The asker waits until all that it expects have answered, or for a second, and
// tells of those that have not by their names.
//
// # Invariants
//
//   - What a process answers is added up once. Two that have one name are added up
//     as far as both answer in time, and it is logged.
//   - A node that does not answer costs the asker a second and nobody else anything.
//   - Nothing here decides about messages: who is not heard of by others is served
//     and heard like everybody.
//   - What others send is bounded, and never stops a node.
//
// # Not done, and why
//
// The server's own knowledge of connections is not used: it needs the rights of a
// system account, and knows connections, not nodes. A queue group would have one
// node answer for all, which is right where all know the same, but who subscribes
// to what is known to each node alone.
//
// nodes.go: what runs. ask.go: questions and reports. members.go: who is there.
package nodes
