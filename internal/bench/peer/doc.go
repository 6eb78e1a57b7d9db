// Package peer starts servers of event streams to be measured side by side: each
// is an adapter that writes the server's configuration, says how to start it, and
// how to subscribe and publish in the server's own way. All run on this machine,
// on ports of 127.0.0.1, with what they need in a directory that is removed
// afterwards.
//
// Each is configured to be at its best at this work: no access log, no rate
// limits, room for all streams, and as much history as Holdfast keeps by default.
// What is set is part of the result, so that everybody can judge it.
package peer
