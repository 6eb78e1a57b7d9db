package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var soakSeed = flag.Uint64("soak.seed", 0, "repeat the soak with this `SEED`; 0 draws one")

// The soak's cast.
const (
	soakClients    = 48
	soakChannels   = 8
	soakPublishers = 3
	soakRetention  = 48 // messages per channel
)

// soak is one run: clients that are killed and come back, under publishing.
type soak struct {
	// Fixed before the first client.
	server *server
	secure string // its address for TLS
	trust  *tls.Config
	seed   uint64
	ledger ledger

	killsLeft atomic.Int64
	killed    chan struct{} // one value per kill, for who has time to look
	ending    atomic.Bool   // clients stop when they are up to date
}

// soakKills is how many times clients are killed. The race detector makes
// everything about ten times slower.
func soakKills() int64 {
	switch {
	case testing.Short():
		return 1_000
	case raceEnabled:
		return 3_000
	default:
		return 10_000
	}
}

// TestSoak kills clients at random, ten thousand times in all, while several
// publishers publish to several channels that keep little. Each client resumes
// with the last id that it has seen. In the end, what a client received and what
// gap notices told it make up everything that was published to its channels:
// each event exactly once, in one order.
//
// Nothing waits for a clock: clients live for a number of events, and stay away
// until a number of others have been published.
func TestSoak(t *testing.T) {
	cert := newCertificate(t)
	origin := startOrigin(t, holding())
	route := func(name string) string {
		return fmt.Sprintf("  - {name: %s, path_prefix: /%[1]s, rewrite_prefix: /, origins: [%q], resume: %[1]s, write_timeout: 5m}\n", name, origin)
	}
	s := &soak{seed: *soakSeed, killed: make(chan struct{}, 1), ledger: newLedger(), trust: trusting(cert.pem)}
	if s.seed == 0 {
		s.seed = rand.Uint64()
	}
	s.server = startServer(t, "routes:\n"+route("ids")+route("positions")+cert.yaml()+fmt.Sprintf(
		"channels: {replay: {messages: %d}, send_window: {messages: %[1]d, bytes: 8KiB}}\ngap: {channels: true}\n", soakRetention))
	s.secure = strings.TrimPrefix(s.server.secureURL, "https://")
	s.killsLeft.Store(soakKills())

	began := time.Now()
	clients := s.run(t)
	s.report(t, clients, time.Since(began))
	if t.Failed() {
		t.Logf("repeat it with -soak.seed=%d; the schedule of goroutines is not repeated", s.seed)
	}
}

// run plays the soak and returns the clients when all of them are up to date.
func (s *soak) run(t *testing.T) []*soakClient {
	clients := make([]*soakClient, soakClients)
	var lives sync.WaitGroup
	for i := range clients {
		clients[i] = newSoakClient(s, i)
	}
	for _, c := range clients { // before anything is published
		if err := c.reconnect(); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range clients {
		lives.Go(func() {
			if err := c.live(); err != nil {
				t.Errorf("client %d: %v", c.index, err)
				s.killsLeft.Store(0)
			}
		})
	}
	var publishers sync.WaitGroup
	quiet := make(chan struct{})
	for i := range soakPublishers {
		publishers.Go(func() {
			if err := s.publish(i, quiet); err != nil {
				t.Errorf("publisher %d: %v", i, err)
			}
		})
	}
	lives.Wait()
	close(quiet)
	publishers.Wait()
	return clients
}

// publish publishes at the pace of the kills, but never stops; when no kills
// are left, slowly, so that all clients catch up and see that they have.
func (s *soak) publish(publisher int, quiet <-chan struct{}) error {
	random := rand.New(rand.NewPCG(s.seed, uint64(1000+publisher)))
	pace := time.NewTicker(2 * time.Millisecond)
	defer pace.Stop()
	for n := 0; ; {
		select {
		case <-quiet:
			return nil
		case <-pace.C:
		case <-s.killed:
		}
		if s.killsLeft.Load() <= 0 && !s.ending.Swap(true) {
			pace.Reset(20 * time.Millisecond)
		}
		phase := "soak"
		if s.ending.Load() {
			phase = "end"
		}
		batch := make([]soakItem, 1+random.IntN(4))
		for i := range batch {
			n++
			batch[i] = drawItem(random, fmt.Sprintf("-%s-%d-%d", phase, publisher, n))
		}
		if err := s.ledger.publish(s.server, batch); err != nil {
			return err
		}
	}
}

// takeKill reports whether another client may be killed.
func (s *soak) takeKill() bool {
	if s.killsLeft.Add(-1) < 0 {
		return false
	}
	select {
	case s.killed <- struct{}{}:
	default:
	}
	return true
}

// await waits until n more events have been published, or no kills are left.
func (s *soak) await(n int) { s.ledger.await(n, s.ending.Load) }

// report judges what the clients have heard, and prints figures.
func (s *soak) report(t *testing.T, clients []*soakClient, took time.Duration) {
	published := s.ledger.sorted()
	total := soakFigures{gaps: map[string]int{}}
	for _, c := range clients {
		if err := c.judge(published, &total); err != nil {
			t.Errorf("client %d (%s, channels %v): %v", c.index, c.dialect, c.channels, err)
		}
		for kind, n := range c.kills {
			total.kills[kind] += n
		}
	}
	kills := 0
	for _, n := range total.kills {
		kills += n
	}
	if int64(kills) < soakKills() && !t.Failed() {
		t.Errorf("%d kills, want %d", kills, soakKills())
	}
	if !testing.Short() && (total.gaps["evicted"] == 0 || total.gaps["lag"] == 0 || total.gaps["unknown"] == 0) {
		t.Errorf("a kind of gap never happened: %v", total.gaps)
	}
	t.Logf("seed %d: %d kills %v in %.1f s; %d events published, %d received by %d clients, %d missed as %d gap notices told %v",
		s.seed, kills, total.kills, took.Seconds(), s.ledger.len(), total.received, len(clients), total.missed, total.notices, total.gaps)
}
