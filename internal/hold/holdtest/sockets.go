package holdtest

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// sockets runs the cases that every protocol must pass on a real network.
func (s suite) sockets(t *testing.T, p protocol) {
	directly := func(t *testing.T, f func(*testing.T)) { f(t) }
	s.each(t, p, deliveryCases, directly, listenLoopback)
	s.each(t, p, filterCases, directly, listenLoopback)
	s.each(t, p, endCases, directly, listenLoopback)
	s.each(t, p, recoverCases, directly, listenLoopback)
	s.each(t, p, mailboxCases, directly, listenLoopback)
	s.each(t, p, revokedCases, directly, listenLoopback)
	if !p.old && !p.bare { // the same to the network as the others
		s.each(t, p, slowCases, directly, listenLoopback)
		s.each(t, p, slowRecoverCases, directly, listenLoopback)
		s.each(t, p, slowFilterCases, directly, listenLoopback)
	}
}

var deliveryCases = []one{
	{name: "head and initial body leave before anything is published", run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a", "initial", "data: hello\n\n")
		c.want(t, "data: hello\n\n")
		r.publish(t, "a", "data: 1\n\n")
		c.want(t, "data: 1\n\n")
	}},
	{name: "entries come in order, each once", run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		var want strings.Builder
		var sending sync.WaitGroup
		for i := range 2000 {
			fmt.Fprintf(&want, "data: %d\n\n", i)
		}
		sending.Go(func() {
			for i := range 2000 {
				r.publish(t, "a", fmt.Sprintf("data: %d\n\n", i))
			}
		})
		c.want(t, want.String())
		sending.Wait()
		r.wantCount(t, 2000, "holdfast_delivered_entries_total")
	}},
	{name: "several channels come in one order", run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a", "channel", "b", "channel", "c")
		var want strings.Builder
		for i := range 300 {
			content := fmt.Sprintf("data: %d\n\n", i)
			want.WriteString(content)
			r.publish(t, string(rune('a'+i%3)), content)
		}
		c.want(t, want.String())
	}},
	{name: "everybody gets everything", run: func(t *testing.T, r *rig) {
		var clients []*client
		for range 20 {
			clients = append(clients, r.hold(t, "channel", "a"))
		}
		var want strings.Builder
		for i := range 100 {
			content := fmt.Sprintf("data: %d\n\n", i)
			want.WriteString(content)
			r.publish(t, "a", content)
		}
		for _, c := range clients {
			c.want(t, want.String())
		}
	}},
	{name: "a returning client gets what it missed, then what is new", run: func(t *testing.T, r *rig) {
		last := r.publish(t, "a", "data: 0\n\n")
		for i := 1; i <= 500; i++ {
			r.publish(t, "a", fmt.Sprintf("data: %d\n\n", i))
		}
		c := r.hold(t, "channel", "a", "last", last.String())
		for i := 1; i <= 500; i++ {
			c.want(t, fmt.Sprintf("data: %d\n\n", i))
		}
		r.publish(t, "a", "data: new\n\n")
		c.want(t, "data: new\n\n")
	}},
	{name: "a large entry between small ones arrives whole", run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		large := "data: " + strings.Repeat("x", 700_000) + "\n\n"
		for _, content := range []string{"data: 1\n\n", large, "data: 2\n\n", "data: 3\n\n"} {
			r.publish(t, "a", content)
		}
		c.want(t, "data: 1\n\n"+large+"data: 2\n\ndata: 3\n\n")
	}},
	{name: "content passes unmodified whatever it is", run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		content := "\x00\r\n0\r\n\r\n\xff\xfe5\r\nabc"
		r.publish(t, "a", content)
		c.want(t, content)
	}},
	{name: "a hint changes nothing", run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.act(t, "a", channels.Hint)
		r.publish(t, "a", "data: 1\n\n")
		c.want(t, "data: 1\n\n")
		r.wantCount(t, 1, "holdfast_stream_hints_total")
	}},
	{name: "an event stream is told of a gap at its start and goes on", run: func(t *testing.T, r *rig) {
		r.publish(t, "a", "data: 0\n\n")
		c := r.hold(t, "channel", "a", "last", "nobody-knows")
		c.want(t, "event: gap\ndata: unknown\n\n")
		r.publish(t, "a", "data: 1\n\n")
		c.want(t, "data: 1\n\n")
		r.wantCount(t, 1, "holdfast_stream_gaps_total", "reason=unknown")
	}},
	{name: "all event streams are told of an interruption and go on", run: func(t *testing.T, r *rig) {
		c, quiet := r.hold(t, "channel", "a"), r.hold(t, "channel", "b")
		r.publish(t, "a", "data: 1\n\n")
		c.want(t, "data: 1\n\n")
		r.hub.Interrupt()
		c.want(t, "event: gap\ndata: bus\n\n")
		quiet.want(t, "event: gap\ndata: bus\n\n")
		r.publish(t, "a", "data: 2\n\n")
		c.want(t, "data: 2\n\n")
		r.wantCount(t, 2, "holdfast_stream_gaps_total", "reason=bus")
	}},
	{name: "a stream that cannot be told of an interruption goes on", setup: plain, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.hub.Interrupt()
		r.publish(t, "a", "1")
		c.want(t, "1")
		r.wantCount(t, 1, "holdfast_stream_gaps_total", "reason=bus")
	}},
}

var endCases = []one{
	{name: "a close action ends the body after what came before it", run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.publish(t, "a", "data: 1\n\n")
		r.act(t, "a", channels.Close)
		r.publish(t, "a", "data: 2\n\n")
		c.want(t, "data: 1\n\n")
		c.wantEnd(t)
		c.close()
		r.wantEnd(t, hold.ReasonAction)
		r.wantNobody(t, "a")
	}},
	{name: "a close action ends the body even if the client leaves its side open", only: plainHTTP11, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.act(t, "a", channels.Close)
		c.wantEnd(t)
		r.wantEnd(t, hold.ReasonAction)
	}},
	{name: "a client that closes is noticed at once", run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.wantCount(t, 1, "holdfast_streams_opened_total") // not only its head sent
		c.close()
		r.wantEnd(t, hold.ReasonClientClosed, hold.ReasonClientReset)
		r.wantNobody(t, "a")
	}},
	{name: "a client that resets is noticed at once", run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.wantCount(t, 1, "holdfast_streams_opened_total") // not only its head sent
		c.reset()
		r.wantEnd(t, hold.ReasonClientClosed, hold.ReasonClientReset)
		r.wantNobody(t, "a")
	}},
	{name: "a client that closes its sending half has left", only: overTCP, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		if err := c.conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		r.wantEnd(t, hold.ReasonClientClosed)
	}},
	{name: "a stream that is no event stream ends at a gap", setup: plain, run: func(t *testing.T, r *rig) {
		r.publish(t, "a", "0")
		c := r.hold(t, "channel", "a", "last", "nobody-knows")
		c.wantEnd(t)
		c.close()
		r.wantEnd(t, hold.ReasonGap)
	}},
	{name: "a gap inside an event ends the stream", run: func(t *testing.T, r *rig) {
		r.publish(t, "a", "data: 0\n\n")
		c := r.hold(t, "channel", "a", "last", "nobody-knows", "initial", "data: half")
		c.want(t, "data: half")
		c.wantEnd(t)
		c.close()
		r.wantEnd(t, hold.ReasonGap)
	}},
	{name: "a little that the client sends is ignored", only: http1, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		if _, err := c.over.Write([]byte("GET /next HTTP/1.1\r\nHost: test\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		r.publish(t, "a", "data: 1\n\n")
		c.want(t, "data: 1\n\n")
	}},
	{name: "a client that sends on and on is ended cleanly", only: http1, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		if _, err := c.over.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
		c.wantEnd(t)
		c.close()
		r.wantEnd(t, hold.ReasonClientData)
	}},
	{name: "the end of Run cuts off what is held", run: func(t *testing.T, r *rig) {
		r.hold(t, "channel", "a")
		r.stop()
		r.wantEnd(t, hold.ReasonShutdown)
	}},
	{name: "a handler that panics after Hold loses nothing", only: plainHTTP11, run: func(t *testing.T, r *rig) {
		r.onHold(func() { panic("after hold") })
		c := r.hold(t, "channel", "a")
		r.publish(t, "a", "data: 1\n\n")
		c.want(t, "data: 1\n\n")
	}},
}

// slowCases need a client that does not read, and a network with buffers. They
// are T68, whose client does not lose anything silently here.
var slowCases = []one{
	{name: "a client that reads nothing is cut off by the write deadline", setup: func(r *rig) {
		r.stream.WriteTimeout = 100 * time.Millisecond
	}, run: func(t *testing.T, r *rig) {
		r.hold(t, "channel", "a")
		r.flood(t, "a")
		r.wantEnd(t, hold.ReasonWriteTimeout)
		r.wantNobody(t, "a")
	}},
	{name: "a client that is too slow gets a gap event and goes on", setup: smallWindow, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		last := r.flood(t, "a")
		r.publish(t, "a", "data: done\n\n")
		got := c.until(t, "data: done\n\n")
		checkFlood(t, got, last, "event: gap\ndata: lag\n\n")
		r.wantCount(t, float64(strings.Count(got, "event: gap\n")), "holdfast_stream_gaps_total", "reason=lag")
	}},
	{name: "a client that is too slow is ended cleanly where the route says so", setup: func(r *rig) {
		smallWindow(r)
		r.stream.OnLag = hold.CloseOnLag
	}, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		r.flood(t, "a")
		got := c.rest(t)
		if got != "" && !strings.HasSuffix(got, "\n\n") {
			t.Errorf("the body ends inside an event")
		}
		c.close()
		r.wantEnd(t, hold.ReasonLag)
	}},
	{name: "a client that is stuck does not hold up the others", run: func(t *testing.T, r *rig) {
		r.hold(t, "channel", "a")
		other := r.hold(t, "channel", "a", "channel", "b")
		for i := range 100 {
			content := "data: " + strconv.Itoa(i) + strings.Repeat("x", 64<<10) + "\n\n"
			r.publish(t, "a", content)
			other.want(t, content)
		}
		r.publish(t, "b", "data: done\n\n")
		other.want(t, "data: done\n\n")
	}},
}

func plainHTTP11(p protocol) bool { return p.name == "http1.1" }
func http1(p protocol) bool       { return !p.h2 }
func overTCP(p protocol) bool     { return !p.h2 && !p.tls }

// plain makes the streams no event streams.
func plain(r *rig) {
	r.stream.EventStream = false
	r.stream.GapEvent = nil
	r.stream.OnLag = hold.CloseOnLag
}

// smallWindow lets readers fall off soon.
func smallWindow(r *rig) {
	r.channels.Limits = channels.Limits{Messages: 10, Bytes: 64 << 10, WindowMessages: 10, WindowBytes: 64 << 10}
}

// floodEvents is more than the buffers of the network and of an HTTP/2 client
// take: about 8 MB.
const floodEvents = 500

// flood publishes numbered events of 16 KB to a channel and returns the last
// number.
func (r *rig) flood(t testing.TB, channel string) int {
	t.Helper()
	for i := range floodEvents {
		r.publish(t, channel, "data: "+strconv.Itoa(i)+" "+strings.Repeat("x", 16<<10)+"\n\n")
	}
	return floodEvents - 1
}

// until reads up to and without end.
func (c *client) until(t testing.TB, end string) string {
	t.Helper()
	var got strings.Builder
	buf := make([]byte, 64<<10)
	for !strings.HasSuffix(got.String(), end) {
		c.limit()
		n, err := c.resp.Body.Read(buf)
		got.Write(buf[:n])
		if err != nil {
			t.Fatalf("%v after %d bytes, want %q", err, got.Len(), end)
		}
	}
	return strings.TrimSuffix(got.String(), end)
}

// checkFlood checks that the events of a flood are whole and in order, and
// that none is missing but where a gap event stands.
func checkFlood(t testing.TB, got string, last int, gap string) {
	t.Helper()
	next, gaps, told := 0, 0, false
	for event := range strings.SplitAfterSeq(got, "\n\n") {
		if event == gap {
			gaps, told = gaps+1, true
			continue
		}
		if event == "" {
			continue
		}
		fields := strings.Fields(event)
		n, err := strconv.Atoi(fields[1])
		if err != nil || len(fields) != 3 || len(fields[2]) != 16<<10 {
			t.Fatalf("broken event %q", clip(event))
		}
		if n < next || n > next && !told {
			t.Fatalf("event %d, want %d (gap told: %v)", n, next, told)
		}
		next, told = n+1, false
	}
	if gaps == 0 {
		t.Error("no gap event, want one")
	}
	if next != last+1 && !told {
		t.Errorf("the last event is %d, want %d", next-1, last)
	}
}
