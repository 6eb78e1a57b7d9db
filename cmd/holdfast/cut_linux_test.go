package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var clusterCuts = flag.Int("cluster.cuts", 1, "cut a node off `N` times in the test of a cut network")

// TestACutNetworkLosesNothing cuts one node of a cluster of the real program off
// from the others, while publishers publish through all of them and clients move
// between them. Each client must receive everything that was acknowledged on its
// channels, once and in the order that all others see, with no gap. Streams that
// stay are held through the cut and catch up. The node that is cut off says that it
// is not ready, and acknowledges nothing that it cannot store.
func TestACutNetworkLosesNothing(t *testing.T) {
	if !inOwnNetwork(t) {
		return
	}
	trial := newTrial(t)
	trial.start()
	for i := range trial.nodes {
		trial.areMissed(i) // nobody is
		trial.catchUp(i, time.Now())
	}
	for i := range *clusterCuts {
		trial.cut(cuts[i%len(cuts)], i%len(trial.nodes), cutTime)
	}
	trial.end()
}

// cutTime is longer than it takes to elect a leader, than a publication waits, and
// than it takes until servers give up a connection.
const cutTime = 16 * time.Second

// trial is a cluster with all that is going on in it.
type trial struct {
	t       *testing.T
	network network
	nodes   []*clusterNode
	seed    uint64
	ctx     context.Context

	wanderers  []*wanderer // of these as many as nodes stay at theirs
	publishers []*cutPublisher
	lives      sync.WaitGroup // of clients
	works      sync.WaitGroup // of publishers
	quiet      atomic.Bool    // publishers end
	marks      marks
	extra      []string // what else was acknowledged
}

const trialChannels, trialClients = 6, 12

func newTrial(t *testing.T) *trial {
	p, w := build(t), makeNetwork(t)
	l, err := net.Listen("tcp", w.front(0)+":0")
	if err != nil {
		t.Fatal(err)
	}
	origin := httptest.NewUnstartedServer(holding())
	origin.Listener.Close()
	origin.Listener = l
	origin.Start()
	t.Cleanup(origin.Close)

	var peers []string
	r := &trial{t: t, network: w, seed: rand.Uint64(), marks: marks{seen: map[string]chan time.Time{}}}
	t.Logf("seed %d", r.seed)
	for i := 1; i <= 3; i++ {
		r.nodes = append(r.nodes, &clusterNode{URL: w.front(i) + ":7999", control: w.front(i) + ":5561", run: func(file string) (*exec.Cmd, error) {
			return w.plug(i, string(p), "serve", "--config", file)
		}})
		peers = append(peers, w.peer(i)+":6222")
	}
	startNodes(t, r.nodes, peers, origin.URL)
	return r
}

// start begins clients and publishers.
func (r *trial) start() {
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Duration(1+*clusterCuts)*2*time.Minute)
	r.t.Cleanup(cancel)
	r.ctx = ctx
	first := firstPosition(r.t, r.nodes[0])
	for i := range trialClients {
		w := &wanderer{nodes: r.nodes, random: rand.New(rand.NewPCG(r.seed, uint64(i))), received: map[string][]string{}, lastID: first}
		w.channels = []string{fmt.Sprintf("c%d", i%trialChannels), fmt.Sprintf("c%d", (i+1)%trialChannels)}
		r.wanderers = append(r.wanderers, w)
		if i >= len(r.nodes) {
			r.lives.Go(func() { w.wander(ctx) })
			continue
		}
		w.nodes, w.heard = r.nodes[i:i+1], func(id string) { r.marks.heard(i, id) }
		w.channels = []string{"c0", fmt.Sprintf("c%d", 1+i)}
		r.lives.Go(func() { w.visit(ctx, w.nodes[0], math.MaxInt) })
	}
	for i, n := range r.nodes {
		p := &cutPublisher{trial: r, index: i, node: n, random: rand.New(rand.NewPCG(r.seed, uint64(1000+i)))}
		r.publishers = append(r.publishers, p)
		r.works.Go(p.publish)
	}
}

// cut cuts node i off for a while, and looks at what comes of it.
func (r *trial) cut(how cut, i int, length time.Duration) {
	for _, n := range r.nodes {
		n.awaitReady(r.t)
	}
	r.t.Logf("node %d is cut off: %s", i, how.name)
	watch := watchReadiness(r.nodes[i])
	r.network.begin(how, i+1)
	began := time.Now()
	time.Sleep(length)
	r.areMissed((i+1)%len(r.nodes), fmt.Sprint("node-", i))
	eventually(r.t, "the node that is cut off says so", func() bool {
		status, _, _ := r.nodes[i].ask(http.MethodGet, "/readyz", "")
		return status != http.StatusOK
	})
	healed := time.Now()
	r.network.heal(how, i+1)
	caughtUp := r.catchUp(i, healed)
	r.nodes[i].awaitReady(r.t)
	unready, ready, reasons := watch.end()
	r.t.Logf("not ready %v after the cut, ready %v after it is healed; held streams up to date %v after it is healed",
		since(unready, began), since(ready, healed), since(caughtUp, healed))
	for _, reason := range reasons {
		r.t.Logf("/readyz: %s", reason)
	}
	for _, p := range r.publishers {
		p.report(began, healed, p.index == i)
	}
}

func since(at, start time.Time) time.Duration { return at.Sub(start).Round(10 * time.Millisecond) }

// areMissed waits until node i tells of all others, and misses these.
func (r *trial) areMissed(i int, names ...string) {
	r.t.Helper()
	eventually(r.t, fmt.Sprintf("node %d misses %v", i, names), func() bool {
		call := callRoll(r.t, "http://"+r.nodes[i].control)
		return len(call.Nodes) == len(r.nodes)-len(names) && slices.Equal(call.Missing, append([]string{}, names...))
	})
}

// catchUp publishes through another node and returns when the stream that stayed at
// node i had it.
func (r *trial) catchUp(i int, healed time.Time) time.Time {
	r.t.Helper()
	id := fmt.Sprintf("c0-mark-%d", healed.UnixNano())
	arrived := r.marks.expect(i, id)
	for !r.nodes[(i+1)%len(r.nodes)].post("c0", id) {
		time.Sleep(50 * time.Millisecond)
	}
	r.extra = append(r.extra, id)
	select {
	case at := <-arrived:
		return at
	case <-time.After(goodTime):
		r.t.Fatalf("the stream at node %d is not up to date", i)
	}
	return time.Time{}
}

// end ends publishers and clients, and compares what they say.
func (r *trial) end() {
	r.t.Helper()
	r.quiet.Store(true)
	r.works.Wait()
	for c := range trialChannels {
		for id := fmt.Sprintf("c%d-end", c); r.ctx.Err() == nil && !r.nodes[0].post(fmt.Sprintf("c%d", c), id); {
			time.Sleep(50 * time.Millisecond)
		}
	}
	r.lives.Wait()
	acknowledged := r.extra
	for _, p := range r.publishers {
		acknowledged = append(acknowledged, p.acknowledged...)
	}
	for i, w := range r.wanderers[:len(r.nodes)] {
		if w.moves != 1 {
			r.t.Errorf("the client that stays at node %d connected %d times", i, w.moves)
		}
	}
	judge(r.t, r.wanderers, acknowledged)
}

// marks are events that somebody waits for.
type marks struct {
	mu   sync.Mutex
	seen map[string]chan time.Time // by client and id
}

func (m *marks) expect(client int, id string) <-chan time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	arrived := make(chan time.Time, 1)
	m.seen[fmt.Sprint(client, id)] = arrived
	return arrived
}

func (m *marks) heard(client int, id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if arrived := m.seen[fmt.Sprint(client, id)]; arrived != nil {
		arrived <- time.Now()
	}
}
