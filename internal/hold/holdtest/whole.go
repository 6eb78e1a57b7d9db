package holdtest

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// whole runs the cases for which the protocol does not matter.
func (s suite) whole(t *testing.T) {
	directly := func(t *testing.T, f func(*testing.T)) { f(t) }
	s.each(t, protocols[0], wholeCases, directly, listenLoopback)
}

var wholeCases = []one{
	{name: "more streams than allowed are refused until one ends", setup: func(r *rig) {
		r.options.MaxStreams = 2
	}, run: func(t *testing.T, r *rig) {
		first := r.hold(t, "channel", "a")
		r.hold(t, "channel", "a")
		refused, err := r.request("channel", "a")
		if err != nil {
			t.Fatal(err)
		}
		refused.close()
		if refused.resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("answered %s, want 503", refused.resp.Status)
		}
		first.close()
		r.wantEnd(t, hold.ReasonClientClosed, hold.ReasonClientReset)
		for r.holder.Admit() != nil { // the place is given back just after
		}
		r.holder.Release()
		r.hold(t, "channel", "a")
	}},
	{name: "the wire shows one chunk per entry and a last chunk", run: func(t *testing.T, r *rig) {
		c, err := r.connect()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.close)
		fmt.Fprint(c.over, "GET /?channel=a&initial=hi HTTP/1.1\r\nHost: test\r\n\r\n")
		readTo(t, c.over, "\r\n\r\n2\r\nhi\r\n")
		r.publish(t, "a", "data: 1\n\n")
		readTo(t, c.over, "9\r\ndata: 1\n\n\r\n")
		r.act(t, "a", channels.Close)
		c.limit()
		if rest, err := io.ReadAll(c.over); string(rest) != "0\r\n\r\n" || err != nil {
			t.Errorf("ends with %q (%v), want the last chunk and a closed connection", rest, err)
		}
	}},
	{name: "a waiter is kicked by news and told of the end", run: waiterCase},
	{name: "a waiter without a channel joins and parts", run: joinCase},
	{name: "shutting the server down leaves streams alone", run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		if err := r.server.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		r.publish(t, "a", "data: 1\n\n")
		c.want(t, "data: 1\n\n")
	}},
	{name: "closing the server ends a stream whose handler has not returned", run: func(t *testing.T, r *rig) {
		held, release := make(chan struct{}), make(chan struct{})
		r.onHold(func() { close(held); <-release })
		r.hold(t, "channel", "a")
		<-held
		r.server.Close()
		r.wantEnd(t, hold.ReasonShutdown)
		close(release)
		r.wantNobody(t, "a")
	}},
	{name: "all streams see concurrent publications in the same order", run: orderCase},
	{name: "clients that vanish while written to leave nothing behind", run: vanishCase},
}

// readTo reads until the bytes end with end, one by one.
func readTo(t testing.TB, from io.Reader, end string) {
	t.Helper()
	var got strings.Builder
	for !strings.HasSuffix(got.String(), end) {
		var b [1]byte
		if _, err := from.Read(b[:]); err != nil {
			t.Fatalf("%v after %q, want %q", err, got.String(), end)
		}
		got.Write(b[:])
	}
}

// waiter notes what it is told.
type waiter struct {
	kicks chan struct{}
	ends  chan hold.Reason
}

func (w waiter) Kick()             { w.kicks <- struct{}{} }
func (w waiter) End(r hold.Reason) { w.ends <- r }

func waiterCase(t *testing.T, r *rig) {
	if err := r.holder.Admit(); err != nil {
		t.Fatal(err)
	}
	cursor, err := r.hub.Follow(context.Background(), channels.Follow{
		Subscriptions: []channels.Subscription{{Channel: "a"}, {Channel: "b"}},
		Form:          wire.Stream,
		Group:         r.holder.Group(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer cursor.Close()
	w := waiter{kicks: make(chan struct{}, 10), ends: make(chan hold.Reason, 10)}
	seat := r.holder.Attach(cursor, w)
	r.publish(t, "b", "data: 1\n\n")
	<-w.kicks
	if entries, err := cursor.Next(nil, 10, 1000); len(entries) != 1 || err != nil {
		t.Errorf("read %d entries (%v), want 1", len(entries), err)
	}
	drained := make(chan error)
	go func() { drained <- r.holder.Drain(t.Context(), 0) }()
	if got := <-w.ends; got != hold.ReasonDrain {
		t.Errorf("ended for %q, want %q", got, hold.ReasonDrain)
	}
	r.holder.Detach(seat)
	if err := <-drained; err != nil {
		t.Error(err)
	}
}

func joinCase(t *testing.T, r *rig) {
	if err := r.holder.Admit(); err != nil {
		t.Fatal(err)
	}
	w := waiter{kicks: make(chan struct{}, 10), ends: make(chan hold.Reason, 10)}
	seat := r.holder.Attach(nil, w)
	follow := func(channel string) (*channels.Cursor, *hold.Seat) {
		cursor, err := r.hub.Follow(context.Background(), channels.Follow{
			Subscriptions: []channels.Subscription{{Channel: channel}}, Form: wire.Stream, Group: r.holder.Group(),
		})
		if err != nil {
			t.Fatal(err)
		}
		return cursor, r.holder.Join(cursor, w)
	}
	a, atA := follow("a")
	b, atB := follow("b")
	defer b.Close()
	for _, channel := range []string{"a", "b"} {
		r.publish(t, channel, "data: 1\n\n")
		<-w.kicks
	}
	r.holder.Part(atA)
	a.Close()
	r.publish(t, "a", "data: 2\n\n")
	r.publish(t, "b", "data: 2\n\n")
	<-w.kicks // of b; one of a would have come before
	drained := make(chan error)
	go func() { drained <- r.holder.Drain(t.Context(), 0) }()
	<-w.ends
	r.holder.Part(atB)
	r.holder.Detach(seat)
	if err := <-drained; err != nil {
		t.Error(err)
	}
	if len(w.kicks) > 0 {
		t.Error("kicked for a channel that it has left")
	}
}

func orderCase(t *testing.T, r *rig) {
	var clients []*client
	for range 5 {
		clients = append(clients, r.hold(t, "channel", "a", "channel", "b"))
	}
	var sending sync.WaitGroup
	for s := range 4 {
		sending.Go(func() {
			for i := range 200 {
				r.publish(t, string(rune('a'+s%2)), fmt.Sprintf("data: %d/%d\n\n", s, i))
			}
		})
	}
	sending.Wait()
	r.publish(t, "a", "data: done\n\n")
	want := clients[0].until(t, "data: done\n\n")
	if n := strings.Count(want, "\n\n"); n != 800 {
		t.Errorf("%d entries, want 800", n)
	}
	for _, c := range clients[1:] {
		c.want(t, want)
	}
}

func vanishCase(t *testing.T, r *rig) {
	const n = 200
	before := descriptors()
	done := make(chan struct{})
	var sending, clients sync.WaitGroup
	sending.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
				r.publish(t, "a", fmt.Sprintf("data: %d\n\n", i))
			}
		}
	})
	for range 8 {
		clients.Go(func() {
			for range n / 8 {
				vanish(t, r)
			}
		})
	}
	clients.Wait()
	close(done)
	sending.Wait()
	for range n {
		r.wantEnd(t, hold.ReasonClientClosed, hold.ReasonClientReset, hold.ReasonWriteError)
	}
	r.wantNobody(t, "a")
	if now := descriptors(); now > before {
		t.Errorf("%d descriptors are open, %d before", now, before)
	}
	if err := r.holder.Drain(context.Background(), 0); err != nil {
		t.Error(err)
	}
}

// vanish is a client that reads a little and is gone.
func vanish(t testing.TB, r *rig) {
	c, err := r.request("channel", "a")
	if err != nil {
		t.Error(err)
		return
	}
	io.CopyN(io.Discard, c.resp.Body, rand.Int64N(2000))
	if rand.N(2) == 0 {
		c.reset()
		return
	}
	c.close()
}

// descriptors is how many files the process has open, where that can be told.
func descriptors() int {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(open)
}
