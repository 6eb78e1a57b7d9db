// Package bench loads a server of event streams and says what came of it: how
// fast streams connect, how many deliveries a second they get, how late they
// are, and whether any is missing, doubled or out of place. It knows nothing of
// Holdfast but the publish request, so it measures any GRIP proxy the same way.
//
// # A run
//
// A run has three phases. It connects all streams, so many at a time. It
// publishes items round robin over the channels, at a rate or flat out, for a
// duration. It waits until every stream has everything, or nothing comes any
// more.
//
// Every event carries a stamp: the run, its channel, its number in the channel
// and when it was sent. The readers judge by the stamp alone; events without
// one of this run are counted apart. Latency is the time from just before the
// publish request is made until the read that brought the event returns. At a rate
// the schedule does not wait for a late server: what it is late by shows as
// latency and as a lower rate.
//
// Where all streams follow one channel, an event is a pass over all of them. How
// late the first, the median and the last stream of a pass are says more about a
// fan-out than percentiles over all deliveries.
//
// # The client's own weight
//
// The client shares the machine with what it measures, so a stream is a TCP
// connection, a goroutine and a 2 KiB buffer: the head is read by net/http, the
// body by two small state machines. Only the start of a line is looked at.
// http.Client was not used because it costs several times as much per stream.
package bench
