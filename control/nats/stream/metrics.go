package stream

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/holdfast-proxy/holdfast/control/nats"
)

// Metrics counts what goes through the stream. Its methods may be called from
// any goroutine.
type Metrics struct {
	link      *nats.LinkMetrics
	stored    prometheus.Counter
	duplicate prometheus.Counter
	refused   prometheus.Counter
	unsure    prometheus.Counter
	delivered prometheus.Counter
	bad       prometheus.Counter
	censuses  prometheus.Counter
	fills     prometheus.Counter
	lost      prometheus.Counter
	gaps      prometheus.Counter
	doubts    prometheus.Counter
}

// NewMetrics registers the metrics with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	stored := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "holdfast_bus_published_total",
		Help: "Items given to the stream, by what became of them: stored, duplicate, refused or unknown.",
	}, []string{"result"})
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "holdfast_bus_" + name + "_total", Help: help})
		reg.MustRegister(c)
		return c
	}
	reg.MustRegister(stored)
	return &Metrics{
		link:      nats.NewLinkMetrics(reg, "bus"),
		stored:    stored.WithLabelValues("stored"),
		duplicate: stored.WithLabelValues("duplicate"),
		refused:   stored.WithLabelValues("refused"),
		unsure:    stored.WithLabelValues("unknown"),
		delivered: counter("delivered", "Items that came from the stream for channels kept here."),
		bad:       counter("bad_messages", "Stored messages that are no items, which nobody gets."),
		censuses:  counter("censuses", "How often it was looked up what the stream has of channels."),
		fills:     counter("fills", "Channels whose history was looked up."),
		lost:      counter("lost", "Times that a message of a channel did not come by itself, and was fetched."),
		gaps:      counter("gaps", "Times that what did not come was not stored any more."),
		doubts:    counter("doubts", "Times that what was new was held back until it was looked up whether something was lost."),
	}
}

// became is the counter for what became of a message.
func (m *Metrics) became(s *storing) prometheus.Counter {
	switch {
	case s.err == nil && s.isDuplicate():
		return m.duplicate
	case s.err == nil:
		return m.stored
	case s.unsure:
		return m.unsure
	}
	return m.refused
}
