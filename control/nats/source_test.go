package nats_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	client "github.com/nats-io/nats.go"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
)

func TestAPublishersOrderIsKeptOverBothSubjects(t *testing.T) {
	const each = 2000
	server := natstest.Start(t)
	r := newRig(t, server).ready()
	c := r.follow("c")
	nc := server.Connect()
	var want strings.Builder
	for i := range each {
		data := fmt.Sprintf("data: %d\n", i)
		want.WriteString(data)
		m := message("holdfast.channels.c", fmt.Sprint(i))
		if i%2 == 1 {
			m = message("holdfast.publish", fmt.Sprintf(`{"items":[{"channel":"c","formats":{"sse":{"data":"%d"}}}]}`, i))
		}
		if err := nc.PublishMsg(m); err != nil {
			t.Fatal(err)
		}
	}
	request(t, nc, message("holdfast.channels.other", "x"))
	var got strings.Builder
	for line := range strings.Lines(r.read(c)) {
		if strings.HasPrefix(line, "data: ") {
			got.WriteString(line)
		}
	}
	if got.String() != want.String() {
		t.Errorf("got %d bytes of data in another order than sent, or not all", got.Len())
	}
}

// gate is a publisher that waits to be let through.
type gate struct {
	*channels.Hub
	open chan struct{} // closed: everything passes
}

func (g gate) Publish(ctx context.Context, items ...channels.Item) ([]channels.Result, error) {
	<-g.open
	return g.Hub.Publish(ctx, items...)
}

func TestMessagesThatFindNoRoomAreCountedAndLogged(t *testing.T) {
	const sent, room = 500, 4
	server := natstest.Start(t)
	open := make(chan struct{})
	hub := channels.NewHub(channels.DefaultOptions())
	defer hub.Close()
	r := newRig(t, server, func(o *nats.Options) {
		o.Intake = newIntake(gate{hub, open})
		*o = o.WithQueue(room)
	}).ready()
	nc := server.Connect()
	for range sent {
		nc.Publish("holdfast.channels.c", []byte("x"))
	}
	// A request would find no room either, so there is nothing to wait for but
	// the right sum.
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	taken := func() float64 { return r.count("holdfast_nats_messages_total", "published", "channel") }
	dropped := func() float64 { return r.count("holdfast_nats_dropped_total") }
	close(open)
	eventually(t, "every message is either published or counted as dropped", func() bool { return taken()+dropped() == sent })
	if dropped() == 0 || taken() < room {
		t.Errorf("%v published, %v dropped", taken(), dropped())
	}
	if n := r.logs.FilterMessageSnippet("messages dropped").Len(); n != 1 {
		t.Errorf("logged %v", r.logs.All())
	}
	if status, _ := request(t, nc, message("holdfast.channels.c", "x")); status != "200" {
		t.Errorf("afterwards: %s", status)
	}
	r.stop()
	<-r.ended
	if taken()+dropped() != sent+1 {
		t.Errorf("in the end %v published and %v dropped, of %d", taken(), dropped(), sent+1)
	}
}

// TestWhatHasComeIsPublishedAndAnsweredBeforeTheEnd stops the source while
// requests wait.
func TestWhatHasComeIsPublishedAndAnsweredBeforeTheEnd(t *testing.T) {
	const waiting = 5000
	server := natstest.Start(t)
	open := make(chan struct{})
	hub := channels.NewHub(channels.DefaultOptions())
	defer hub.Close()
	r := newRig(t, server, func(o *nats.Options) { o.Intake = newIntake(gate{hub, open}) }).ready()
	nc := server.Connect()
	inbox := nc.NewRespInbox()
	answers, err := nc.SubscribeSync(inbox)
	if err != nil {
		t.Fatal(err)
	}
	for range waiting {
		m := message("holdfast.channels.c", "x")
		m.Reply = inbox
		nc.PublishMsg(m)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	r.stop()
	close(open)
	if err := <-r.ended; err != nil {
		t.Fatal(err)
	}
	for i := range waiting {
		answer, err := answers.NextMsg(goodTime)
		if err != nil || answer.Header.Get(nats.StatusHeader) != "200" {
			t.Fatalf("answer %d: %v, %v", i, answer, err)
		}
	}
	if _, err := nc.Request("holdfast.channels.c", nil, goodTime); err != client.ErrNoResponders {
		t.Errorf("a request afterwards: %v", err)
	}
}

func TestAClosedHubIsAnsweredAsShuttingDown(t *testing.T) {
	server := natstest.Start(t)
	r := newRig(t, server).ready()
	r.hub.Close()
	if status, body := request(t, server.Connect(), message("holdfast.channels.c", "x")); status != "503" || body != `{"message":"Shutting down."}` {
		t.Errorf("answered %s %s", status, body)
	}
	if got := r.count("holdfast_nats_messages_total", "closing", "channel"); got != 1 {
		t.Errorf("counted %v", got)
	}
}

// dataAndGaps leaves only these of what a stream got.
func dataAndGaps(got string) string {
	var words []string
	for line := range strings.Lines(got) {
		if data, isData := strings.CutPrefix(line, "data: "); isData || strings.HasPrefix(line, "[") {
			words = append(words, strings.TrimSpace(data))
		}
	}
	return strings.Join(words, " ")
}

func TestANATSThatIsDownAtTheStartIsWaitedFor(t *testing.T) {
	server := natstest.Start(t)
	server.Stop()
	r := newRig(t, server)
	eventually(t, "a try has failed", func() bool { return r.logs.FilterMessage("NATS cannot be reached").Len() == 1 })
	r.wantReason("nats: not connected")
	server.Restart()
	r.ready()
	if status, _ := request(t, server.Connect(), message("holdfast.channels.c", "x")); status != "200" {
		t.Errorf("answered %s", status)
	}
	if got := r.count("holdfast_nats_reconnects_total"); got != 0 {
		t.Errorf("%v reconnects", got)
	}
}

func TestALostConnectionIsMadeAgain(t *testing.T) {
	server := natstest.Start(t)
	r := newRig(t, server).ready()
	c := r.follow("c")
	nc := server.Connect(client.ReconnectBufSize(-1), client.ReconnectWait(0))
	request(t, nc, message("holdfast.channels.c", "before"))
	if got := r.count("holdfast_nats_connected"); got != 1 {
		t.Errorf("the gauge says %v", got)
	}
	server.Stop()
	r.wantReason("nats: not connected")
	eventually(t, "the publisher sees it too", func() bool { return nc.PublishMsg(message("holdfast.channels.c", "lost")) != nil })
	if got := r.count("holdfast_nats_connected"); got != 0 {
		t.Errorf("the gauge says %v", got)
	}
	server.Restart()
	r.ready()
	eventually(t, "the publisher is back", nc.IsConnected)
	request(t, nc, message("holdfast.channels.c", "after"))
	if got := dataAndGaps(r.read(c)); got != "before [bus] after" {
		t.Errorf("got %q", got)
	}
	if got := r.count("holdfast_nats_reconnects_total"); got != 1 {
		t.Errorf("%v reconnects", got)
	}
}

// TestAnErrorThatTheLibraryDoesNotKnowEndsNothing: the library closes the
// connection for good then.
func TestAnErrorThatTheLibraryDoesNotKnowEndsNothing(t *testing.T) {
	server := natstest.Start(t)
	r := newRig(t, server, func(o *nats.Options) { o.Servers = []string{odd(t, server.URL)} })
	eventually(t, "it is logged", func() bool { return r.logs.FilterMessageSnippet("given up").Len() == 1 })
	r.ready()
	if status, _ := request(t, server.Connect(), message("holdfast.channels.c", "x")); status != "200" {
		t.Errorf("answered %s", status)
	}
}

// odd listens for t's time and passes connections on to the server at url. The
// first is told of an odd error as soon as the server has answered something.
func odd(t *testing.T, url string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var passing sync.WaitGroup
	passing.Go(func() {
		for first := true; ; first = false {
			near, err := l.Accept()
			if err != nil {
				return
			}
			passing.Go(func() { pass(near, strings.TrimPrefix(url, "nats://"), first) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		passing.Wait()
	})
	return "nats://" + l.Addr().String()
}

// pass moves bytes both ways until either side ends.
func pass(near net.Conn, address string, odd bool) {
	defer near.Close()
	far, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	go func() {
		io.Copy(far, near)
		far.Close()
	}()
	lines := bufio.NewReader(far)
	for n := 0; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		near.Write(line)
		if odd && n == 1 { // after INFO and PONG
			io.WriteString(near, "-ERR 'Odd'\r\n")
		}
	}
}

func TestTheEndDoesNotWaitForNATS(t *testing.T) {
	server := natstest.Start(t)
	r := newRig(t, server).ready()
	server.Stop()
	r.wantReason("nats: not connected")
	r.stop()
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
}
