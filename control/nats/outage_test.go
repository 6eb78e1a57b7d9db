package nats_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
)

// TestWhatIsMissingAfterOutagesIsTold takes the server away again and again while
// one node publishes numbers, each again until it is confirmed. Every stream of
// every node must get them once and in order, and be told of a gap wherever one is
// missing.
func TestWhatIsMissingAfterOutagesIsTold(t *testing.T) {
	outages := 3
	if testing.Short() {
		outages = 1
	}
	server := natstest.Start(t)
	nodes := []*relayRig{newRelayRig(t, server), newRelayRig(t, server), newRelayRig(t, server)}
	readers := make([]*channels.Cursor, len(nodes))
	for i, n := range nodes {
		n.ready()
		readers[i] = n.follow("c")
	}
	got := make([][]string, len(nodes))
	last := 0
	publish := func() {
		last++
		number := strconv.Itoa(last)
		eventually(t, number+" is confirmed", func() bool { return nodes[0].say("c", number, number) == 200 })
		for i, n := range nodes {
			got[i] = append(got[i], strings.Fields(dataAndGaps(n.read(readers[i])))...)
		}
	}
	for range outages {
		for end := time.Now().Add(300 * time.Millisecond); time.Now().Before(end); {
			publish()
		}
		server.Stop()
		server.Restart()
		publish() // as soon as this node is back, which may be before the others
	}
	for _, n := range nodes {
		n.ready()
	}
	publish()
	for i, n := range nodes {
		eventually(t, "the last number", func() bool {
			got[i] = append(got[i], strings.Fields(dataAndGaps(n.read(readers[i])))...)
			return slices.Contains(got[i], strconv.Itoa(last))
		})
		missing, err := audit(got[i], last)
		if err != nil {
			t.Errorf("node %d: %v", i, err)
		}
		t.Logf("node %d: %d of %d missed", i, missing, last)
	}
}

// audit counts what a stream has missed. The error is about what it was not told,
// or got twice or in another order.
func audit(got []string, last int) (missing int, err error) {
	at, told := 0, false
	for _, word := range got {
		if word == "[bus]" {
			told = true
			continue
		}
		number, err := strconv.Atoi(word)
		if err != nil || number <= at {
			return missing, fmt.Errorf("%s after %d", word, at)
		}
		if number > at+1 && !told {
			return missing, fmt.Errorf("%s after %d, and no gap", word, at)
		}
		missing += number - at - 1
		at, told = number, false
	}
	if at != last {
		return missing, fmt.Errorf("ends at %d of %d", at, last)
	}
	return missing, nil
}
