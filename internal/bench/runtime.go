package bench

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// runtimeUse is what a Go server's runtime says of itself, since it began.
type runtimeUse struct {
	allocated float64       // bytes
	cycles    float64       // collections
	cycleCPU  time.Duration // that they took, with what ran where nothing else did
	longest   time.Duration // pause of the last 256 collections, a collection's added up
	log       float64       // bytes kept of what was published; Holdfast alone says so
}

// The metrics that it is read from, as Prometheus' Go collector names them.
const (
	metricAllocated = "go_memstats_alloc_bytes_total"
	metricCycles    = "go_gc_duration_seconds_count"
	metricCycleCPU  = "go_cpu_classes_gc_total_cpu_seconds_total"
	metricLongest   = `go_gc_duration_seconds{quantile="1"}`
	metricLog       = "holdfast_log_memory_bytes"
)

// askRuntime reads the page of metrics at the URL.
func askRuntime(ctx context.Context, url, token string) (runtimeUse, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return runtimeUse{}, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	client := &http.Client{Timeout: publishTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return runtimeUse{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return runtimeUse{}, fmt.Errorf("%s: %s", url, resp.Status)
	}
	return readRuntime(bufio.NewScanner(resp.Body))
}

// readRuntime takes what is wanted from lines of "name value".
func readRuntime(lines *bufio.Scanner) (runtimeUse, error) {
	values := map[string]float64{}
	for lines.Scan() {
		name, text, _ := strings.Cut(lines.Text(), " ")
		switch name {
		case metricAllocated, metricCycles, metricCycleCPU, metricLongest, metricLog:
			value, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return runtimeUse{}, fmt.Errorf("%s: %w", name, err)
			}
			values[name] = value
		}
	}
	if _, ok := values[metricCycleCPU]; !ok && lines.Err() == nil {
		return runtimeUse{}, fmt.Errorf("there is no %s", metricCycleCPU)
	}
	seconds := func(name string) time.Duration { return time.Duration(values[name] * float64(time.Second)) }
	return runtimeUse{
		allocated: values[metricAllocated],
		cycles:    values[metricCycles],
		cycleCPU:  seconds(metricCycleCPU),
		longest:   seconds(metricLongest),
		log:       values[metricLog],
	}, lines.Err()
}

// GoReport is what the server's Go runtime did during the run.
type GoReport struct {
	GarbagePerConnect float64 `json:"garbage_per_connect_bytes,omitempty"` // what was allocated, kept or not; 0 for a replay
	Cycles            int     `json:"cycles"`                              // collections
	CPUPerCycle       float64 `json:"cpu_per_cycle_us"`                    // 0 without any
	LongestPause      float64 `json:"longest_pause_us"`                    // of the process's last 256 collections
}

// goReport compares what the runtime said before the streams, with all open, and
// at the end.
func goReport(before, open, after runtimeUse, streams int) *GoReport {
	r := &GoReport{
		GarbagePerConnect: (open.allocated - before.allocated) / float64(streams),
		Cycles:            int(after.cycles - before.cycles),
		LongestPause:      micro(after.longest),
	}
	if r.Cycles > 0 {
		r.CPUPerCycle = micro(after.cycleCPU-before.cycleCPU) / float64(r.Cycles)
	}
	return r
}
