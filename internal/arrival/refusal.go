package arrival

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"golang.org/x/time/rate"
)

// Reason says why a connection was closed on arrival. It is a metric label.
type Reason string

// The reasons.
const (
	// TooMany: its client has as many connections as it may have.
	TooMany Reason = "too_many_of_address"
	// NotTrusted: it does not come from a trusted proxy, and all must.
	NotTrusted Reason = "not_a_trusted_proxy"
	// BadHeader: it does not begin with a PROXY header, or one that cannot be read.
	BadHeader Reason = "bad_proxy_header"
	// SlowHeader: the PROXY header did not come in time.
	SlowHeader Reason = "slow_proxy_header"
)

func reasons() []Reason { return []Reason{TooMany, NotTrusted, BadHeader, SlowHeader} }

// reasonOf is the reason that an error of reading a header stands for, empty if
// nothing was wrong: balancers also connect, and close again, to see whether we are
// there.
func reasonOf(err error) Reason {
	switch {
	case err == nil, errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), errors.Is(err, syscall.ECONNRESET):
		return ""
	case errors.Is(err, os.ErrDeadlineExceeded):
		return SlowHeader
	}
	return BadHeader
}

// Metrics counts connections that were closed on arrival.
type Metrics struct{ refused *prometheus.CounterVec }

// NewMetrics registers the metrics with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "holdfast_connections_refused_total",
		Help: "Connections of clients that were closed before they were read, by reason.",
	}, []string{"reason"})}
	reg.MustRegister(m.refused)
	return m
}

// logInterval is how often one reason may appear in the log.
const logInterval = 10 * time.Second

// refusals counts and logs who is not let in.
type refusals struct {
	counts map[Reason]prometheus.Counter
	quiet  map[Reason]*rate.Sometimes
	log    *zap.Logger
}

func newRefusals(m *Metrics, log *zap.Logger) *refusals {
	r := &refusals{counts: map[Reason]prometheus.Counter{}, quiet: map[Reason]*rate.Sometimes{}, log: log}
	for _, reason := range reasons() {
		r.counts[reason] = m.refused.WithLabelValues(string(reason))
		r.quiet[reason] = &rate.Sometimes{Interval: logInterval}
	}
	return r
}

// note counts a refusal of who comes from an address. err may be nil.
func (r *refusals) note(reason Reason, from net.Addr, err error) {
	r.counts[reason].Inc()
	r.quiet[reason].Do(func() {
		r.log.Warn("connection refused", zap.String("reason", string(reason)), zap.Stringer("from", from), zap.Error(err))
	})
}
