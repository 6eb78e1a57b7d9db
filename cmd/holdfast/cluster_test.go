package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

var (
	clusterKills   = flag.Int("cluster.kills", 2, "kill or stop `N` nodes in the test of a cluster")
	clusterClients = flag.Int("cluster.clients", 30, "have `N` clients move in the test of a cluster")
)

// clusterNode is one of several processes that share a stream.
type clusterNode struct {
	run          func(file string) (*exec.Cmd, error) // starts a process
	file         string
	URL, control string

	mu      sync.Mutex
	process *exec.Cmd // nil while it is dead
}

// clusterToken is for the nodes' control endpoints.
const clusterToken = "secret"

// clusterFile keeps more than a test publishes, so that nothing may be lost.
const clusterFile = `
listen: [%q]
control: {listen: [%q], tokens: [` + clusterToken + `]}
routes: [{origins: [%q]}]
drain: {window: 0s}
channels: {replay: {messages: 100000, bytes: 64MiB}, dedup: {window: 5m}}
log: {level: warn}
nats:
  embedded:
    store_dir: %q
    server_name: node-%d
    cluster: {name: test, listen: %q, user: u, password: p, peers: ["%s"]}
`

// startCluster runs a cluster of the built program until t ends. It returns when
// all nodes are ready.
func startCluster(t *testing.T, p program, size int, origin string) []*clusterNode {
	t.Helper()
	nodes, peers := make([]*clusterNode, size), make([]string, size)
	for i := range nodes {
		nodes[i], peers[i] = &clusterNode{URL: freeAddress(t), control: freeAddress(t)}, freeAddress(t)
		nodes[i].run = func(file string) (*exec.Cmd, error) {
			process := exec.Command(string(p), "serve", "--config", file)
			process.Stderr = t.Output()
			return process, process.Start()
		}
	}
	startNodes(t, nodes, peers, origin)
	return nodes
}

// startNodes runs nodes that are peers of each other until t ends. It returns when
// all are ready.
func startNodes(t *testing.T, nodes []*clusterNode, peers []string, origin string) {
	t.Helper()
	t.Cleanup(func() {
		for _, n := range nodes {
			n.kill(syscall.SIGKILL)
		}
	})
	for i, n := range nodes {
		n.file = writeFile(t, "holdfast.yaml", fmt.Sprintf(clusterFile, n.URL, n.control, origin, t.TempDir(), i, peers[i], strings.Join(peers, `", "`)))
		n.start(t)
	}
	for _, n := range nodes {
		n.awaitReady(t)
	}
}

// freeAddress returns an address on which nobody listens. Its port is not one that
// the kernel gives to outgoing connections, so that it is still free when a node
// comes back.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 1000 {
		address := fmt.Sprint("127.0.0.1:", 12_000+rand.IntN(20_000))
		if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}

func (n *clusterNode) start(t *testing.T) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	process, err := n.run(n.file)
	if err != nil {
		t.Fatal(err)
	}
	n.process = process
}

// kill sends the process a signal and waits for its end.
func (n *clusterNode) kill(s syscall.Signal) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.process == nil {
		return
	}
	n.process.Process.Signal(s)
	n.process.Wait()
	n.process = nil
}

// stop has the process hang for a while.
func (n *clusterNode) stop(t *testing.T, length time.Duration) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT} {
		if err := n.process.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		if s == syscall.SIGSTOP {
			time.Sleep(length)
		}
	}
}

func (n *clusterNode) awaitReady(t *testing.T) {
	t.Helper()
	last := ""
	for deadline := time.Now().Add(goodTime); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		status, answer, err := n.ask(http.MethodGet, "/readyz", "")
		if status == http.StatusOK {
			return
		}
		last = fmt.Sprint(answer, err)
	}
	t.Fatalf("node %s is never ready: %s", n.file, last)
}

// askControl asks a control endpoint for JSON. An answer that does not come is an
// error, since every request is answered in the end.
func askControl(method, url, body string) (status int, answer string, err error) {
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Authorization", "Bearer "+clusterToken)
	response, err := (&http.Client{Timeout: 15 * time.Second}).Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

// ask asks the node's control endpoint.
func (n *clusterNode) ask(method, path, body string) (status int, answer string, err error) {
	return askControl(method, "http://"+n.control+path, body)
}

// post publishes an event on channel with an id that is also its data. It
// reports whether it was acknowledged.
func (n *clusterNode) post(channel, id string) bool {
	status, _, err := n.ask(http.MethodPost, "/channels/"+channel+"?id="+id, id)
	return err == nil && status == http.StatusOK
}

// wanderer is a client that goes to another node whenever its stream ends, and
// now and then by itself.
type wanderer struct {
	nodes    []*clusterNode
	channels []string
	random   *rand.Rand
	lastID   string
	received map[string][]string // ids by channel
	heard    func(id string)     // nil: nobody waits for one
	problems []string
	moves    int
	trail    []string // the visits, to see what went wrong
}

// wander reads until every channel has had its last event.
func (w *wanderer) wander(ctx context.Context) {
	for open := len(w.channels); open > 0 && ctx.Err() == nil; {
		n := w.nodes[w.random.IntN(len(w.nodes))]
		visit, leave := context.WithTimeout(ctx, 10*time.Second)
		open -= w.visit(visit, n, 1+w.random.IntN(400))
		leave()
	}
}

// visit reads up to most events from a node, and returns how many channels have
// ended.
func (w *wanderer) visit(ctx context.Context, n *clusterNode, most int) (ended int) {
	w.moves++
	came, from := time.Now(), w.lastID
	defer func() {
		w.trail = append(w.trail, fmt.Sprintf("at %s from %s to %s: after %q up to %q",
			n.URL, came.Format("05.000"), time.Now().Format("05.000"), from, w.lastID))
	}()
	q := url.Values{"channel": w.channels}
	request, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.URL+"/stream?"+q.Encode(), nil)
	request.Header.Set("Accept", "text/event-stream")
	if w.lastID != "" {
		request.Header.Set("Last-Event-ID", w.lastID)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		time.Sleep(20 * time.Millisecond)
		return 0
	}
	defer response.Body.Close()
	r := bufio.NewReader(response.Body)
	for n := 0; n < most && ended < len(w.channels); n++ {
		b, err := readBlock(r)
		if err != nil {
			return ended
		}
		if b.event == "gap" {
			w.problems = append(w.problems, "gap: "+b.data)
		}
		if b.id != "" {
			w.lastID = b.id
		}
		if b.event != "" || b.data == "" {
			continue
		}
		channel, _, _ := strings.Cut(b.data, "-")
		w.received[channel] = append(w.received[channel], b.data)
		if w.heard != nil {
			w.heard(b.data)
		}
		if strings.HasSuffix(b.data, "-end") {
			ended++
		}
	}
	return ended
}

// TestClusterLosesNothing kills nodes of a cluster of the real program, one after
// the other and with no warning, and every other one only stops for a while, when
// publishers publish through all of them and clients move between them. Each
// client must receive everything that was acknowledged on its channels, once and
// in the order that all others see, with no gap.
func TestClusterLosesNothing(t *testing.T) {
	const channels, publishers = 6, 3
	kills, clients := *clusterKills, *clusterClients
	if testing.Short() {
		kills = 1
	}
	nodes := startCluster(t, build(t), 3, startOrigin(t, holding()))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Duration(kills)*time.Minute)
	defer cancel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)

	wanderers := make([]*wanderer, clients)
	var lives sync.WaitGroup
	for i := range wanderers {
		w := &wanderer{nodes: nodes, random: rand.New(rand.NewPCG(seed, uint64(i))), received: map[string][]string{}}
		w.channels = []string{fmt.Sprintf("c%d", i%channels), fmt.Sprintf("c%d", (i+1)%channels)}
		w.lastID = firstPosition(t, nodes[0])
		wanderers[i] = w
		lives.Go(func() { w.wander(ctx) })
	}
	acknowledged := make([][]string, publishers)
	var quiet atomic.Bool
	var works sync.WaitGroup
	for p := range publishers {
		works.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(1000+p)))
			for i := 0; !quiet.Load() && ctx.Err() == nil; i++ {
				channel := fmt.Sprintf("c%d", random.IntN(channels))
				id := fmt.Sprintf("%s-%d-%d", channel, p, i)
				for ctx.Err() == nil && !nodes[random.IntN(len(nodes))].post(channel, id) {
					time.Sleep(50 * time.Millisecond)
				}
				acknowledged[p] = append(acknowledged[p], id)
			}
		})
	}
	for i := range kills {
		time.Sleep(2 * time.Second)
		n := nodes[i%len(nodes)]
		if i%2 == 1 {
			n.stop(t, 3*time.Second)
		} else {
			n.kill(syscall.SIGKILL)
			time.Sleep(time.Second)
			n.start(t)
		}
		n.awaitReady(t)
	}
	time.Sleep(time.Second)
	quiet.Store(true)
	works.Wait()
	for c := range channels {
		for id := fmt.Sprintf("c%d-end", c); ctx.Err() == nil && !nodes[0].post(fmt.Sprintf("c%d", c), id); {
			time.Sleep(50 * time.Millisecond)
		}
	}
	lives.Wait()
	judge(t, wanderers, slices.Concat(acknowledged...))
}

// firstPosition is the place before everything, as a client would say it.
func firstPosition(t *testing.T, n *clusterNode) string {
	t.Helper()
	_, body, err := n.ask(http.MethodPost, "/channels/first", "x")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(body, `"position":"`)
	position, _, found := strings.Cut(after, `"`)
	if !found {
		t.Fatalf("no position in %s", body)
	}
	return position
}

// judge compares what clients received with each other and with what was
// acknowledged.
func judge(t *testing.T, wanderers []*wanderer, acknowledged []string) {
	t.Helper()
	order := map[string][]string{}
	total, moves := 0, 0
	for i, w := range wanderers {
		if len(w.problems) > 0 {
			t.Errorf("client %d: %v", i, w.problems)
		}
		moves += w.moves
		for channel, got := range w.received {
			total += len(got)
			if order[channel] == nil {
				order[channel] = got
			}
			if !slices.Equal(got, order[channel]) {
				t.Errorf("client %d on %s: %d events, another client %d: %s", i, channel, len(got), len(order[channel]), difference(got, order[channel]))
				t.Log(strings.Join(w.trail, "\n"))
			}
		}
	}
	seen := map[string]int{}
	for _, ids := range order {
		for _, id := range ids {
			seen[id]++
		}
	}
	for _, id := range acknowledged {
		if seen[id] != 1 {
			t.Errorf("%s was acknowledged and received %d times", id, seen[id])
		}
	}
	t.Logf("%d events acknowledged, %d received by %d clients in %d visits", len(acknowledged), total, len(wanderers), moves)
}

// difference says where two orders part.
func difference(got, want []string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("at %d %v and %v", i, got[i:min(i+3, len(got))], want[i:min(i+3, len(want))])
		}
	}
	return fmt.Sprintf("they agree in the first %d", min(len(got), len(want)))
}
