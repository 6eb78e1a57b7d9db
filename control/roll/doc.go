// Package roll is the roll call of nodes: what each tells of its channels, and
// how that adds up. The HTTP endpoint (package control) asks an Asker; Alone is
// one, and the brokers' packages have others, which carry questions and reports
// between nodes as they are.
//
// # Model
//
// A question is for one channel, or for a page of the channels that start with a
// prefix, in the order of their names and after one of them. Every node answers
// with such a page of its own, and Merge makes one of them all.
//
// That order is the only one in which pages of nodes make a page of the cluster:
// which channel has the most subscribers on all nodes together cannot be told
// from the first few of each. A page ends where the shortest of the pages does that
// do not go to the end, since of names beyond one node has not told yet.
//
// Subscribers are added up. What is kept for replay is the same on all nodes
// that share a stream and is kept by those that need it, so adding it up would
// mean nothing: the node that keeps the most of a channel speaks for it.
package roll
