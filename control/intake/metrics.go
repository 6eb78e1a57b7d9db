package intake

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// Metrics counts the items that come in, by whatever way. Its methods may be
// called from any goroutine.
type Metrics struct {
	items map[channels.Status]formatCounters
}

// formatCounters has a counter per publish format.
type formatCounters struct{ stream, response, event, message, unknown prometheus.Counter }

// NewMetrics registers the metrics with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	published := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "holdfast_published_total",
		Help: "Items taken, by each format that they have and by what became of them: appended, parked or duplicate.",
	}, []string{"format", "result"})
	m := &Metrics{items: make(map[channels.Status]formatCounters)}
	for _, status := range []channels.Status{channels.Appended, channels.Parked, channels.Duplicate} {
		result := statusName(status)
		m.items[status] = formatCounters{
			stream:   published.WithLabelValues("http-stream", result),
			response: published.WithLabelValues("http-response", result),
			event:    published.WithLabelValues("sse", result),
			message:  published.WithLabelValues("ws-message", result),
			unknown:  published.WithLabelValues("unknown", result),
		}
	}
	reg.MustRegister(published)
	return m
}

// published counts items with what became of them.
func (m *Metrics) published(items []grip.Item, results []channels.Result) {
	for i := range items {
		m.items[results[i].Status].count(&items[i])
	}
}

func (c formatCounters) count(it *grip.Item) {
	if it.Stream != nil {
		c.stream.Inc()
	}
	if it.Response != nil {
		c.response.Inc()
	}
	if it.Event != nil {
		c.event.Inc()
	}
	if it.Message != nil {
		c.message.Inc()
	}
	c.unknown.Add(float64(len(it.Unsupported)))
}
