package embedded_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/holdfast-proxy/holdfast/control/nats/embedded"
)

// clusterOptions are those of n nodes that have the same list of peers.
func clusterOptions(t *testing.T, n int) []embedded.Options {
	t.Helper()
	peers := freeAddresses(t, n)
	var all []embedded.Options
	for _, own := range peers {
		all = append(all, embedded.Options{
			StoreDir: t.TempDir(),
			Cluster:  embedded.Cluster{Name: "test", Listen: own, Peers: peers, User: "route", Password: "secret"},
		})
	}
	return all
}

// wantMissing waits until n misses just these.
func (n *node) wantMissing(want ...string) {
	n.t.Helper()
	eventually(n.t, "missing: "+strings.Join(want, ", "), func() bool { return slices.Equal(n.Missing(), want) })
}

// TestTwoOfThreeFreshNodesFormACluster, and the third joins. Each has all three in
// its list.
func TestTwoOfThreeFreshNodesFormACluster(t *testing.T) {
	t.Parallel()
	options := clusterOptions(t, 3)
	peers := options[0].Cluster.Peers
	a := start(t, options[0])
	a.wantMissing(peers[1], peers[2])
	if reasons := strings.Join(a.NotReady(), "; "); !strings.Contains(reasons, "no leader") || !strings.Contains(reasons, peers[1]+", "+peers[2]) {
		t.Errorf("alone it says %q", reasons)
	}
	b := start(t, options[1])
	a.ready()
	b.ready()
	a.wantMissing(peers[2])
	b.wantMissing(peers[2])
	c := start(t, options[2]).ready()
	for _, n := range []*node{a, b, c} {
		n.wantMissing()
	}
	c.replicate()
	c.publish("holdfast.channels.c", "x")

	b.Shutdown()
	a.wantMissing(peers[1])
	c.wantMissing(peers[1])
	a.ready()
	c.ready()
	a.publish("holdfast.channels.c", "y")

	b = start(t, options[1]).ready()
	for _, n := range []*node{a, b, c} {
		n.wantMissing()
	}
}

// TestANodeThatHasLostItsDiskComesBackAsItself, and is ready when it has got
// everything from the others, so that the next may go.
func TestANodeThatHasLostItsDiskComesBackAsItself(t *testing.T) {
	t.Parallel()
	options := clusterOptions(t, 3)
	a, b, c := start(t, options[0]), start(t, options[1]), start(t, options[2])
	a.ready()
	a.replicate()
	a.publish("holdfast.channels.c", "kept")
	b.Shutdown()
	if err := os.RemoveAll(options[1].StoreDir); err != nil {
		t.Fatal(err)
	}
	name := b.Name()
	b = start(t, options[1]).ready()
	if b.Name() != name {
		t.Errorf("called %s, before %s", b.Name(), name)
	}
	c.Shutdown()
	eventually(t, "the new one and another are enough", func() bool {
		m, err := b.last("holdfast.channels.c")
		return err == nil && m == "kept"
	})
}

// last returns the last message of a subject.
func (n *node) last(subject string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	s, err := n.jetStream().Stream(ctx, "S")
	if err != nil {
		return "", err
	}
	m, err := s.GetLastMsgForSubject(ctx, subject)
	if err != nil {
		return "", err
	}
	return string(m.Data), nil
}

// replicate makes the stream on three nodes, as soon as the leader knows them.
func (n *node) replicate() {
	n.t.Helper()
	js := n.jetStream()
	eventually(n.t, "a stream with three replicas", func() bool {
		// While a leader is elected, requests are not refused but lost.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: "S", Subjects: []string{"holdfast.channels.>"}, Replicas: 3})
		return err == nil
	})
}

// TestAServerWithAWrongPasswordStaysOutside, and both sides say why.
func TestAServerWithAWrongPasswordStaysOutside(t *testing.T) {
	t.Parallel()
	options := clusterOptions(t, 2)
	options[1].Cluster.Password = "wrong"
	a, b := start(t, options[0]), start(t, options[1])
	for i, n := range []*node{a, b} {
		eventually(t, "the refusal is logged", func() bool {
			return n.logs.FilterMessage("peer answers but does not connect; compare the cluster's name, user and password").Len() > 0
		})
		n.wantMissing(options[1-i].Cluster.Listen)
	}
	eventually(t, "the server says it too", func() bool {
		return a.said("uthorization") || a.said("uthentication")
	})
}

// said reports whether the server has said text.
func (n *node) said(text string) bool {
	for _, entry := range n.logs.All() {
		if says, ok := entry.ContextMap()["says"].(string); ok && strings.Contains(says, text) {
			return true
		}
	}
	return false
}

// TestThePortForClientsIsClosedInACluster: the server opens one there all the
// same, on loopback, and nobody gets in.
func TestThePortForClientsIsClosedInACluster(t *testing.T) {
	options := clusterOptions(t, 2)
	n := start(t, options[0])
	for name, as := range map[string]client.Option{"nobody": client.Name("x"), "our own user": n.ownUserOverTheNetwork()} {
		if nc, err := client.Connect(n.URL(), as); err == nil {
			nc.Close()
			t.Errorf("%s gets in", name)
		}
	}
}
