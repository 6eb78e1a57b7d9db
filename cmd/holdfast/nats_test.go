package main

import (
	"net/http"
	"strings"
	"testing"

	client "github.com/nats-io/nats.go"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
)

// natsReady waits until the server's readiness is so.
func (s *server) natsReady(ready bool) {
	s.t.Helper()
	eventually(s.t, "NATS changes readiness", func() bool {
		status, answer := s.ask(http.MethodGet, "/readyz")
		return (status == http.StatusOK) == ready && strings.Contains(answer, "nats: not connected") == !ready
	})
}

// TestWhatIsPublishedOverNATSReachesStreams, those that are held and those that
// come back.
func TestWhatIsPublishedOverNATSReachesStreams(t *testing.T) {
	broker := natstest.Start(t)
	s := startServer(t, "origin: "+startOrigin(t, holding())+"\nnats: {url: '"+broker.URL+"'}\n")
	s.natsReady(true)
	nc := broker.Connect()
	stream := follow(t, newClient(t), s.URL+"/stream?channel=user-42", "")
	send := func(m *client.Msg) {
		t.Helper()
		if err := nc.PublishMsg(m); err != nil {
			t.Fatal(err)
		}
	}
	send(&client.Msg{Subject: "holdfast.channels.user-42", Data: []byte("hello"),
		Header: client.Header{"Holdfast-Event": {"greeting"}, "Holdfast-Id": {"7"}}})
	if got, want := stream.next(), (block{event: "greeting", id: "7", data: "hello"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	stream.leave()
	send(&client.Msg{Subject: "holdfast.publish", Data: []byte(`{"items":[` + message("user-42", "8", "missed") + `]}`)})
	eventually(t, "it is counted", func() bool {
		return s.metrics()[`holdfast_nats_messages_total{result="published",subject_kind="publish"}`] == 1
	})
	follow(t, newClient(t), s.URL+"/stream?channel=user-42", stream.lastID).wantData("missed")
	if got := s.metrics()[`holdfast_published_total{format="sse",result="appended"}`]; got != 2 {
		t.Errorf("%v items counted", got)
	}
}

// TestANodeServesWithoutItsNATS, says so, and takes it when it comes.
func TestANodeServesWithoutItsNATS(t *testing.T) {
	broker := natstest.Start(t)
	broker.Stop()
	s := startServer(t, "origin: "+startOrigin(t, holding())+"\nnats: {url: '"+broker.URL+"', prefix: live, relay: false}\n")
	s.natsReady(false)
	stream := follow(t, newClient(t), s.URL+"/stream?channel=c", "")
	s.publish(message("c", "", "by HTTP"))
	stream.wantData("by HTTP")
	broker.Restart()
	s.natsReady(true)
	stream.wantGap("bus")
	broker.Connect().Publish("live.channels.c", []byte("by NATS"))
	stream.wantData("by NATS")
	broker.Stop()
	s.natsReady(false)
}

// TestNATSIsHeardUntilTheLastStreamHasEnded: what is answered during the drain
// reaches the streams that are left.
func TestNATSIsHeardUntilTheLastStreamHasEnded(t *testing.T) {
	t.Parallel()
	broker := natstest.Start(t)
	s := startServer(t, "origin: "+startOrigin(t, holding())+"\ndrain: {window: 4s}\nnats: {url: '"+broker.URL+"'}\n")
	s.natsReady(true)
	// Of two streams the last to end is open for half of the window.
	streams := []*subscriber{
		follow(t, newClient(t), s.URL+"/stream?channel=c", ""), follow(t, newClient(t), s.URL+"/stream?channel=c", ""),
	}
	s.holds(2)
	s.signal()
	eventually(t, "nobody listens any more", func() bool { return refusesConnections(s.address) })
	if _, err := broker.Connect().Request("holdfast.channels.c", []byte("late"), goodTime); err != nil {
		t.Fatal(err)
	}
	reached := 0
	for _, stream := range streams {
		for b, err := readBlock(stream.body); err == nil; b, err = readBlock(stream.body) {
			if b.data == "late" {
				reached++
			}
		}
	}
	if reached == 0 {
		t.Error("no stream got what was published during the drain")
	}
	<-s.ended
	if _, err := broker.Connect().Request("holdfast.channels.c", nil, goodTime); err != client.ErrNoResponders {
		t.Errorf("a request after the end: %v", err)
	}
}

// TestTheServerInTheProcessIsNoAddress in the log: nobody listens where the library says.
func TestTheServerInTheProcessIsNoAddress(t *testing.T) {
	core, log := observer.New(zap.InfoLevel)
	s := startLogging(t, "origin: "+unusedURL+"\nnats: {embedded: {store_dir: '"+t.TempDir()+"'}}\n", zap.New(core))
	// A server that ends while it makes a stream leaves goroutines behind.
	eventually(t, "it is ready", func() bool { status, _ := s.ask(http.MethodGet, "/readyz"); return status == http.StatusOK })
	lines := log.FilterMessage("connected to NATS").All()
	if len(lines) == 0 {
		t.Error("it does not say that it is connected")
	}
	for _, line := range lines {
		if server := line.ContextMap()["server"]; server != "embedded" {
			t.Errorf("the server is %v", server)
		}
	}
}
