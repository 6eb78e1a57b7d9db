package nats_test

import (
	"strings"
	"testing"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
)

func TestEverybodyIsToldOfALostConnectionOnce(t *testing.T) {
	server := natstest.Start(t)
	r := newRig(t, server).ready()
	if n := r.count("holdfast_nats_interruptions_total"); n != 0 {
		t.Errorf("%v interruptions of nobody", n)
	}
	held := r.follow("c")
	request(t, server.Connect(), message("holdfast.channels.c", "before", "Holdfast-Id", "1"))
	for range 2 {
		server.Stop()
		r.wantReason("nats: not connected")
		if got := dataAndGaps(r.read(held)); got != "before" && got != "" {
			t.Errorf("while it is away: %q", got)
		}
		server.Restart()
		r.ready()
		if got := dataAndGaps(r.read(held)); got != "[bus]" {
			t.Errorf("at the return: %q", got)
		}
	}
	request(t, server.Connect(), message("holdfast.channels.c", "after"))
	if got := dataAndGaps(r.read(held)); got != "after" {
		t.Errorf("afterwards: %q", got)
	}
	returned := r.followFrom("1", "c")
	if got := dataAndGaps(r.read(returned)); got != "[bus] [bus] after" {
		t.Errorf("a client that comes back: %q", got)
	}
	if n := r.count("holdfast_nats_interruptions_total"); n != 2 {
		t.Errorf("%v interruptions", n)
	}
	if n := r.logs.FilterMessageSnippet("may have been lost").Len(); n != 1 {
		t.Errorf("logged %d times", n)
	}
}

// Streams that were there before the first connection have heard nothing.
func TestAConnectionThatComesLateIsTold(t *testing.T) {
	server := natstest.Start(t)
	server.Stop()
	r := newRig(t, server)
	c := r.follow("c")
	server.Restart()
	r.ready()
	if got := dataAndGaps(r.read(c)); got != "[bus]" {
		t.Errorf("got %q", got)
	}
}

func TestEverybodyIsToldOfMessagesThatFoundNoRoom(t *testing.T) {
	const sent, room = 500, 4
	server := natstest.Start(t)
	open := make(chan struct{})
	hub := channels.NewHub(channels.DefaultOptions())
	defer hub.Close()
	r := newRig(t, server, func(o *nats.Options) {
		o.Interrupt, o.Intake = hub.Interrupt, newIntake(gate{hub, open})
		*o = o.WithQueue(room)
	}).ready()
	r.hub = hub
	c := r.follow("c")
	nc := server.Connect()
	for range sent {
		nc.Publish("holdfast.channels.c", []byte("x"))
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	close(open)
	eventually(t, "the stream is told", func() bool { return strings.Contains(r.read(c), "[bus]") })
	if n := r.count("holdfast_nats_interruptions_total"); n > 2 {
		t.Errorf("%v interruptions of one flood", n)
	}
}
