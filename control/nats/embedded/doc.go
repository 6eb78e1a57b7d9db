// Package embedded runs a NATS server with JetStream inside the process, alone
// or as one of a cluster, so that Holdfast scales out without a second product.
//
// # Model
//
// A Server owns a store directory, which it locks, and whatever listens. Holdfast
// itself connects through memory, with the option InProcess; the port for other
// clients is closed unless Options.Listen names one. In a cluster the servers
// speak to each other over routes, and JetStream elects a leader among them.
//
// Every node is given the same list of peers, and takes itself out of it (see
// self.go). When a cluster starts for the first time, the server takes the number
// of its routes for the number of servers to come. So of three nodes two are
// enough; with themselves among the routes, all three must be there.
//
// A node that comes back is ready when it has what the leaders say it should have
// (see settle.go). The server takes itself for current earlier, when it has heard
// from a leader and not yet of any stream. Whoever went by that, and stopped the
// next node, could leave a node with an empty disk and one other that never agree
// on a leader again.
//
// # Invariants
//
//   - One process per store directory. The server does not lock it; we do.
//   - The server's name is its identity in the cluster. It is made once and kept
//     in the store directory; a store is never used under another name.
//   - Nobody but Holdfast publishes to Options.Deny. Who comes over the network is
//     not allowed to, nor to speak to JetStream's API, where a stream or consumer
//     could be made that delivers there in its place (see access.go).
//   - The server never takes a signal, never exits the process, and writes no log
//     but ours.
//   - Missing names peers as they are configured. Which server is behind an address
//     is asked of the address itself (see probe.go), since a route says only
//     where a connection came from.
//
// # Not done, and why
//
// A node alone is no cluster of one: it would have a Raft log for nothing, and
// could not be told apart from one that waits for its peers.
//
// There is no lame duck mode: Holdfast drains its own clients, and a server that
// shuts down hands its leaderships over anyway.
//
// # Files
//
// options.go: what a Server is made of. server.go: start and shutdown. settings.go,
// access.go, tls.go: the server's own options. store.go, lock_*.go: the directory,
// trust.go: whether it has all that was stored.
// self.go, probe.go, peers.go: the others. settle.go, ready.go: what is wrong at
// present. logger.go: what the server says.
package embedded
