package stream_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/control/nats/embedded"
)

// startSmall runs a server that takes messages of one MiB at most.
func startSmall(t *testing.T) *embedded.Server {
	t.Helper()
	s, err := embedded.Start(t.Context(), embedded.Options{StoreDir: t.TempDir(), SyncInterval: time.Minute, MaxPayload: 1 << 20}, quietLog)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return s
}

// batchOf is a payload with an event for each data, all for one channel.
func batchOf(data ...string) []byte {
	items := make([]string, len(data))
	for i, d := range data {
		items[i] = `{"channel":"b","formats":{"sse":{"data":"` + d + `"}}}`
	}
	return []byte(`{"items":[` + strings.Join(items, ",") + `]}`)
}

func TestAnItemThatIsTooLargeKeepsItsBatchOut(t *testing.T) {
	large := strings.Repeat("x", 1100<<10)
	server := startSmall(t)
	n := startNode(t, server.InProcess()).ready()
	r := n.follow("", "b")
	for index, payload := range [][]byte{batchOf(large, "after"), batchOf("before", large, "after"), batchOf("before", large)} {
		_, err := n.intake.Items(t.Context(), payload)
		want := "Item " + string("011"[index]) + " is larger than a message of this NATS may be (max_payload)."
		if status, problem := intake.Problem(err); status != 400 || problem != want {
			t.Errorf("batch %d: %d %s", index, status, problem)
		}
	}
	_, err := n.intake.Items(t.Context(), batchOf(large))
	if status, problem := intake.Problem(err); status != 400 || !strings.HasPrefix(problem, "The item is larger") {
		t.Errorf("alone: %d %s", status, problem)
	}
	n.say("b", "", "small")
	r.want("small")
	if info, err := streamOf(t, server).Info(t.Context()); err != nil || info.State.NumSubjects > 2 {
		t.Errorf("%v %v", info, err)
	}
}

// published returns what became of items, by the metric's result.
func (n *node) published() map[string]float64 {
	n.t.Helper()
	families, err := n.registry.Gather()
	if err != nil {
		n.t.Fatal(err)
	}
	got := make(map[string]float64)
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == "holdfast_bus_published_total" && m.GetCounter().GetValue() > 0 {
				got[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
			}
		}
	}
	return got
}

func TestEachItemOfABatchIsCounted(t *testing.T) {
	server := startServer(t, t.TempDir())
	n := startNode(t, server.InProcess()).ready()
	n.say("b", "known", "x")
	s := streamOf(t, server)
	config := s.CachedInfo().Config
	config.MaxMsgSize = 1000
	js, err := jetstream.New(connect(t, server))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	payload := `{"items":[{"channel":"b","id":"known","formats":{"sse":{"data":"x"}}},` +
		strings.TrimPrefix(string(batchOf("1", strings.Repeat("x", 2000), "2", "3")), `{"items":[`)
	if _, err = n.intake.Items(t.Context(), []byte(payload)); err == nil {
		t.Error("the stream took what is too large for it")
	}
	if got, want := n.published(), map[string]float64{"stored": 4, "duplicate": 1, "refused": 1}; !maps.Equal(got, want) {
		t.Errorf("counted %v, want %v", got, want)
	}
}
