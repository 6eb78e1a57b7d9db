package main

import (
	"regexp"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// collectProcess registers what the process and Go's runtime say of themselves.
// The time that collecting garbage takes is not among Prometheus' choice.
func collectProcess(reg prometheus.Registerer) {
	collections := collectors.GoRuntimeMetricsRule{Matcher: regexp.MustCompile(`^/cpu/classes/gc/total:cpu-seconds$`)}
	reg.MustRegister(
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collections)),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
}
