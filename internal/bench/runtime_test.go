package bench

import (
	"bufio"
	"strings"
	"testing"
	"time"
)

const metricsPage = `# HELP go_gc_duration_seconds A summary.
go_gc_duration_seconds{quantile="0.75"} 2.0e-05
go_gc_duration_seconds{quantile="1"} 0.0025
go_gc_duration_seconds_count 7
go_memstats_alloc_bytes_total 1.5e+06
go_cpu_classes_gc_total_cpu_seconds_total 0.25
holdfast_log_memory_bytes 77
`

func TestARuntimeIsReadFromItsMetrics(t *testing.T) {
	got, err := readRuntime(bufio.NewScanner(strings.NewReader(metricsPage)))
	if want := (runtimeUse{1.5e6, 7, 250 * time.Millisecond, 2500 * time.Microsecond, 77}); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	for page, want := range map[string]string{
		"up 1\n": "there is no go_cpu_classes",
		strings.Replace(metricsPage, " 7", " x", 1): "go_gc_duration_seconds_count: ",
	} {
		if _, err := readRuntime(bufio.NewScanner(strings.NewReader(page))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestCollectionsAreThoseOfTheRun(t *testing.T) {
	before := runtimeUse{1000, 2, 10 * time.Millisecond, time.Millisecond, 0}
	open := runtimeUse{5000, 3, 20 * time.Millisecond, time.Millisecond, 0}
	after := runtimeUse{9000, 6, 30 * time.Millisecond, 3 * time.Millisecond, 0}
	if got, want := *goReport(before, open, after, 4), (GoReport{1000, 4, 5000, 3000}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got, want := *goReport(before, before, before, 4), (GoReport{0, 0, 0, 1000}); got != want {
		t.Errorf("nothing happened: %+v, want %+v", got, want)
	}
}
