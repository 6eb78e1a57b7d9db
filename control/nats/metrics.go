package nats

import "github.com/prometheus/client_golang/prometheus"

// kind is which of our subjects a message came to.
type kind string

const (
	toPublish kind = "publish"
	toChannel kind = "channel"
)

// result is what became of a message.
type result string

const (
	published  result = "published"
	badSubject result = "bad_subject" // it stands for no channel
	badHeader  result = "bad_header"
	badPayload result = "bad_payload"
	closing    result = "closing" // the process is ending
	failed     result = "failed"  // for a reason of ours
)

// Metrics counts messages and what becomes of the connection. Its methods may be
// called from any goroutine.
type Metrics struct {
	messages map[kind]map[result]prometheus.Counter
	dropped  prometheus.Counter
	// interruptions counts calls of Options.Interrupt that mattered.
	interruptions prometheus.Counter
	// What became of the items given to a Relay.
	relayed, relayRefused, relayUnsure prometheus.Counter
	link                               *LinkMetrics
}

// LinkMetrics tells what becomes of a connection.
type LinkMetrics struct {
	connected  prometheus.Gauge
	reconnects prometheus.Counter
}

// NewLinkMetrics registers the metrics of what is reached over the connection.
func NewLinkMetrics(reg prometheus.Registerer, what string) *LinkMetrics {
	m := &LinkMetrics{
		connected: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "holdfast_" + what + "_connected",
			Help: "1 while the connection to NATS stands, otherwise 0.",
		}),
		reconnects: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "holdfast_" + what + "_reconnects_total",
			Help: "How often the connection to NATS was lost and made again.",
		}),
	}
	reg.MustRegister(m.connected, m.reconnects)
	return m
}

// NewMetrics registers the metrics with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	messages := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "holdfast_nats_messages_total",
		Help: "Messages that came over NATS, by what their subject is for and by what became of them.",
	}, []string{"subject_kind", "result"})
	relayed := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "holdfast_nats_relayed_total",
		Help: "Items for all nodes, by what became of them: relayed, refused or unknown.",
	}, []string{"result"})
	m := &Metrics{
		relayed:      relayed.WithLabelValues("relayed"),
		relayRefused: relayed.WithLabelValues("refused"),
		relayUnsure:  relayed.WithLabelValues("unknown"),
		messages:     map[kind]map[result]prometheus.Counter{},
		link:         NewLinkMetrics(reg, "nats"),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "holdfast_nats_dropped_total",
			Help: "Messages lost because too many were waiting to be published.",
		}),
		interruptions: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "holdfast_nats_interruptions_total",
			Help: "Times that messages may have been lost, of which all streams are told.",
		}),
	}
	for _, k := range []kind{toPublish, toChannel} {
		m.messages[k] = map[result]prometheus.Counter{}
		for _, r := range []result{published, badSubject, badHeader, badPayload, closing, failed} {
			m.messages[k][r] = messages.WithLabelValues(string(k), string(r))
		}
	}
	reg.MustRegister(messages, relayed, m.dropped, m.interruptions)
	return m
}
