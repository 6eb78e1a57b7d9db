package hold

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestEveryWayToEndIsThereWithTheFirstStream(t *testing.T) {
	reg := prometheus.NewRegistry()
	m := NewMetrics(reg)
	m.Begin("r")
	before, err := testutil.GatherAndCount(reg)
	if err != nil {
		t.Fatal(err)
	}
	m.stream("r", Chunked)
	n, err := testutil.GatherAndCount(reg, "holdfast_streams_ended_total")
	if all, _ := testutil.GatherAndCount(reg); err != nil || n != len(reasons()) || all != before+n {
		t.Errorf("%d of %d, %d others, %v", n, len(reasons()), all-before-n, err)
	}
	m.Forget("r")
	if left, err := testutil.GatherAndCount(reg); err != nil || left != 1 { // what is no route's
		t.Errorf("%d are left, %v", left, err)
	}
}
