package stream_test

import (
	"context"
	"fmt"
	"testing"

	client "github.com/nats-io/nats.go"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/control/nats"
)

// chained is an item of channel c that must follow another.
func chained(prevID, id string) string {
	return fmt.Sprintf(`{"channel":"c","id":%q,"prev-id":%q,"sse":{"data":%q}}`, id, prevID, id)
}

// publish publishes items in the background.
func (n *node) publish(items string) (done chan intake.Receipt) {
	done = make(chan intake.Receipt, 1)
	go func() {
		r, err := n.intake.Items(n.t.Context(), []byte(`{"items":[`+items+`]}`))
		if err != nil {
			n.t.Errorf("publish: %v", err)
		}
		done <- r
	}()
	return done
}

func (n *node) parked(count int) {
	n.t.Helper()
	n.until(fmt.Sprint(count, " items wait"), func() bool { return n.hub.Stats().ParkedNow == count })
}

// Publishers on two nodes, in the wrong order: what must follow another is not
// stored before it.
func TestItemsOfTwoNodesAreStoredInTheirOrder(t *testing.T) {
	server := startServer(t, t.TempDir())
	a, b := startNode(t, server.InProcess()).ready(), startNode(t, server.InProcess()).ready()
	r := b.follow("", "c")
	a.say("c", "1", "1")
	third := a.publish(chained("2", "3"))
	a.parked(1)
	fifth := b.publish(chained("4", "5") + "," + chained("5", "6"))
	b.parked(1)
	second := b.publish(chained("1", "2"))
	fourth := a.publish(chained("3", "4"))
	r.want(numbers(1, 6)...)
	last := channels.Position{}
	for i, done := range []chan intake.Receipt{second, third, fourth, fifth} {
		p := (<-done).Items[0].Position
		if p.Seq <= last.Seq {
			t.Errorf("request %d: stored at %v, after %v", i, p, last)
		}
		last = p
	}
	if again := <-a.publish(chained("1", "2")); again.Items[0].Status != intake.Duplicate {
		t.Errorf("an item that is known has waited, and is %v", again)
	}
}

// A batch needs no trip to the stream per item of a chain in it.
func TestTheItemsOfABatchFollowEachOther(t *testing.T) {
	server := startServer(t, t.TempDir())
	n := startNode(t, server.InProcess()).ready()
	r := n.follow("", "c")
	n.say("c", "1", "1")
	got := <-n.publish(chained("2", "3") + "," + chained("3", "4") + `,{"channel":"d","sse":{"data":"x"}},` + chained("1", "2"))
	r.want(numbers(1, 4)...)
	for _, o := range got.Items {
		if o.Status != intake.Appended || o.Position.IsZero() {
			t.Errorf("an item was answered %+v", o)
		}
	}
	if s := n.hub.Stats(); s.Parked > 1 {
		t.Errorf("%d items waited, want none but the one that begins a chain", s.Parked)
	}
}

func TestABrokenChainIsToldAsAGap(t *testing.T) {
	server := startServer(t, t.TempDir())
	n := startNode(t, server.InProcess()).ready()
	r := n.follow("", "c")
	place := n.say("c", "1", "1")
	m := client.NewMsg("holdfast.channels.c")
	m.Header.Set("Holdfast-Format", "item")
	m.Data = []byte(`{"id":"3","prev-id":"2","sse":{"data":"3"}}`)
	if err := connect(t, server).PublishMsg(m); err != nil {
		t.Fatal(err)
	}
	r.want("1", "gap:missing", "3")
	startNode(t, server.InProcess()).ready().follow(place, "c").want("gap:missing", "3")
}

func TestAnItemWhosePublisherLeavesIsNotStored(t *testing.T) {
	server := startServer(t, t.TempDir())
	n := startNode(t, server.InProcess()).ready()
	n.say("c", "1", "1")
	ctx, leave := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := n.intake.Items(ctx, []byte(`{"items":[`+chained("2", "3")+`]}`))
		done <- err
	}()
	n.parked(1)
	leave()
	if err := <-done; err == nil {
		t.Error("it was published")
	}
	n.parked(0)
	n.say("c", "2", "2")
	if got := <-n.publish(chained("2", "3")); got.Items[0].Status != intake.Appended {
		t.Errorf("it had been stored: %+v", got)
	}
}

// Publications over NATS stay in their order, and one that has to wait does not
// keep back the one that it waits for.
func TestPublicationsOverNATSDoNotWaitForEachOther(t *testing.T) {
	server := startServer(t, t.TempDir())
	n := startNode(t, server.InProcess()).ready()
	source, err := nats.New(nats.Options{
		Access: nats.Access{InProcess: server.InProcess(), Name: "test"}, Stored: true,
		Intake: n.intake, Metrics: nats.NewMetrics(n.registry), Log: quietLog,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- source.Run(ctx) }()
	n.until("the source listens", func() bool { return source.NotReady() == nil })

	r, nc := n.follow("", "c"), connect(t, server)
	send := func(item string) {
		if err := nc.Publish("holdfast.publish", []byte(`{"items":[`+item+`]}`)); err != nil {
			t.Fatal(err)
		}
	}
	send(`{"channel":"c","id":"1","sse":{"data":"1"}}`)
	r.want("1")
	send(chained("2", "3"))
	n.parked(1)
	for i := 4; i <= 300; i++ {
		send(fmt.Sprintf(`{"channel":"c","no-seq":true,"sse":{"data":"%d"}}`, i))
	}
	answer, err := nc.Request("holdfast.publish", []byte(`{"items":[`+chained("1", "2")+`]}`), goodTime)
	if err != nil || answer.Header.Get(nats.StatusHeader) != "200" {
		t.Errorf("answered %v, %v", answer, err)
	}
	r.want(numbers(4, 300)...)
	r.want("2", "3")
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
