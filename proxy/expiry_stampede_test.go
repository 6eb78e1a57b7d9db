package proxy

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/wire"
	"go.uber.org/zap"
)

// assembly is a proxy in a synctest bubble, with connections that are pipes: time costs
// nothing there, so what happens in a second is what was meant to.
type assembly struct {
	t     *testing.T
	hub   *channels.Hub
	conns chan net.Conn
	start time.Time
	life  time.Duration // how long the origin lets a client in at first, counted from start

	mu        sync.Mutex
	now, most int         // renewals that the origin is thinking about
	renewals  map[int]int // by the second, from start
}

// originThinks is how long the origin takes to judge credentials.
const originThinks = 50 * time.Millisecond

// RoundTrip is the origin.
func (c *assembly) RoundTrip(r *http.Request) (*http.Response, error) {
	expires := c.life
	if strings.HasPrefix(r.Header.Get("Authorization"), "new-") {
		expires = time.Hour
		c.mu.Lock()
		c.renewals[int(time.Since(c.start)/time.Second)]++
		c.now++
		c.most = max(c.most, c.now)
		c.mu.Unlock()
		time.Sleep(originThinks)
		c.mu.Lock()
		c.now--
		c.mu.Unlock()
	}
	h := http.Header{"Content-Type": {"text/event-stream"}, "Grip-Hold": {"stream"}, "Grip-Channel": {"a"},
		"Grip-Set-Meta": {"user=" + strings.TrimPrefix(r.Header.Get("Authorization"), "new-")}, "Grip-Expires": {fmt.Sprint(int(expires.Seconds()))}}
	return &http.Response{StatusCode: 200, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h, Body: http.NoBody, Request: r}, nil
}

// Accept implements net.Listener.
func (c *assembly) Accept() (net.Conn, error) {
	conn, ok := <-c.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}

// Close implements net.Listener.
func (c *assembly) Close() error { return nil }

// Addr implements net.Listener.
func (c *assembly) Addr() net.Addr { return &net.UnixAddr{Name: "assembly", Net: "pipe"} }

// assemble starts a assembly's proxy. What it returns ends it.
func assemble(t *testing.T, life time.Duration) (c *assembly, end func()) {
	c = &assembly{t: t, conns: make(chan net.Conn), start: time.Now(), life: life, renewals: map[int]int{}}
	c.hub = channels.NewHub(channels.DefaultOptions())
	holder := hold.New(hold.Options{})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- holder.Run(ctx) }()
	rt := routeTo("http://origin.test")
	rt.Reauthorize = Reauthorize{Before: time.Minute, Patience: 20 * time.Second}
	h, err := New(Options{Routes: []Route{rt}, Log: zap.NewNop(), Head: c.hub.Head, Limits: Limits{Queue: 100},
		Holding: Holding{Hub: c.hub, Holder: holder, MaxChannels: 10, GapEvent: "gap"}})
	if err != nil {
		t.Fatal(err)
	}
	h.routes.all[0].forward.Transport.(*originSet).transport = c
	server := &http.Server{Handler: h, ConnContext: hold.ConnContext}
	go server.Serve(hold.Listen(c))
	return c, func() {
		close(c.conns)
		server.Close()
		stop()
		<-ended
		h.Close()
	}
}

// ask sends a request over a connection of its own and returns the answer.
func (c *assembly) ask(method, user string, fields map[string]string) (net.Conn, *http.Response, error) {
	client, server := net.Pipe()
	c.conns <- server
	request := method + " / HTTP/1.1\r\nHost: assembly\r\nAccept: text/event-stream\r\nAuthorization: " + user + "\r\n"
	for name, value := range fields {
		request += name + ": " + value + "\r\n"
	}
	if _, err := io.WriteString(client, request+"\r\n"); err != nil {
		client.Close()
		return nil, nil, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(client), nil)
	if err != nil {
		client.Close()
	}
	return client, resp, err
}

// member is one client of the assembly.
type member struct {
	events   []string
	answered int // status
	renewed  bool
	err      error
}

// stay opens a stream, reads events up to the one that is the last, and answers the
// challenge on the way, at once and over another connection.
func (c *assembly) stay(user, last string) (m member) {
	conn, resp, err := c.ask(http.MethodGet, user, nil)
	if m.err = err; err != nil {
		return m
	}
	defer conn.Close()
	lines := bufio.NewScanner(resp.Body)
	for name := ""; lines.Scan(); {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case field == "event":
			name = value
		case field == "" && lines.Text() == "":
			name = ""
		case field == "data" && name == "challenge":
			m.answered, m.err = c.answer(user, value)
		case field == "data" && name == "reauthorized":
			m.renewed = true
		case field == "data" && name == "":
			m.events = append(m.events, value)
			if value == last {
				return m
			}
		}
	}
	m.err = fmt.Errorf("the stream ended: %v", lines.Err())
	return m
}

func (c *assembly) answer(user, data string) (status int, err error) {
	var ch challenge
	if err := json.Unmarshal([]byte(data), &ch); err != nil {
		return 0, err
	}
	conn, resp, err := c.ask(ch.Method, "new-"+user, ch.Headers)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	return resp.StatusCode, nil
}

// Ten thousand streams that expire in the same second, and whose clients all answer at
// once, reach the origin as an even trickle; all stay, and none misses an event.
func TestTenThousandStreamsThatExpireTogetherDoNotStampede(t *testing.T) {
	const (
		events = 20
		life   = 5 * time.Minute
		window = 40 // seconds, from Before to Patience ahead of the end
	)
	streams := 10_000
	if underRace {
		streams = 2000
	}
	synctest.Test(t, func(t *testing.T) {
		c, end := assemble(t, life)
		defer end()
		members := make([]member, streams)
		var all sync.WaitGroup
		for i := range members {
			all.Go(func() { members[i] = c.stay(fmt.Sprint("user-", i), fmt.Sprint(events-1)) })
		}
		synctest.Wait()
		time.Sleep(life - time.Minute - time.Second) // events come all the while that clients are asked
		for i := range events {
			c.publish(i)
			time.Sleep(4 * time.Second)
		}
		all.Wait()
		c.judge(members, events)
		busiest := 0
		for _, n := range c.renewals {
			busiest = max(busiest, n)
		}
		t.Logf("%d streams asked within %d s: %d requests to the origin in the busiest second, %d at once",
			streams, window, busiest, c.most)
		if even := streams / window; busiest > 2*even || c.most > 10+2*even/10 {
			t.Errorf("%d requests in one second, %d at once", busiest, c.most)
		}
	})
}

func (c *assembly) publish(i int) {
	item := wire.Item(grip.Item{Channel: "a", Stream: &grip.StreamFormat{Content: fmt.Appendf(nil, "data: %d\n\n", i)}}, wire.Options{})
	if _, err := c.hub.Publish(context.Background(), item); err != nil {
		c.t.Error(err)
	}
}

// judge reports members that were not renewed, or missed something.
func (c *assembly) judge(members []member, events int) {
	for i, m := range members {
		whole := len(m.events) == events
		for n, event := range m.events {
			whole = whole && event == fmt.Sprint(n)
		}
		if m.err != nil || m.answered != http.StatusOK || !m.renewed || !whole {
			c.t.Fatalf("member %d: answered %d, renewed %v, %d events, %v", i, m.answered, m.renewed, len(m.events), m.err)
		}
	}
}
