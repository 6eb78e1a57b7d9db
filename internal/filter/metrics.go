package filter

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// contentFilters is the label of entries that are for other content filters than
// a response has.
const contentFilters = "content-filters"

// logInterval is how often failures of a route may be logged.
const logInterval = time.Minute

// Metrics counts what filters do.
type Metrics struct {
	withheld, failures *prometheus.CounterVec
	private            *prometheus.GaugeVec
}

// NewMetrics registers the metrics with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		withheld: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "holdfast_filtered_entries_total",
			Help: "Entries that a filter kept from a held response, as it should.",
		}, []string{"route", "filter"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "holdfast_filter_failures_total",
			Help: "Entries that a held response did not get because a filter could not be applied.",
		}, []string{"route", "filter"}),
		private: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "holdfast_private_streams",
			Help: "Streams held whose filters change the content, so that they share no bytes with others.",
		}, []string{"route"}),
	}
	reg.MustRegister(m.withheld, m.failures, m.private)
	return m
}

// Route is what the filters of a route's responses have in common, and count and log
// with. Make it with Metrics.Route, once per route. It may be used from any goroutine.
type Route struct {
	name     string
	own      []string
	withheld map[string]prometheus.Counter
	failures map[string]prometheus.Counter
	private  prometheus.Gauge
	log      *zap.Logger
	quiet    rate.Sometimes // guards itself
}

// Route resolves the counters of a route. own are the channels that all its responses
// have beside those of their instructions, by the names that origins use.
func (m *Metrics) Route(name string, log *zap.Logger, own ...string) *Route {
	r := &Route{
		name:     name,
		own:      own,
		withheld: map[string]prometheus.Counter{},
		failures: map[string]prometheus.Counter{},
		private:  m.private.WithLabelValues(name),
		log:      log,
		quiet:    rate.Sometimes{Interval: logInterval},
	}
	for _, filter := range grip.Filters() {
		if grip.ChangesContent(filter) {
			r.failures[filter] = m.failures.WithLabelValues(name, filter)
		} else {
			r.withheld[filter] = m.withheld.WithLabelValues(name, filter)
		}
	}
	r.failures[contentFilters] = m.failures.WithLabelValues(name, contentFilters)
	return r
}

// Forget takes a route out of the metrics. Nobody counts for it any more.
func (m *Metrics) Forget(route string) {
	of := prometheus.Labels{"route": route}
	m.withheld.DeletePartialMatch(of)
	m.failures.DeletePartialMatch(of)
	m.private.DeletePartialMatch(of)
}

// failed counts and logs an entry that was lost to a filter.
func (r *Route) failed(filter, channel string, err error) {
	r.failures[filter].Inc()
	r.quiet.Do(func() {
		r.log.Warn("filter failed, entry not sent",
			zap.String("route", r.name), zap.String("channel", channel), zap.String("filter", filter), zap.Error(err))
	})
}

// Mismatched counts an entry for content filters that a held request did not get,
// as it has no filters.
func (r *Route) Mismatched() { r.failures[contentFilters].Inc() }
