// Package live is about the streams that nodes hold: which there are, ending them, and
// revoking what their clients were let in by. As package roll is for channels, it is what
// nodes ask each other and answer, and how that adds up. The HTTP endpoint (package
// control) asks an Asker; Alone is one, and the brokers' packages have others, which
// carry questions and reports between nodes as they are.
//
// # Model
//
// A node's streams are a Keeper's. A question is one of three: for a page of the streams
// that a rule means, in the order in which they began; for the end of one; or for a
// revocation, upon which a node first bars whom the rule means, then ends their streams,
// or has them show new credentials. Every node answers for itself, and Merge adds up.
//
// # Invariants
//
//   - A revocation is carried out by every node that reports; who did not is named as
//     missing, and can be asked again: doing it twice does no harm.
//   - Who is barred before the streams are looked for cannot slip through in between.
package live
