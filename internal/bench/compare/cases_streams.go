package compare

import (
	"time"

	"github.com/holdfast-proxy/holdfast/internal/bench"
	"github.com/holdfast-proxy/holdfast/internal/bench/peer"
)

// streamCases are about the streams themselves.
func streamCases() []Case {
	return []Case{
		{
			Name: "idle", Title: "Memory of streams that wait", scenario: "idle", rounds: 2,
			About:   "5,000 streams with a channel each that gets nothing: what the server's processes grew by, straight after connecting and three seconds later. The kernel's part is not in it.",
			Columns: idleColumns(),
			tune:    func(c *bench.Config) { c.Streams, c.Settle, c.WarmUp = 5000, 3*time.Second, false },
		},
		{
			Name: "idle-minute", Title: "Memory of very many streams that wait", scenario: "idle", rounds: 1,
			About:   "The same with 15,000 streams, and a minute later.",
			Columns: append(idleColumns(), collectionColumns()...),
			tune:    func(c *bench.Config) { c.Streams, c.WarmUp = 15_000, false },
			targets: []Target{atMost("memory per stream", 3*kib), atMost("memory per stream, settled", kib), collectionTarget()},
		},
		{
			Name: "connect", Title: "Connecting", scenario: "connect", floor: "floor-proxying",
			About:   "2,000 streams connect, 256 at a time. Holdfast, Pushpin and two of the floors ask an origin for each of them; one of these is a bare httputil.ReverseProxy, which holds nothing.",
			Columns: connectColumns(),
			tune:    func(c *bench.Config) { c.Streams = 2000 },
			can:     func(peer.Peer) bool { return true },
			targets: []Target{
				atMost("CPU per connect", 120),
				atMostOf("floor-proxying", 0.85, "CPU per connect"),
				atMost("garbage per connect", 12_000),
				atMost("streams refused", 0),
			},
		},
		{
			Name: "replay", Title: "Streams that come back", scenario: "replay",
			About:   "400 streams return with a Last-Event-ID and get the 900 events that they have missed. What connecting costs is measured just before, and taken off.",
			Columns: []Column{{"CPU per replayed event", "CPU an event", Less}, {"replay rate", "events", More}, missing()},
			tune:    func(c *bench.Config) { c.Streams, c.Batch = 400, 100 },
			can:     func(p peer.Peer) bool { return p.Replay },
			targets: []Target{atMost("CPU per replayed event", 0.15)},
		},
		{
			Name: "slow", Title: "Streams that do not read", scenario: "slow",
			About: "10 of 100 streams do not read, and have small receive buffers, while 10 MB are published to all. How late are the others, against the same run just before with those 90 alone? Then the ten read: did they get everything, were they told that they did not (a gap event, or the end of the stream), or do they miss events without a word? " +
				"A kernel queue is what the server's kernel keeps for one of the ten, sent and not acknowledged or not sent; its memory, with the kernel's own structures, is in the column after it. Memory is that of the processes.",
			Columns: []Column{
				{"delivery p50, times", "p50 ÷ without", Less}, {"delivery p99, times", "p99 ÷ without", Less}, deliveryP99(), missing(),
				{"memory growth", "memory", Less}, {"memory growth beyond the log", "beyond the log", Less},
				{"longest kernel queue", "kernel queue", Less}, {"median kernel queue", "median queue", Less}, {"memory of a kernel queue", "queue's memory", Less},
				{"stuck, whole", "whole", ""}, {"stuck, told", "told", ""}, {"stuck, silent loss", "silent loss", Less},
			},
			tune: func(*bench.Config) {},
			can:  func(p peer.Peer) bool { return p.Slow },
			targets: []Target{
				atMost("missing", 0),
				atMost("delivery p99, times", 1.2),
				atMost("memory growth beyond the log", 1024*kib),
				atMost("longest kernel queue", 128*kib),
			},
		},
	}
}

func idleColumns() []Column {
	return []Column{{"memory per stream", "at first", Less}, {"memory per stream, settled", "later", Less}, {"streams refused", "refused", Less}}
}

func connectColumns() []Column {
	return []Column{
		{"CPU per connect", "CPU a stream", Less}, {"connect rate", "streams", More}, {"connect p99", "p99", Less},
		{"garbage per connect", "garbage a stream", Less}, {"longest pause", "longest pause", Less}, {"streams refused", "refused", Less},
	}
}
