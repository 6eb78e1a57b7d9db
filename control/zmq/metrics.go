package zmq

import "github.com/prometheus/client_golang/prometheus"

// kind is which of our sockets something is about.
type kind string

const (
	pull kind = "pull"
	sub  kind = "sub"
)

// result is what became of a message.
type result string

const (
	published  result = "published"
	badFrames  result = "bad_frames" // not as many as the socket takes
	badPayload result = "bad_payload"
	closing    result = "closing" // the process is ending
	failed     result = "failed"  // for a reason of ours
)

// Metrics counts messages and connections. Its methods may be called from any
// goroutine.
type Metrics struct{ of map[kind]*counters }

// counters are the metrics of one socket.
type counters struct {
	messages    map[result]prometheus.Counter
	connections prometheus.Gauge
	broken      prometheus.Counter
}

// NewMetrics registers the metrics with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	messages := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "holdfast_zmq_messages_total",
		Help: "Messages that came over ZeroMQ, by socket and by what became of them.",
	}, []string{"socket", "result"})
	connections := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "holdfast_zmq_connections",
		Help: "Publishers connected over ZeroMQ, by socket.",
	}, []string{"socket"})
	broken := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "holdfast_zmq_connections_refused_total",
		Help: "Connections that were not let in, or broken off for what came over them, by socket.",
	}, []string{"socket"})
	reg.MustRegister(messages, connections, broken)
	m := &Metrics{of: map[kind]*counters{}}
	for _, k := range []kind{pull, sub} {
		c := &counters{
			messages:    map[result]prometheus.Counter{},
			connections: connections.WithLabelValues(string(k)),
			broken:      broken.WithLabelValues(string(k)),
		}
		for _, r := range []result{published, badFrames, badPayload, closing, failed} {
			c.messages[r] = messages.WithLabelValues(string(k), string(r))
		}
		m.of[k] = c
	}
	return m
}
