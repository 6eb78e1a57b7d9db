package main

import (
	"path/filepath"
	"testing"

	"github.com/go-zeromq/zmq4"

	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
)

// pusher connects a PUSH socket to an endpoint.
func pusher(t *testing.T, endpoint string) zmq4.Socket {
	t.Helper()
	push := zmq4.NewPush(t.Context())
	t.Cleanup(func() { push.Close() })
	if err := push.Dial(endpoint); err != nil {
		t.Fatal(err)
	}
	return push
}

// TestWhatIsPushedOverZeroMQReachesStreams, on this node and on those that listen to
// the same NATS.
func TestWhatIsPushedOverZeroMQReachesStreams(t *testing.T) {
	broker := natstest.Start(t)
	endpoint := "ipc://" + filepath.Join(t.TempDir(), "pull.sock")
	file := "origin: " + startOrigin(t, holding()) + "\nnats: {url: '" + broker.URL + "'}\n"
	s := startServer(t, file+"zmq: {pull: ['"+endpoint+"']}\n")
	other := startServer(t, file)
	s.natsReady(true)
	other.natsReady(true)
	here := follow(t, newClient(t), s.URL+"/stream?channel=c", "")
	there := follow(t, newClient(t), other.URL+"/stream?channel=c", "")
	if err := pusher(t, endpoint).Send(zmq4.NewMsgString("J" + message("c", "7", "pushed"))); err != nil {
		t.Fatal(err)
	}
	here.wantData("pushed")
	there.wantData("pushed")
	if n := s.metrics()[`holdfast_zmq_messages_total{result="published",socket="pull"}`]; n != 1 {
		t.Errorf("%v messages counted", n)
	}
}

func TestANodeEndsWithItsPublishersOverZeroMQ(t *testing.T) {
	endpoint := "ipc://" + filepath.Join(t.TempDir(), "pull.sock")
	s := startServer(t, "origin: "+startOrigin(t, holding())+"\nzmq: {pull: ['"+endpoint+"']}\n")
	push := pusher(t, endpoint)
	if err := push.Send(zmq4.NewMsgString("J" + message("c", "7", "pushed"))); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is counted", func() bool {
		return s.metrics()[`holdfast_zmq_messages_total{result="published",socket="pull"}`] == 1
	})
	s.signal()
	<-s.ended // hangs if the connection keeps it
}
