package certs

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics tells of files and certificates. Labels are paths and host names of the
// configuration.
type Metrics struct {
	expiry *prometheus.GaugeVec
	reads  *prometheus.CounterVec
}

// NewMetrics registers the metrics with reg, which may be nil.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	f := promauto.With(reg)
	return &Metrics{
		expiry: f.NewGaugeVec(prometheus.GaugeOpts{
			Name: "holdfast_certificate_expiry_timestamp_seconds",
			Help: "When the certificate in use expires, by its file or, with ACME, its host name.",
		}, []string{"certificate"}),
		reads: f.NewCounterVec(prometheus.CounterOpts{
			Name: "holdfast_certificate_reloads_total",
			Help: "Changes of files with certificates, keys or authorities, by whether they could be used.",
		}, []string{"certificate", "result"}),
	}
}

// Expires notes when the certificate of that name expires.
func (m *Metrics) Expires(name string, at time.Time) {
	m.expiry.WithLabelValues(name).Set(float64(at.Unix()))
}

// fileCounts are the counters of one file, resolved once.
type fileCounts struct{ loaded, refused prometheus.Counter }

func (m *Metrics) file(name string) fileCounts {
	return fileCounts{m.reads.WithLabelValues(name, "loaded"), m.reads.WithLabelValues(name, "refused")}
}

// forget takes out what is told of a file.
func (m *Metrics) forget(name string) {
	m.expiry.DeleteLabelValues(name)
	m.reads.DeletePartialMatch(prometheus.Labels{"certificate": name})
}
