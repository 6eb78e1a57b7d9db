package nats_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// relayRig is a source with a relay.
type relayRig struct {
	*rig
	relay *nats.Relay
	over  *intake.Intake // what comes over HTTP
}

func newRelayRig(t testing.TB, server *natstest.Server, edits ...func(*nats.Options)) *relayRig {
	t.Helper()
	hub := channels.NewHub(channels.DefaultOptions())
	t.Cleanup(hub.Close)
	r := &relayRig{relay: nats.NewRelay(intake.ToHub(hub, wire.Options{}))}
	r.over = intake.New(intake.Options{Publisher: r.relay, Metrics: intake.NewMetrics(prometheus.NewRegistry())})
	r.rig = newRig(t, server, append(edits, func(o *nats.Options) {
		o.Relay, o.Interrupt, o.Intake = r.relay, hub.Interrupt, newIntake(hub)
	})...)
	r.hub = hub
	return r
}

// say publishes an event and returns the status that its publisher is told.
func (r *relayRig) say(channel, id, data string) int {
	r.t.Helper()
	_, err := r.over.Event(context.Background(), intake.Event{Channel: channel, ID: id, Data: []byte(data)})
	if err == nil {
		return 200
	}
	status, _ := intake.Problem(err)
	return status
}

// wantBoth reads the same on two nodes.
func wantBoth(t *testing.T, a, b *relayRig, onA, onB *channels.Cursor, want string) {
	t.Helper()
	if got := dataAndGaps(a.read(onA)); got != want {
		t.Errorf("on its own node: %q, want %q", got, want)
	}
	got := ""
	eventually(t, want+" on the other node", func() bool {
		got = strings.TrimSpace(got + " " + dataAndGaps(b.read(onB)))
		return len(got) >= len(want)
	})
	if got != want {
		t.Errorf("on the other node: %q, want %q", got, want)
	}
}

func TestWhatOneNodeIsGivenReachesAll(t *testing.T) {
	server := natstest.Start(t)
	a, b := newRelayRig(t, server), newRelayRig(t, server)
	a.ready()
	b.ready()
	onA, onB := a.follow("c", "a b.*"), b.follow("c", "a b.*")
	if status := a.say("c", "", "1"); status != 200 {
		t.Errorf("answered %d", status)
	}
	if status := a.say("a b.*", "7", "2"); status != 200 {
		t.Errorf("answered %d", status)
	}
	batch := `{"items":[{"channel":"c","id":"x","formats":{"sse":{"id":"x","data":"3"}}},{"channel":"c","prev-id":"x","formats":{"sse":{"data":"4"}}}]}`
	if _, err := a.over.Items(t.Context(), []byte(batch)); err != nil {
		t.Error(err)
	}
	wantBoth(t, a, b, onA, onB, "1 2 3 4")
	if status := b.say("c", "x", "again"); status != 200 {
		t.Errorf("an id that is known: %d", status)
	}
	b.say("c", "", "5")
	wantBoth(t, b, a, onB, onA, "5")
	if a.count("holdfast_nats_relayed_total", "relayed") != 4 || b.count("holdfast_nats_messages_total", "published", "channel") != 4 {
		t.Error("wrong counts")
	}
}

func TestTheEndOfAChannelReachesAllNodes(t *testing.T) {
	server := natstest.Start(t)
	a, b := newRelayRig(t, server), newRelayRig(t, server)
	a.ready()
	b.ready()
	onA, onB := a.follow("c"), b.follow("c")
	if n, err := a.relay.End(t.Context(), "c"); n != 1 || err != nil {
		t.Errorf("%d streams, %v", n, err)
	}
	for _, c := range []*channels.Cursor{onA, onB} {
		eventually(t, "the stream is ended", func() bool {
			entries, err := c.Next(nil, 1, 1)
			return err == nil && len(entries) == 1 && entries[0].Action(wire.Stream) == channels.Close
		})
	}
}

// The publishers of one node need not wait for each other, and all nodes agree on
// their order.
func TestConcurrentPublicationsHaveOneOrder(t *testing.T) {
	const publishers, each = 50, 20
	server := natstest.Start(t)
	a, b := newRelayRig(t, server), newRelayRig(t, server)
	a.ready()
	b.ready()
	onA, onB := a.follow("c"), b.follow("c")
	var all sync.WaitGroup
	for p := range publishers {
		all.Go(func() {
			for i := range each {
				if status := a.say("c", "", fmt.Sprintf("%d-%d", p, i)); status != 200 {
					t.Errorf("answered %d", status)
				}
			}
		})
	}
	all.Wait()
	want := dataAndGaps(a.read(onA))
	if n := len(strings.Fields(want)); n != publishers*each {
		t.Fatalf("%d published", n)
	}
	got := ""
	eventually(t, "all is published", func() bool {
		got = strings.TrimSpace(got + " " + dataAndGaps(b.read(onB)))
		return len(got) >= len(want)
	})
	if got != want {
		t.Error("the other node has another order")
	}
}

func TestNothingIsPublishedWhileNATSIsAway(t *testing.T) {
	server := natstest.Start(t)
	a, b := newRelayRig(t, server), newRelayRig(t, server)
	a.ready()
	b.ready()
	onA, onB := a.follow("c"), b.follow("c")
	server.Stop()
	a.wantReason("nats: not connected")
	if status := a.say("c", "", "away"); status != 503 {
		t.Errorf("answered %d", status)
	}
	server.Restart()
	a.ready()
	b.ready()
	a.say("c", "", "back")
	wantBoth(t, a, b, onA, onB, "[bus] back")
	if n := a.count("holdfast_nats_relayed_total", "refused"); n != 1 {
		t.Errorf("%v refused", n)
	}
}

func TestAnItemThatIsTooLargeIsPublishedNowhere(t *testing.T) {
	srv := natstest.Start(t, func(o *server.Options) { o.MaxPayload = 1000 })
	a := newRelayRig(t, srv)
	a.ready()
	c := a.follow("c")
	body := `{"items":[{"channel":"c","formats":{"sse":{"data":"small"}}},{"channel":"c","formats":{"sse":{"data":"` + strings.Repeat("x", 2000) + `"}}}]}`
	_, err := a.over.Items(t.Context(), []byte(body))
	if status, problem := intake.Problem(err); status != 400 || !strings.HasPrefix(problem, "Item 1 is larger") {
		t.Errorf("%v", err)
	}
	if got := a.read(c); got != "" {
		t.Errorf("published %q", got)
	}
}

// TestAPublicationThatIsNotConfirmed breaks the connection when it has passed.
func TestAPublicationThatIsNotConfirmed(t *testing.T) {
	srv := natstest.Start(t)
	cut := newCut(t, srv.URL)
	a := newRelayRig(t, srv, func(o *nats.Options) { o.Servers = []string{cut.url} })
	b := newRelayRig(t, srv)
	a.ready()
	b.ready()
	onA, onB := a.follow("c"), b.follow("c")
	cut.deaf()
	answered := make(chan int)
	go func() { answered <- a.say("c", "1", "x") }()
	got := ""
	eventually(t, "it is on the other node", func() bool { got += b.read(onB); return strings.Contains(got, "data: x") })
	cut.sever()
	if status := <-answered; status != 504 {
		t.Errorf("answered %d", status)
	}
	if got := a.read(onA); strings.Contains(got, "x") {
		t.Errorf("published here: %q", got)
	}
	eventually(t, "there is another connection", func() bool { return a.count("holdfast_nats_reconnects_total") == 1 })
	a.ready()
	if status := a.say("c", "1", "x"); status != 200 {
		t.Errorf("sent again: %d", status)
	}
	a.say("c", "", "y")
	if got := dataAndGaps(a.read(onA)); got != "[bus] x y" {
		t.Errorf("on its own node: %q", got)
	}
	got = ""
	eventually(t, "the next is on the other node", func() bool { got += b.read(onB); return strings.Contains(got, "data: y") })
	if strings.Contains(got, "data: x") {
		t.Errorf("twice on the other node: %q", got)
	}
	if n := a.count("holdfast_nats_relayed_total", "unknown"); n != 1 {
		t.Errorf("%v unknown", n)
	}
}

// cut is a way to a server that can be cut.
type cut struct {
	url string

	mu    sync.Mutex
	quiet bool // the server's answers do not pass, on the present connection
	near  net.Conn
}

// newCut passes connections on to the server at url, one at a time, until t ends.
func newCut(t *testing.T, url string) *cut {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cut{url: "nats://" + l.Addr().String()}
	var passing sync.WaitGroup
	passing.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", strings.TrimPrefix(url, "nats://"))
			if err != nil {
				near.Close()
				continue
			}
			c.mu.Lock()
			c.near, c.quiet = near, false
			c.mu.Unlock()
			passing.Go(func() { io.Copy(io.MultiWriter(far), near); far.Close() }) // no pipe of the kernel's, which would look like a leak
			passing.Go(func() { io.Copy(answers{c, near}, far); near.Close() })
		}
	})
	t.Cleanup(func() {
		l.Close()
		c.sever()
		passing.Wait()
	})
	return c
}

// answers is the way of the server's answers.
type answers struct {
	cut  *cut
	near net.Conn
}

func (a answers) Write(b []byte) (int, error) {
	a.cut.mu.Lock()
	quiet := a.cut.quiet
	a.cut.mu.Unlock()
	if quiet {
		return len(b), nil
	}
	return a.near.Write(b)
}

func (c *cut) deaf() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.quiet = true
}

func (c *cut) sever() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.near != nil {
		c.near.Close()
	}
}

// BenchmarkRelay has two nodes, which both publish what one is given.
func BenchmarkRelay(b *testing.B) {
	server := natstest.Start(b)
	r := newRelayRig(b, server)
	newRelayRig(b, server).ready()
	r.ready()
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if status := r.say("c", "", "hello"); status != 200 {
				b.Errorf("answered %d", status)
			}
		}
	})
}

// The values of headers lose the spaces around them on their way.
func TestSpacesAroundIDsAndNamesReachAllNodes(t *testing.T) {
	server := natstest.Start(t)
	a, b := newRelayRig(t, server), newRelayRig(t, server)
	a.ready()
	b.ready()
	onA, onB := a.follow("c"), b.follow("c")
	for _, e := range []intake.Event{
		{Channel: "c", ID: " 1\t", Data: []byte("\"1\"\n\u2028")},
		{Channel: "c", Name: "\tn ", Data: []byte("2")},
		{Channel: "c", Name: " n", ID: "1 ", Data: nil},
		{Channel: "c", ID: "1", Data: []byte("<4>")},
	} {
		if _, err := a.over.Event(t.Context(), e); err != nil {
			t.Error(err)
		}
	}
	want := positions.ReplaceAllString(a.read(onA), "id: POSITION\n")
	for _, line := range []string{"id:  1\t\n", "event: \tn \n", "event:  n\n", "id: 1 \n", "id: 1\n", "data: \"1\"\n"} {
		if !strings.Contains(want, line) {
			t.Errorf("no %q in %q", line, want)
		}
	}
	got := ""
	eventually(t, "all is on the other node", func() bool { got += b.read(onB); return strings.Contains(got, "<4>\nid: 1\n") })
	if got = positions.ReplaceAllString(got, "id: POSITION\n"); got != want {
		t.Errorf("on the other node %q, here %q", got, want)
	}
}

// positions are ids that nodes give.
var positions = regexp.MustCompile(`id: [a-z0-9]{8,}-\d+\n`)
