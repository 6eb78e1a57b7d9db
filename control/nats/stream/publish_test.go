package stream_test

import (
	"strings"
	"testing"
	"time"

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
