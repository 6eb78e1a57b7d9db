package control

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/holdfast-proxy/holdfast/channels"
)

// collector turns a hub's statistics into metrics when they are asked for.
type collector struct {
	stats   func() channels.Stats
	metrics []statMetric
	evicted *prometheus.Desc
}

// statMetric is one number of channels.Stats.
type statMetric struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(*channels.Stats) float64
}

// NewCollector returns a collector of a hub's statistics; stats is Hub.Stats.
// It is called once per scrape, from any goroutine.
func NewCollector(stats func() channels.Stats) prometheus.Collector {
	return &collector{
		stats:   stats,
		metrics: append(gauges(), counters()...),
		evicted: prometheus.NewDesc("holdfast_entries_evicted_total",
			"Entries that left their log: for its count, bytes or age, with a channel that was idle the longest, or for the memory limit.",
			[]string{"reason"}, nil),
	}
}

func gauges() []statMetric {
	gauge := func(name, help string, value func(*channels.Stats) float64) statMetric {
		return statMetric{prometheus.NewDesc("holdfast_"+name, help, nil, nil), prometheus.GaugeValue, value}
	}
	return []statMetric{
		gauge("channels", "Channels that are followed or keep entries.",
			func(s *channels.Stats) float64 { return float64(s.Channels) }),
		gauge("channels_idle", "Of these, channels that nobody follows.",
			func(s *channels.Stats) float64 { return float64(s.IdleChannels) }),
		gauge("entries", "Entries kept in all logs.",
			func(s *channels.Stats) float64 { return float64(s.Entries) }),
		gauge("log_memory_bytes", "What all logs and parked items take, as charged against the memory limit.",
			func(s *channels.Stats) float64 { return float64(s.MemoryBytes) }),
		gauge("items_parked", "Items that wait for the one that their prev-id names.",
			func(s *channels.Stats) float64 { return float64(s.ParkedNow) }),
	}
}

func counters() []statMetric {
	counter := func(name, help string, value func(*channels.Stats) uint64) statMetric {
		return statMetric{
			prometheus.NewDesc("holdfast_"+name+"_total", help, nil, nil), prometheus.CounterValue,
			func(s *channels.Stats) float64 { return float64(value(s)) },
		}
	}
	return []statMetric{
		counter("entries_appended", "Entries appended to logs.",
			func(s *channels.Stats) uint64 { return s.Published }),
		counter("items_duplicate", "Items not published because their id was known.",
			func(s *channels.Stats) uint64 { return s.Duplicates }),
		counter("items_parked", "Items that had to wait for another.",
			func(s *channels.Stats) uint64 { return s.Parked }),
		counter("park_timeouts", "Parked items that were appended without the one they waited for.",
			func(s *channels.Stats) uint64 { return s.ParkTimeouts }),
		counter("park_overflows", "Parked items that were appended early because too many waited.",
			func(s *channels.Stats) uint64 { return s.ParkOverflows }),
		counter("dedup_ids_forgotten", "Item ids forgotten before the de-duplication window was over.",
			func(s *channels.Stats) uint64 { return s.IDsForgotten }),
		counter("resumes", "Streams that started from something their client had seen.",
			func(s *channels.Stats) uint64 { return s.Resumed }),
		counter("entries_replayed", "Entries that such streams had before them.",
			func(s *channels.Stats) uint64 { return s.Replayed }),
		counter("resumes_ambiguous", "Resumes by an id that several entries had.",
			func(s *channels.Stats) uint64 { return s.Ambiguous }),
		counter("resumes_unknown_initial", "Streams whose initial body ended with an id that no log knew.",
			func(s *channels.Stats) uint64 { return s.UnknownInitial }),
	}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(descs chan<- *prometheus.Desc) {
	for _, m := range c.metrics {
		descs <- m.desc
	}
	descs <- c.evicted
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(metrics chan<- prometheus.Metric) {
	s := c.stats()
	for _, m := range c.metrics {
		metrics <- prometheus.MustNewConstMetric(m.desc, m.kind, m.value(&s))
	}
	for reason, n := range s.Evicted {
		metrics <- prometheus.MustNewConstMetric(c.evicted, prometheus.CounterValue, float64(n),
			channels.EvictReason(reason).String())
	}
}
