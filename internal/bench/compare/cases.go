package compare

import (
	"time"

	"github.com/holdfast-proxy/holdfast/internal/bench"
	"github.com/holdfast-proxy/holdfast/internal/bench/peer"
)

// A Case is one kind of work that servers are compared at.
type Case struct {
	Name    string
	Title   string
	About   string
	Columns []Column

	scenario string // of bench
	tune     func(*bench.Config)
	can      func(peer.Peer) bool // nil: every server for which it is worth it
	floor    string               // the server that ratios start from; "" for the plain floor
	rounds   int                  // at most; 0 for no such bound
}

// patience is how long a case waits for events that do not come.
const patience = 2 * time.Second

// The columns that several cases have.
func cpuPerDelivery() Column { return Column{"CPU per delivery", "CPU a delivery", Less} }
func cpuPerItem() Column     { return Column{"CPU per item", "CPU an item", Less} }
func deliveryP50() Column    { return Column{"delivery p50", "late, p50", Less} }
func deliveryP99() Column    { return Column{"delivery p99", "late, p99", Less} }
func missing() Column        { return Column{"missing", "missing", Less} }

func passColumns() []Column {
	return []Column{
		cpuPerDelivery(),
		{"first of a pass", "first stream", Less},
		{"median of a pass", "median stream", Less},
		{"last of a pass", "last stream", Less},
		deliveryP99(),
		missing(),
	}
}

// Cases are all there are.
func Cases() []Case {
	return append(fanOutCases(), streamCases()...)
}

// fanOutCases are about publishing.
func fanOutCases() []Case {
	return []Case{
		{
			Name: "broadcast", Title: "Broadcast at a modest rate", scenario: "broadcast",
			About:   "1,000 streams follow one channel that gets 12 events a second.",
			Columns: passColumns(),
			tune:    func(c *bench.Config) { c.Rate, c.Duration = 12, 2*time.Second },
		},
		{
			Name: "wide", Title: "Broadcast to many streams", scenario: "broadcast", rounds: 2,
			About:   "The same with 5,000 streams and 2 events a second: does a delivery still cost the same?",
			Columns: passColumns(),
			tune:    func(c *bench.Config) { c.Streams, c.Rate, c.Duration = 5000, 2, 2*time.Second },
		},
		{
			Name: "flat-out", Title: "Broadcast flat out", scenario: "broadcast",
			About:   "1,000 streams, and 100 events published one after the other as fast as each request is answered. A server that is behind may join several in one write.",
			Columns: []Column{{"delivery rate", "deliveries", More}, cpuPerDelivery(), missing()},
			tune:    func(c *bench.Config) { c.Rate, c.Items = 0, 100 },
		},
		{
			Name: "burst", Title: "Many events at once", scenario: "burst",
			About:   "300 streams follow one channel, to which 100 events are published at once, five times, 200 ms apart. With GRIP the hundred are one request.",
			Columns: []Column{cpuPerDelivery(), deliveryP50(), deliveryP99(), missing()},
			tune:    func(c *bench.Config) { c.Streams, c.Items = 300, 500 },
		},
		{
			Name: "users", Title: "A channel for each user", scenario: "users",
			About:   "2,000 streams with a channel each get 1,000 items a second, one a request, over a connection that is kept if the server keeps it.",
			Columns: []Column{cpuPerItem(), {"publish p50", "request, p50", Less}, deliveryP50(), deliveryP99(), missing()},
			tune:    func(c *bench.Config) { c.Streams, c.Duration = 2000, 2*time.Second },
		},
		{
			Name: "users-flat-out", Title: "A channel for each user, flat out", scenario: "users",
			About:   "The same as fast as each request is answered, 5,000 items: waking up for a request, which is much of the cost above, is shared by more of them.",
			Columns: []Column{cpuPerItem(), {"publish rate", "items", More}, deliveryP50(), deliveryP99(), missing()},
			tune:    func(c *bench.Config) { c.Streams, c.Rate, c.Items = 2000, 0, 5000 },
		},
		{
			Name: "users-batch", Title: "A channel for each user, in batches", scenario: "users",
			About:   "2,000 streams with a channel each get 5,000 items a second, a hundred at once. With GRIP the hundred are one request.",
			Columns: []Column{cpuPerItem(), deliveryP50(), deliveryP99(), missing()},
			tune: func(c *bench.Config) {
				c.Streams, c.Rate, c.Batch, c.Duration = 2000, 5000, 100, 2*time.Second
			},
		},
		{
			Name: "mixed", Title: "Some of everything", scenario: "mixed",
			About:   "500 streams follow a channel of their own and a common one; 200 items a second, every tenth to all; 50 more streams a second come and go.",
			Columns: []Column{cpuPerDelivery(), deliveryP50(), deliveryP99(), {"connect p99 meanwhile", "connect meanwhile, p99", Less}, missing()},
			tune:    func(c *bench.Config) { c.Streams, c.Duration = 500, 2*time.Second },
		},
	}
}

// streamCases are about the streams themselves.
func streamCases() []Case {
	return []Case{
		{
			Name: "idle", Title: "Memory of streams that wait", scenario: "idle", rounds: 2,
			About:   "5,000 streams with a channel each that gets nothing: what the server's processes grew by, straight after connecting and three seconds later. The kernel's part is not in it.",
			Columns: []Column{{"memory per stream", "at first", Less}, {"memory per stream, settled", "later", Less}, {"streams refused", "refused", Less}},
			tune:    func(c *bench.Config) { c.Streams, c.Settle, c.WarmUp = 5000, 3*time.Second, false },
		},
		{
			Name: "connect", Title: "Connecting", scenario: "connect", floor: "floor, asking",
			About:   "2,000 streams connect, 256 at a time. Holdfast, Pushpin and the second floor ask an origin for each of them.",
			Columns: []Column{{"CPU per connect", "CPU a stream", Less}, {"connect rate", "streams", More}, {"connect p99", "p99", Less}, {"streams refused", "refused", Less}},
			tune:    func(c *bench.Config) { c.Streams = 2000 },
			can:     func(peer.Peer) bool { return true },
		},
		{
			Name: "replay", Title: "Streams that come back", scenario: "replay",
			About:   "400 streams return with a Last-Event-ID and get the 900 events that they have missed. What connecting costs is measured just before, and taken off.",
			Columns: []Column{{"CPU per replayed event", "CPU an event", Less}, {"replay rate", "events", More}, missing()},
			tune:    func(c *bench.Config) { c.Streams, c.Batch = 400, 100 },
			can:     func(p peer.Peer) bool { return p.Replay },
		},
		{
			Name: "slow", Title: "Streams that do not read", scenario: "slow",
			About:   "10 of 100 streams do not read, and have small receive buffers, while 10 MB are published to all. Then they do: did they get everything, were they told that they did not (a gap event, or the end of the stream), or do they miss events without a word?",
			Columns: []Column{deliveryP99(), missing(), {"memory growth", "memory", Less}, {"longest kernel queue", "kernel queue", Less}, {"stuck, whole", "whole", ""}, {"stuck, told", "told", ""}, {"stuck, silent loss", "silent loss", Less}},
			tune:    func(*bench.Config) {},
			can:     func(p peer.Peer) bool { return p.Slow },
		},
	}
}
