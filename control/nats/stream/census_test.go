package stream_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
	"github.com/holdfast-proxy/holdfast/control/nats/stream"
)

// An answer about the last messages of channels has them whole, and the server
// bounds it: what it has no room for is no channel without messages.
func TestLastMessagesThatAreLargeAreNotForgotten(t *testing.T) {
	const count = 90
	n, other, s, server := lossyNode(t)
	start := other.say("x", "", "x")
	var names, want []string
	for i := range count {
		names, want = append(names, fmt.Sprint("c", i)), append(want, fmt.Sprint(i))
	}
	held := n.follow("", names...)
	large := "\n" + strings.Repeat("x", 800<<10)
	for i, name := range names {
		lost := func() bool { return true }
		if i == count-1 {
			lost = s.loses("_holdfast.live.channels." + name)
		}
		other.say(name, "", want[i]+large)
		n.until("it is lost", lost)
	}
	held.want(want[:count-1]...)
	n.bus.Alarm()
	held.want(want[count-1])
	late := startNode(t, server.InProcess()).ready()
	for i, name := range names {
		late.follow(start, name).want(want[i])
	}
}

// longNames are names of channels that are too long to be asked for at once.
func longNames() (names []string) {
	for i := range 1000 {
		names = append(names, fmt.Sprintf("%04d%s", i, strings.Repeat("&", 250)))
	}
	return names
}

func TestManyChannelsWithLongNamesCanBeLookedUp(t *testing.T) {
	srv := natstest.Start(t, func(o *server.Options) {
		o.JetStream, o.StoreDir, o.MaxPayload, o.MaxPending = true, t.TempDir(), 64<<10, 8<<20
	})
	n := startNode(t, nil, func(o *stream.Options) { o.Access = nats.Access{Servers: []string{srv.URL}} }).ready()
	release, err := n.hub.Await(t.Context(), longNames()...)
	if err != nil {
		t.Fatal(err)
	}
	release()
}

// What cannot be looked up of some channels does not keep others from being
// followed, and is said.
func TestChannelsThatCannotBeLookedUpAreNoHarmToOthers(t *testing.T) {
	n, other, s, server := lossyNode(t)
	other.say("bad", "", "old")
	r := n.follow("", "live")
	s.edits(func(_ string, message []byte) []byte {
		if bytes.Contains(message, []byte("Nats-Subject: holdfast.channels.bad\r\n")) {
			return bytes.Replace(message, []byte("Nats-Sequence"), []byte("Xats-Sequence"), 1)
		}
		return message
	})
	filled := make(chan error, 1)
	go func() {
		release, err := n.hub.Await(t.Context(), "bad")
		if err == nil {
			release()
		}
		filled <- err
	}()
	n.until("readiness tells why", func() bool {
		return strings.Contains(strings.Join(n.bus.NotReady(), ""), "the history of 1 channels cannot be looked up: heads: an answer without a sequence")
	})
	if err := connect(t, server).Publish(elected, nil); err != nil {
		t.Fatal(err)
	}
	n.until("it is held back", func() bool { return n.count("holdfast_bus_doubts_total") == 2 })
	other.say("live", "", "1")
	r.want("1")
	innocent := n.follow("", "innocent")
	other.say("innocent", "", "2")
	innocent.want("2")
	if n.bus.NotReady() == nil {
		t.Error("the node is ready again")
	}
	s.edits(nil)
	n.bus.Alarm()
	if err := <-filled; err != nil {
		t.Error(err)
	}
	n.ready()
}

// Nobody can begin to follow where marks do not come back, and nobody is sent there.
func TestANodeThatCanLookNothingUpIsNotReady(t *testing.T) {
	n, _, s, _ := lossyNode(t)
	s.edits(func(subject string, message []byte) []byte {
		if subject == "_holdfast.live.mark" {
			return nil
		}
		return message
	})
	n.bus.Alarm()
	n.until("readiness tells why", func() bool {
		return strings.Contains(strings.Join(n.bus.NotReady(), ""), "history cannot be looked up: mark: it was stored but did not come back")
	})
	s.edits(nil)
	n.ready()
}
