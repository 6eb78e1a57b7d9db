package compare

import (
	"time"

	"github.com/holdfast-proxy/holdfast/internal/bench"
	"github.com/holdfast-proxy/holdfast/internal/bench/peer"
)

// userCases are about a channel for each stream.
func userCases() []Case {
	return []Case{
		{
			Name: "users", Title: "A channel for each user", scenario: "users",
			About:   "2,000 streams with a channel each get 1,000 items a second, one a request, over a connection that is kept if the server keeps it.",
			Columns: []Column{cpuPerItem(), {"publish p50", "request, p50", Less}, deliveryP50(), deliveryP99(), missing()},
			tune:    func(c *bench.Config) { c.Streams, c.Duration = 2000, 2*time.Second },
		},
		{
			Name: "users-flat-out", Title: "A channel for each user, flat out", scenario: "users",
			About:   "10,000 streams with a channel each, and 5,000 items published as fast as each request is answered: waking up for a request, which is much of the cost above, is shared by more of them.",
			Columns: []Column{cpuPerItem(), {"publish rate", "items", More}, deliveryP50(), deliveryP99(), missing()},
			tune:    flatOut,
			targets: []Target{atMost("CPU per item", 40)},
		},
		{
			Name: "users-among-idle", Title: "A channel for each user, among 90,000 that nobody follows", scenario: "users", rounds: 2,
			About: "The same, a minute after one item was published to each of 90,000 further channels, which the server keeps: with the others they are all that Holdfast remembers by default.",
			Columns: append([]Column{cpuPerItem(), {"publish rate", "items", More}, deliveryP99(), missing(), {"memory per idle channel", "memory an idle channel", Less}},
				collectionColumns()...),
			tune: func(c *bench.Config) { flatOut(c); c.IdleChannels, c.IdleSettle = 90_000, time.Minute },
			can:  func(p peer.Peer) bool { return p.Replay },
			targets: []Target{
				{Figure: "CPU per item", Case: "users-flat-out", Times: 1.1, Better: Less},
				collectionTarget(),
			},
		},
		{
			Name: "users-batch", Title: "A channel for each user, in batches", scenario: "users",
			About:   "10,000 streams with a channel each get 5,000 items a second, a hundred at once. With GRIP the hundred are one request.",
			Columns: []Column{cpuPerItem(), deliveryP50(), deliveryP99(), missing()},
			tune: func(c *bench.Config) {
				c.Streams, c.Rate, c.Batch, c.Duration = 10_000, 5000, 100, 2*time.Second
			},
			targets: []Target{atMost("CPU per item", 12)},
		},
		{
			Name: "lone", Title: "Single events, far apart", scenario: "lone",
			About:   "1,000 streams with a channel each get 200 items a second, one a request; the server sleeps in between. How late an event is, is the time from just before the request is written until the kernel has the event for its reader: the kernel wakes the server up, which reads the request, orders the item and writes it. The floor does the same with as little as possible, so what Holdfast adds is what it is later by.",
			Columns: []Column{deliveryP50(), deliveryP99(), {"publish p50", "request, p50", Less}, cpuPerItem(), missing()},
			ratios:  []string{"delivery p50", "delivery p99"},
			tune:    func(c *bench.Config) { c.Duration = 4 * time.Second },
			targets: []Target{{Figure: "delivery p99", Server: plainFloor, Times: 1, Plus: 30, Better: Less}},
		},
	}
}

func flatOut(c *bench.Config) { c.Streams, c.Rate, c.Items = 10_000, 0, 5000 }
