// Package explain sends one request through the proxy's own code and reports
// what became of it: the route, what the origin was asked and answered, the
// instruction as it was read, what would be held, what the client gets, and
// which mistakes the origin's headers have.
//
// Nothing is simulated: the Handler is the one that serves, with its routes,
// header edits, signatures and retries, and the origin is really asked. Only
// the ends are others. A recorder stands for the client's connection, and a
// stage for the hub and the holder: it lets the Handler place a cursor, notes
// with what, and ends the hold at once. So a stream is explained up to its
// initial body, and a long poll gets the answer that it would get when its time
// is up, without the wait. What other processes have published is not known
// here, so a report says where a client would resume, not what it would get.
//
// Mistakes are found by rules (advice.go): small functions from the evidence to
// findings, each with a remedy. A mistake is what makes clients get something
// else than the origin wants; a hint is what works, but hardly as it was meant.
//
//	explain.go    Run
//	report.go     what is told, secrets.go what is not; text.go, and
//	              encoding/json, write it
//	recorder.go   the client; stage.go the hub and holder; witness.go the rest
//	advice*.go    the rules
package explain
