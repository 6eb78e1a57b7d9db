package websocket

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/filter"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/leaktest"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// rig is a hub and a holder in a bubble of fake time.
type rig struct {
	t      *testing.T
	hub    *channels.Hub
	holder *hold.Goroutines
	counts *hold.Metrics

	halfClosed bool // a session has ended its half of its client's connection
}

// half is a client's connection that can be closed by halves, which a pipe cannot.
type half struct {
	net.Conn
	rig *rig
}

func (h half) CloseWrite() error {
	h.rig.halfClosed = true
	return nil
}

// inBubble runs a test in fake time.
func inBubble(t *testing.T, test func(t *testing.T, r *rig)) {
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, hub: channels.NewHub(channels.DefaultOptions()), holder: hold.New(hold.Options{}), counts: hold.NewMetrics(nil)}
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- r.holder.Run(ctx) }()
		test(t, r)
		stop()
		<-done
	})
}

// client is the other end of a session's connection.
type client struct {
	t *testing.T
	net.Conn
	ended chan Ending // capacity 1
}

// session starts a session that run holds, and returns its client.
func (r *rig) session(run func(*Session) Ending) *client {
	r.t.Helper()
	ours, theirs := net.Pipe()
	if err := r.holder.Admit(); err != nil {
		r.t.Fatal(err)
	}
	s := New(Options{
		Client: half{ours, r}, Reader: bufio.NewReader(ours), Holder: r.holder, Follow: r.follow,
		MaxChannels: 3, MaxMessage: 1 << 20, WriteTimeout: 20 * time.Second,
		Filters: filter.NewMetrics(prometheus.NewRegistry()).Route("r", zap.NewNop()),
		Counts:  r.counts.Sockets("r"), Ignored: prometheus.NewCounter(prometheus.CounterOpts{Name: "x"}), Log: zap.NewNop(),
	})
	c := &client{t: r.t, Conn: theirs, ended: make(chan Ending, 1)}
	go func() { c.ended <- run(s) }()
	return c
}

func (r *rig) follow(ctx context.Context, channel string) (*channels.Cursor, error) {
	switch channel {
	case "gone":
		return nil, errors.New("no history")
	case "slow": // to be in the session's hands
		defer time.Sleep(time.Second)
	}
	return r.hub.Follow(ctx, channels.Follow{
		Subscriptions: []channels.Subscription{{Channel: channel}}, Form: wire.Message, Live: r.hub.Head().Seq, Group: r.holder.Group(),
	})
}

// publish publishes a text message.
func (r *rig) publish(channel, content string) {
	r.t.Helper()
	item := wire.Item(grip.Item{Channel: channel, Message: &grip.MessageFormat{Content: []byte(content)}}, wire.Options{})
	if _, err := r.hub.Publish(r.t.Context(), item); err != nil {
		r.t.Fatal(err)
	}
}

// send writes a masked frame.
func (c *client) send(op ws.OpCode, payload string) {
	c.t.Helper()
	if err := ws.WriteFrame(c, ws.MaskFrame(ws.NewFrame(op, true, []byte(payload)))); err != nil {
		c.t.Error(err)
	}
}

// want reads a frame.
func (c *client) want(op ws.OpCode, payload string) {
	c.t.Helper()
	f, err := readFrame(c)
	if err != nil || f.Header.OpCode != op || string(f.Payload) != payload {
		c.t.Errorf("the client gets %v %q (%v), want %v %q", f.Header.OpCode, f.Payload, err, op, payload)
	}
}

// wantEnd closes the connection and checks how the session has ended.
func (c *client) wantEnd(reason hold.Reason) {
	c.t.Helper()
	c.Close()
	if e := <-c.ended; e.Reason != reason {
		c.t.Errorf("ended by %s (%v), want %s", e.Reason, e.Err, reason)
	}
}

// closing is the payload of a close frame.
func closing(code int, text string) string { return string(wire.CloseBody(code, text)) }

// scripted is an origin over HTTP that answers as told, one answer after the
// other, and the rest with nothing.
type scripted struct {
	start   time.Time
	asked   []string        // bodies
	at      []time.Duration // when
	meta    []http.Header
	answers []func(context.Context) (*Reply, error)
}

func says(body string, fields ...string) func(context.Context) (*Reply, error) {
	h := http.Header{}
	for i := 0; i < len(fields); i += 2 {
		h.Set(fields[i], fields[i+1])
	}
	return func(context.Context) (*Reply, error) { return &Reply{Header: h, Body: []byte(body)}, nil }
}

func fails(err error) func(context.Context) (*Reply, error) {
	return func(context.Context) (*Reply, error) { return nil, err }
}

// ask is an Asker.
func (o *scripted) ask(ctx context.Context, meta http.Header, events []byte) (*Reply, error) {
	o.asked = append(o.asked, string(events))
	o.at = append(o.at, time.Since(o.start))
	o.meta = append(o.meta, meta.Clone())
	answer := says("")
	if len(o.answers) > 0 {
		answer, o.answers = o.answers[0], o.answers[1:]
	}
	return answer(ctx)
}

// opened starts a session whose origin has accepted the WebSocket and then answers
// as told.
func (r *rig) opened(o *scripted, answers ...func(context.Context) (*Reply, error)) *client {
	r.t.Helper()
	o.start = time.Now()
	o.answers = answers
	opening, err := Open(r.t.Context(), o.ask)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.session(func(s *Session) Ending { return s.OverHTTP(opening) })
}

// accepts is the answer that accepts a WebSocket.
func accepts(events string, fields ...string) func(context.Context) (*Reply, error) {
	return says("OPEN\r\n"+events, append(fields, "Sec-WebSocket-Extensions", "grip")...)
}

// direct starts a session and returns its client and the connection to an origin that the test plays.
func (r *rig) direct(agreed *grip.Socket) (c *client, origin net.Conn) {
	ours, theirs := net.Pipe()
	return r.session(func(s *Session) Ending { return s.Direct(ours, agreed) }), theirs
}

// tell writes a frame of an origin.
func tell(t *testing.T, w io.Writer, op ws.OpCode, payload string) {
	t.Helper()
	if _, err := w.Write(wire.AppendFrame(nil, ws.Header{Fin: true, OpCode: op}, []byte(payload))); err != nil {
		t.Error(err)
	}
}

// hears reads a frame as an origin does.
func hears(t *testing.T, r io.Reader, op ws.OpCode, payload string) {
	t.Helper()
	f, err := readFrame(r)
	if err != nil {
		t.Fatal(err)
	}
	if !f.Header.Masked {
		t.Error("the origin gets a frame that is not masked")
	}
	f = ws.UnmaskFrame(f)
	if f.Header.OpCode != op || !bytes.Equal(f.Payload, []byte(payload)) {
		t.Fatalf("the origin gets %v %q, want %v %q", f.Header.OpCode, f.Payload, op, payload)
	}
}

// readFrame reads a frame whole.
func readFrame(r io.Reader) (f ws.Frame, err error) {
	if f.Header, err = ws.ReadHeader(r); err != nil {
		return f, err
	}
	f.Payload = make([]byte, f.Header.Length)
	_, err = io.ReadFull(r, f.Payload)
	return f, err
}
