// Package bench loads a server of event streams and says what came of it: how
// fast streams connect, how many deliveries a second they get, how late they
// are, whether any is missing, doubled or out of place, and what the server's
// processes took for it. It knows nothing of Holdfast but the publish request,
// and others' in their dialects, so it measures any server the same way.
//
// # A run
//
// A run connects all streams, so many at a time. It publishes items round robin
// over the channels, at a rate or flat out, for a duration. It waits until every
// stream has everything, or nothing comes any more. A replay goes the other way
// round: what is published is there before the streams. A scenario is nothing but
// defaults for the settings of a run, so every mixture can be had.
//
// Every event carries a stamp: the run, its channel, its number in the channel
// and when it was sent. The readers judge by the stamp alone; events without
// one of this run are counted apart. Latency is the time from just before the
// publish request is made until the read that brought the event returns. At a rate
// the schedule does not wait for a late server: what was due before the answer to
// the request before is counted from then on, and the rate is lower.
//
// Where all streams follow one channel, an event is a pass over all of them. How
// late the first, the median and the last stream of a pass are says more about a
// fan-out than percentiles over all deliveries.
//
// Some things can only be told beside others. A run with streams that do not read
// is made without them first. What a stream costs, and what a Go server's runtime
// did, are differences between looks at the server, and what looking costs it is
// taken off.
//
// # The client's own weight
//
// The client shares the machine with what it measures, so a stream is a TCP
// connection, a goroutine and a 2 KiB buffer: the head is read by net/http, the
// body by two small state machines. Only the start of a line is looked at.
// http.Client was not used because it costs several times as much per stream; for
// HTTP/2 it is, since a client of our own would be more to get wrong. Publish
// requests are written by the goroutine that has the clock, for http.Client lets
// others do it, whose waking up would count as the server's. Where even the reader's
// counts too much, an event's time is when the kernel got it.
//
// A process can have only so many descriptors. A run with more streams hands them
// to client processes, which do the same jobs by calls over their pipes and
// report parts that add up; their clocks agree because the machine's monotonic
// clock is one for all processes. Threads of one process would not do: the limit
// is the process's.
//
// # Several servers
//
// Package peer starts servers, package compare measures them side by side and
// makes a page of it and judges that by what Holdfast aims at, package floor is the
// least that a server can be.
package bench
