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
	r.t.Logf("node %d is cut off: %s", i, how.name)
	watch := watchReadiness(r.nodes[i])
	began := time.Now()
	r.network.begin(how, i+1)
	time.Sleep(length)
	r.areMissed((i+1)%len(r.nodes), fmt.Sprint("node-", i))
	healed := time.Now()
	r.network.heal(how, i+1)
	caughtUp := r.catchUp(i, healed)
	r.nodes[i].awaitReady(r.t)
	unready, ready, reasons := watch.end()
	if unready.IsZero() || unready.After(healed) {
		r.t.Errorf("node %d was cut off for %v and ready all the time", i, length)
	}
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

// cutPublisher publishes through one node, one event after the other, each until it
// is acknowledged.
type cutPublisher struct {
	trial  *trial
	index  int
	node   *clusterNode
	random *rand.Rand

	acknowledged []string // read when publish has returned

	mu      sync.Mutex
	answers []cutAnswer
}

// cutAnswer is what a publisher was told.
type cutAnswer struct {
	status    int
	asked, at time.Time
}

func (p *cutPublisher) publish() {
	for i := 0; !p.trial.quiet.Load() && p.trial.ctx.Err() == nil; i++ {
		channel := fmt.Sprintf("c%d", p.random.IntN(trialChannels))
		id := fmt.Sprintf("%s-%d-%d", channel, p.index, i)
		for p.post(channel, id) != http.StatusOK {
			if p.trial.ctx.Err() != nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		p.acknowledged = append(p.acknowledged, id)
		time.Sleep(5 * time.Millisecond)
	}
}

func (p *cutPublisher) post(channel, id string) int {
	asked := time.Now()
	status, answer, err := p.node.ask(http.MethodPost, "/channels/"+channel+"?id="+id, id)
	if !slices.Contains([]int{http.StatusOK, http.StatusServiceUnavailable, http.StatusGatewayTimeout}, status) {
		p.trial.t.Errorf("publisher %d was answered %d %s, %v", p.index, status, answer, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers = append(p.answers, cutAnswer{status, asked, time.Now()})
	return status
}

// report tells what the publisher was answered to what it asked in a cut. Through
// the node that was cut off, nothing may be acknowledged before the cut is healed.
func (p *cutPublisher) report(began, healed time.Time, cutOff bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	statuses, longest, early := map[int]int{}, time.Duration(0), 0
	for _, a := range p.answers {
		if a.at.Before(began) || a.asked.After(healed) {
			continue
		}
		statuses[a.status]++
		longest = max(longest, a.at.Sub(a.asked))
		if a.status == http.StatusOK && a.asked.After(began) && a.at.Before(healed) {
			early++
		}
	}
	if cutOff && early > 0 {
		p.trial.t.Errorf("%d events were acknowledged through node %d, which was cut off", early, p.index)
	}
	if !cutOff && early == 0 {
		p.trial.t.Errorf("nothing was acknowledged through node %d, which was not cut off", p.index)
	}
	p.trial.t.Logf("publisher at node %d: answers %v, the longest after %v", p.index, statuses, longest.Round(10*time.Millisecond))
}

// readiness is what /readyz says, in the course of time.
type readiness struct {
	stop, done chan struct{}
	unready    time.Time // when it was not ready first
	ready      time.Time // when it was ready again
	reasons    []string  // as they came
}

func watchReadiness(n *clusterNode) *readiness {
	w := &readiness{stop: make(chan struct{}), done: make(chan struct{})}
	began := time.Now()
	go func() {
		defer close(w.done)
		for tick := time.NewTicker(50 * time.Millisecond); ; {
			select {
			case <-tick.C:
				w.look(n, began)
			case <-w.stop:
				w.look(n, began)
				return
			}
		}
	}()
	return w
}

func (w *readiness) look(n *clusterNode, began time.Time) {
	status, answer, err := n.ask(http.MethodGet, "/readyz", "")
	said := fmt.Sprint(answer, err)
	now := time.Now()
	if len(w.reasons) == 0 || w.reasons[len(w.reasons)-1][len("00000 ms "):] != said {
		w.reasons = append(w.reasons, fmt.Sprintf("%5d ms %s", now.Sub(began).Milliseconds(), said))
	}
	switch {
	case status != http.StatusOK:
		w.ready = time.Time{}
		if w.unready.IsZero() {
			w.unready = now
		}
	case w.ready.IsZero() && !w.unready.IsZero():
		w.ready = now
	}
}

// end returns when the node was not ready first, and when for good again.
func (w *readiness) end() (unready, ready time.Time, reasons []string) {
	close(w.stop)
	<-w.done
	return w.unready, w.ready, w.reasons
}
