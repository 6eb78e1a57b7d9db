package stream_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/control/nats/embedded"
	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
	"github.com/holdfast-proxy/holdfast/control/nats/stream"
)

func TestWhatOneNodePublishesReachesAll(t *testing.T) {
	server := startServer(t, t.TempDir())
	a, b := startNode(t, server.InProcess()).ready(), startNode(t, server.InProcess()).ready()
	ra, rb := a.follow("", "c"), b.follow("", "c")
	a.say("c", "", "1")
	b.say("c", "", "2")
	a.say("other", "", "x")
	a.say("c", "", "3")
	ra.want("1", "2", "3")
	rb.want("1", "2", "3")
}

func TestAClientGoesOnAtAnotherNode(t *testing.T) {
	server := startServer(t, t.TempDir())
	a, b := startNode(t, server.InProcess()).ready(), startNode(t, server.InProcess()).ready()
	var places []string
	for _, n := range numbers(1, 20) {
		places = append(places, a.say("c", "", n))
	}
	b.follow(places[9], "c").want(numbers(11, 20)...)
	a.follow(places[18], "c").want("20")
}

func TestANewClientGetsNoHistory(t *testing.T) {
	server := startServer(t, t.TempDir())
	a, b := startNode(t, server.InProcess()).ready(), startNode(t, server.InProcess()).ready()
	place := a.say("c", "", "old")
	want, _ := channels.ParsePosition(place)
	b.bus.Refresh() // what the proxy does before it asks an origin
	b.until("the node knows how far the order has come", func() bool { return b.hub.Head().Seq >= want.Seq })
	r := b.follow("", "c")
	a.say("c", "", "new")
	r.want("new")
}

func TestHistorySurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	first := startServer(t, dir)
	place := startNode(t, first.InProcess()).ready().say("c", "", "1")
	startNode(t, first.InProcess()).ready().say("c", "id-2", "2")
	first.Shutdown()
	n := startNode(t, startServer(t, dir).InProcess()).ready()
	n.follow(place, "c").want("2")
	n.say("c", "", "3")
	n.follow("id-2", "c").want("3")
}

func TestAnIdIsStoredOncePerChannel(t *testing.T) {
	server := startServer(t, t.TempDir())
	a, b := startNode(t, server.InProcess()).ready(), startNode(t, server.InProcess()).ready()
	r := a.follow("", "c", "d")
	a.say("c", "1", "c1")
	if place := b.say("c", "1", "c1 again"); place != "" {
		t.Errorf("it was stored again at %s", place)
	}
	b.say("d", "1", "d1")
	r.want("c1", "d1")
}

// TestPublishersOfNATSNeedNoNode: what is sent to a channel's subject is stored
// by the server, and bad payloads and forged headers do no harm.
func TestPublishersOfNATSNeedNoNode(t *testing.T) {
	server := startServer(t, t.TempDir())
	n := startNode(t, server.InProcess()).ready()
	nc := connect(t, server)
	r := n.follow("", "user-42", "a b", "x..y")
	send := func(subject, data string, headers ...string) {
		t.Helper()
		m := client.NewMsg(subject)
		m.Data = []byte(data)
		for i := 0; i+1 < len(headers); i += 2 {
			m.Header[headers[i]] = []string{headers[i+1]}
		}
		if _, err := nc.RequestMsg(m, goodTime); err != nil {
			t.Fatalf("%s: %v", subject, err)
		}
	}
	send("holdfast.channels.user-42", "1")
	send("holdfast.channels.user-42", "\xff")
	send("holdfast.channels.user-42", "2", "Holdfast-Nonsense", "x")
	send("holdfast.channels.user-42", "3", "Nats-Sequence", "999", "Nats-Last-Sequence", "999", "Nats-Subject", "holdfast.mark")
	send("holdfast.channels.user-42", `{"sse":{"data":"4"}}`, "Holdfast-Format", "item")
	send("holdfast.channels.a%20b", "5", "Holdfast-Id", "five")
	send("holdfast.channels.a%20b", "5 again", "Holdfast-Id", "five")
	send("holdfast.channels.x.%.y", "6")
	r.want("1", "3", "4", "5", "6")
	n.until("the useless ones are counted", func() bool { return n.count("holdfast_bus_bad_messages_total") == 2 })
}

func TestAChannelIsEndedOnAllNodes(t *testing.T) {
	server := startServer(t, t.TempDir())
	a, b := startNode(t, server.InProcess()).ready(), startNode(t, server.InProcess()).ready()
	r := b.follow("", "c")
	place := a.say("c", "", "last")
	if _, err := a.bus.End(t.Context(), "c"); err != nil {
		t.Fatal(err)
	}
	r.want("last", "close")
	late := b.follow(place, "c") // the end was not for those who come back
	a.say("c", "", "next")
	late.want("next")
}

func TestAPositionThatTheOrderHasNotReachedIsAGap(t *testing.T) {
	server := startServer(t, t.TempDir())
	n := startNode(t, server.InProcess()).ready()
	n.say("c", "", "1")
	n.follow(n.hub.Epoch()+"-999999", "c").want("gap:unknown")
}

// TestAFullStoreIsSaid: nothing is acknowledged that is not stored.
func TestAFullStoreIsSaid(t *testing.T) {
	server, err := embedded.Start(t.Context(), embedded.Options{StoreDir: t.TempDir(), MaxStore: 1 << 20}, quietLog)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	n := startNode(t, server.InProcess(), func(o *stream.Options) { o.MaxMessages = 0 }).ready()
	data := []byte(strings.Repeat("x", 100_000))
	for range 30 {
		if _, err = n.intake.Event(t.Context(), intake.Event{Channel: "c", Data: data}); err != nil {
			break
		}
	}
	if status, text := intake.Problem(err); status != 503 || !strings.Contains(text, "full") {
		t.Errorf("%d %s", status, text)
	}
}

// TestWhatIsLostOnItsWayIsFound makes a node too slow for what comes, so that its
// client of NATS drops messages: on a busy channel, and the last one of a quiet
// channel, after which nothing comes that could show it.
func TestWhatIsLostOnItsWayIsFound(t *testing.T) {
	server := startServer(t, t.TempDir())
	n := startNode(t, server.InProcess(), func(o *stream.Options) { *o = o.WithQueue(8) }).ready()
	busy, quiet := n.follow("", "busy"), n.follow("", "quiet")
	busy.stall = make(chan struct{})
	for _, word := range numbers(1, 50) {
		n.say("busy", "", word)
	}
	n.say("quiet", "", "q")
	close(busy.stall)
	busy.want(numbers(1, 50)...)
	quiet.want("q")
	if n.count("holdfast_bus_lost_total") == 0 {
		t.Error("nothing was lost, so nothing is proved")
	}
}

// TestALongQueueIsTakenWhole: a node that was held up finds more waiting than it hands to
// the hub at once.
func TestALongQueueIsTakenWhole(t *testing.T) {
	const count = 1000
	server := startServer(t, t.TempDir())
	n := startNode(t, server.InProcess()).ready()
	r := n.follow("", "c")
	r.stall = make(chan struct{})
	for _, word := range numbers(1, count) {
		n.say("c", "", word)
	}
	close(r.stall)
	r.want(numbers(1, count)...)
	if lost := n.count("holdfast_bus_lost_total"); lost != 0 {
		t.Errorf("%v messages were lost", lost)
	}
}

// TestWhatIsLostIsNotOvertaken by what comes after it on other channels, or a client
// that goes to another node with an id of the others would never get it.
func TestWhatIsLostIsNotOvertaken(t *testing.T) {
	server := startServer(t, t.TempDir())
	n := startNode(t, server.InProcess(), func(o *stream.Options) { *o = o.WithQueue(8) }).ready()
	other := startNode(t, server.InProcess()).ready()
	for round := range 20 {
		busy, both := n.follow("", "busy"), n.follow("", "a", "b", "c")
		busy.stall = make(chan struct{})
		var want []string
		other.say("busy", "", "x")
		for i := range 30 {
			word := fmt.Sprint(round, "-", i)
			other.say([]string{"a", "b", "c"}[i%3], "", word)
			want = append(want, word)
		}
		close(busy.stall)
		both.want(want...)
		busy.cursor.Close()
		both.cursor.Close()
	}
	if n.count("holdfast_bus_lost_total") == 0 {
		t.Error("nothing was lost, so nothing is proved")
	}
}

// TestFollowersOfAllKindsGetEverything publishes to many channels while they are
// followed one after the other, from their beginnings: whatever a follower gets
// of the history and of what is new must be all, once and in order.
func TestFollowersOfAllKindsGetEverything(t *testing.T) {
	const count, each = 60, 40
	server := startServer(t, t.TempDir())
	a, b := startNode(t, server.InProcess()).ready(), startNode(t, server.InProcess()).ready()
	start := a.say("start", "", "x")
	var all sync.WaitGroup
	for p := range 4 {
		all.Go(func() {
			for i := 1; i <= each; i++ {
				for c := p; c < count; c += 4 {
					if _, err := a.intake.Event(t.Context(), intake.Event{Channel: fmt.Sprint("c", c), Data: []byte(fmt.Sprint(i))}); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	for c := range count {
		r := b.follow(start, fmt.Sprint("c", c))
		all.Go(func() {
			for _, want := range numbers(1, each) {
				if got := r.next(); got != want {
					t.Errorf("channel %d: got %s, want %s", c, got, want)
					return
				}
			}
		})
	}
	all.Wait()
}

// TestAStreamThatIsMadeAnewIsAnotherOrder: positions of the old one are a gap,
// and streams that are held end.
func TestAStreamThatIsMadeAnewIsAnotherOrder(t *testing.T) {
	server := startServer(t, t.TempDir())
	n := startNode(t, server.InProcess()).ready()
	old := n.say("c", "", "1")
	held := n.follow("", "c")
	js, err := jetstream.New(connect(t, server))
	if err != nil {
		t.Fatal(err)
	}
	epoch := n.hub.Epoch()
	if err := js.DeleteStream(t.Context(), "HOLDFAST"); err != nil {
		t.Fatal(err)
	}
	n.bus.Alarm()
	n.until("there is another order", func() bool { return n.hub.Epoch() != epoch })
	held.want(channels.ErrClosed.Error())
	n.say("c", "", "2")
	n.follow(old, "c").want("gap:epoch")
}

// TestAStreamThatHasForgottenIsAnotherOrder: its next sequences were given away
// before.
func TestAStreamThatHasForgottenIsAnotherOrder(t *testing.T) {
	server := startServer(t, t.TempDir())
	n := startNode(t, server.InProcess()).ready()
	epoch := n.hub.Epoch()
	n.hub.Learn(1000)
	n.bus.Alarm()
	n.until("there is another order", func() bool { return n.hub.Epoch() != epoch })
	other := startNode(t, server.InProcess()).ready()
	if a, b := n.hub.Epoch(), other.hub.Epoch(); a != b {
		t.Errorf("nodes have the orders %s and %s", a, b)
	}
}

// TestAStreamThatIsMadeAgainFromItsSettingsIsAnotherOrder, however far it has come
// since.
func TestAStreamThatIsMadeAgainFromItsSettingsIsAnotherOrder(t *testing.T) {
	server := startServer(t, t.TempDir())
	nc := connect(t, server)
	n := startNode(t, server.InProcess()).ready()
	n.say("c", "", "1")
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	cfg, epoch := streamOf(t, server).CachedInfo().Config, n.hub.Epoch()
	if err := js.DeleteStream(t.Context(), "HOLDFAST"); err != nil {
		t.Fatal(err)
	}
	n.until("it is made anew with the same epoch", func() bool {
		_, err := js.CreateStream(t.Context(), cfg)
		return err == nil || n.hub.Epoch() != epoch // the server may still be deleting
	})
	for range 20 {
		if _, err := js.Publish(t.Context(), "holdfast.channels.c", nil); err != nil {
			t.Fatal(err)
		}
	}
	n.bus.Alarm()
	n.until("there is another order", func() bool { return n.hub.Epoch() != epoch })
}

// TestWithoutNATSNothingIsAcknowledged: publishers are told, and so are those who
// ask whether the node is ready.
func TestWithoutNATSNothingIsAcknowledged(t *testing.T) {
	server := startServer(t, t.TempDir())
	n := startNode(t, server.InProcess()).ready()
	server.Shutdown()
	n.until("the node is not ready", func() bool { return n.bus.NotReady() != nil })
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := n.intake.Event(ctx, intake.Event{Channel: "c", Data: []byte("x")})
	if status, _ := intake.Problem(err); status != 503 && status != 504 {
		t.Errorf("%d %v", status, err)
	}
}

// TestAServerThatCannotWriteIsSaid: it switches JetStream off, and goes on without.
func TestAServerThatCannotWriteIsSaid(t *testing.T) {
	srv := natstest.Start(t, func(o *server.Options) { o.JetStream, o.StoreDir = true, t.TempDir() })
	n := startNode(t, nil, func(o *stream.Options) { o.Access = nats.Access{Servers: []string{srv.URL}} }).ready()
	r := n.follow("", "c")
	n.say("c", "", "1")
	srv.DisableJetStream()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := n.intake.Event(ctx, intake.Event{Channel: "c", Data: []byte("x")})
	if status, text := intake.Problem(err); status != 503 && status != 504 {
		t.Errorf("%d %s", status, text)
	}
	n.bus.Alarm()
	n.until("readiness tells why", func() bool { return strings.Contains(strings.Join(n.bus.NotReady(), ""), "JetStream does not answer") })
	r.want("1")
}

func TestOptionsThatAreRefused(t *testing.T) {
	access := nats.Access{Servers: []string{"nats://127.0.0.1:1"}}
	for name, o := range map[string]stream.Options{
		"no server":             {Replicas: 1},
		"no replica":            {Access: access},
		"a prefix with a space": {Access: access, Replicas: 1, Prefix: "a b"},
	} {
		t.Run(name, func(t *testing.T) {
			o.Metrics, o.Log = newMetrics(), quietLog
			if _, err := stream.New(o); err == nil {
				t.Error("no error")
			}
		})
	}
}
