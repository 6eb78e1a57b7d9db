package hold

import "github.com/holdfast-proxy/holdfast/channels"

// Counts counts what others hold, as holders count their streams.
type Counts struct{ c *counters }

// Sockets returns the counts of a route's WebSockets.
func (m *Metrics) Sockets(route string) Counts { return Counts{m.stream(route, Messages)} }

// Opened counts one that is held from now on.
func (c Counts) Opened() {
	c.c.opened.Inc()
	c.c.current.Inc()
}

// Ended counts the end of one that was Opened.
func (c Counts) Ended(reason Reason) {
	c.c.current.Dec()
	c.c.ended(reason)
}

// Delivered counts entries that were written.
func (c Counts) Delivered(entries, bytes int) {
	c.c.entries.Add(float64(entries))
	c.c.bytes.Add(float64(bytes))
}

// Gap counts a gap.
func (c Counts) Gap(reason channels.Reason) { c.c.gap(reason) }

// KeepAlive counts a keep-alive that was written.
func (c Counts) KeepAlive() { c.c.keepAlives.Inc() }
