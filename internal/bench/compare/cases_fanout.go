package compare

import (
	"time"

	"github.com/holdfast-proxy/holdfast/internal/bench"
)

// fanOutCases are about one channel that many streams follow.
func fanOutCases() []Case {
	return []Case{
		{
			Name: "broadcast", Title: "Broadcast at a modest rate", scenario: "broadcast",
			About:   "1,000 streams follow one channel that gets 12 events a second.",
			Columns: passColumns(),
			tune:    func(c *bench.Config) { c.Rate, c.Duration = 12, 2*time.Second },
			targets: broadcastTargets(),
		},
		wide("wide", "Broadcast to many streams", "The same with 5,000 streams and 2 events a second: does a delivery still cost the same?", 5000, 2*time.Second),
		wide("widest", "Broadcast to very many streams", "The same with 15,000 streams and 2 events a second.", 15_000, 4*time.Second),
		{
			Name: "flat-out", Title: "Broadcast flat out", scenario: "broadcast",
			About:   "1,000 streams, and 100 events published one after the other as fast as each request is answered. A server that is behind may join several in one write.",
			Columns: []Column{{"delivery rate", "deliveries", More}, cpuPerDelivery(), missing()},
			ratios:  []string{"delivery rate"},
			tune:    func(c *bench.Config) { c.Rate, c.Items = 0, 100 },
			targets: []Target{{Figure: "delivery rate", Server: plainFloor, Times: 1, Better: More}},
		},
		{
			Name: "burst", Title: "Many events at once", scenario: "burst",
			About:   "300 streams follow one channel, to which 100 events are published at once, five times, 200 ms apart. With GRIP the hundred are one request.",
			Columns: []Column{cpuPerDelivery(), deliveryP50(), deliveryP99(), missing()},
			tune:    func(c *bench.Config) { c.Streams, c.Items = 300, 500 },
			targets: []Target{{Figure: "CPU per delivery", Case: "broadcast", Times: 1.0 / 40, Better: Less}},
		},
		{
			Name: "mixed", Title: "Some of everything", scenario: "mixed",
			About:   "500 streams follow a channel of their own and a common one; 200 items a second, every tenth to all; 50 more streams a second come and go.",
			Columns: []Column{cpuPerDelivery(), deliveryP50(), deliveryP99(), {"connect p99 meanwhile", "connect meanwhile, p99", Less}, missing()},
			tune:    func(c *bench.Config) { c.Streams, c.Duration = 500, 2*time.Second },
		},
		{
			Name: "beside", Title: "Single events during a pass", scenario: "beside", rounds: 1,
			About: "15,000 streams follow a common channel and one each of their own. Twice a second an event goes to all, and nine to single streams right after it, 10 ms apart, over another connection: the publish requests for those and how late they are, while the pass is under way.",
			Columns: []Column{
				{"own delivery p50", "late, p50", Less}, {"own delivery p99", "late, p99", Less},
				{"own publish p50", "request, p50", Less}, {"own publish p99", "request, p99", Less},
				{"last of a pass", "last stream of a pass", Less}, missing(),
			},
			ratios: []string{"own delivery p50", "own delivery p99"},
			tune: func(c *bench.Config) {
				c.Streams, c.Gap, c.Duration, c.WarmUp = 15_000, 10*time.Millisecond, 10*time.Second, false
			},
		},
	}
}

func broadcastTargets() []Target {
	return []Target{
		atMostOf("Nchan", 0.75, "CPU per delivery"),
		atMostOf(plainFloor, 1.1, "CPU per delivery"),
	}
}

// wide is a broadcast to more streams. What it costs a delivery should not differ.
func wide(name, title, about string, streams int, d time.Duration) Case {
	return Case{
		Name: name, Title: title, About: about, scenario: "broadcast", rounds: 2,
		Columns: append(passColumns(), collectionColumns()...),
		ratios:  []string{"CPU per delivery", "delivery p99"},
		tune:    func(c *bench.Config) { c.Streams, c.Rate, c.Duration = streams, 2, d },
		targets: append(broadcastTargets(),
			Target{Figure: "CPU per delivery", Case: "broadcast", Times: 1.1, Better: Less},
			atMostOf(plainFloor, 1.1, "delivery p99"),
			collectionTarget(),
		),
	}
}
