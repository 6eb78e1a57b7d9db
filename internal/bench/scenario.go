package bench

import "time"

// A Scenario is a kind of load. It is nothing but defaults: every setting can be
// changed.
type Scenario struct {
	Name  string
	Short string // what it measures, a line
	Long  string // how to read it
	tune  func(*Config)
}

// Scenarios are all there are, the plainest first.
func Scenarios() []Scenario {
	return []Scenario{
		{"broadcast", "Events for everybody", "All streams follow one channel. A pass is one event to all of them.",
			func(*Config) {}},
		{"users", "Events for one user each", "Every stream has a channel of its own. --batch says how many items a request carries.",
			func(c *Config) { c.ownChannels(); c.Rate = 1000 }},
		{"lone", "Single events, far apart", "Every stream has a channel of its own. The server sleeps between two events. How late one is, is the time from just before the request is written until the kernel has the event for its reader: waking the server up, reading the request, and writing. When the client gets to read it does not matter.",
			func(c *Config) { c.ownChannels(); c.Rate, c.KernelClock = 200, true }},
		{"idle", "Memory of streams that wait", "Nothing is published. Memory is looked at straight after connecting and once more after --settle.",
			func(c *Config) { c.ownChannels(); c.quiet(); c.Settle = 60 * time.Second }},
		{"connect", "Connecting", "As many as --concurrency connect at a time; nothing is published.",
			func(c *Config) { c.ownChannels(); c.quiet(); c.Concurrency = 256 }},
		{"burst", "Many events at once", "The items of a batch are for the same channel, so a server can write many with one call.",
			func(c *Config) { c.Batch, c.Rate = 100, 500 }},
		{"replay", "Streams that come back", "Events are published first. Then all streams connect and ask for them by Last-Event-ID. The cost of connecting without is measured before, and taken off.",
			func(c *Config) { c.Replay, c.Streams = 900, 200 }},
		{"slow", "Streams that do not read", "A tenth of the streams reads nothing while 10 MB are published to all. Then it reads: what it misses it should have been told of.",
			func(c *Config) {
				c.Streams, c.Stuck, c.Payload, c.Rate, c.Duration = 100, 10, 10_000, 500, 2*time.Second
			}},
		{"mixed", "Some of everything", "Every stream has a channel of its own and follows a common one, which gets every tenth item; and further streams come and go.",
			func(c *Config) {
				c.ownChannels()
				c.withCommon()
				c.Rate, c.Churn = 200, 50
			}},
		{"beside", "Single events during a pass", "All streams follow a common channel, and one of their own. Right after each event for all, nine are published to single streams: how late are those while the pass is under way? It needs so many streams that a pass takes longer than ten times --gap.",
			func(c *Config) {
				c.ownChannels()
				c.withCommon()
				c.Streams, c.Rate, c.Gap = 5000, 20, 4*time.Millisecond
			}},
	}
}

// Config returns the scenario's settings against a Holdfast on this machine whose
// origin is Origin.
func (s Scenario) Config() Config {
	c := Config{
		URL:         "http://127.0.0.1:7999/?channel=bench",
		Streams:     1000,
		Concurrency: 64,
		ControlURL:  "http://127.0.0.1:5561",
		Dialect:     GRIP,
		Channel:     "bench",
		Rate:        10,
		Duration:    5 * time.Second,
		Batch:       1,
		Payload:     200,
		Rounds:      1,
		Wait:        5 * time.Second,
	}
	s.tune(&c)
	return c
}

func (c *Config) ownChannels() {
	c.URL, c.Channel = "http://127.0.0.1:7999/?channel=bench-{i}", "bench-{i}"
}

func (c *Config) withCommon() { c.URL, c.Common = c.URL+"&channel=all", "all" }

// quiet publishes nothing.
func (c *Config) quiet() { c.ControlURL = "" }
