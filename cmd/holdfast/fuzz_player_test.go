package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// player is a client of a play: an open stream that a goroutine reads, and what it has
// read.
type player struct {
	// Fixed after newPlayer.
	play     *play
	channels []int
	cancel   context.CancelFunc
	conn     net.Conn // nil: the connection is a library's
	mayEnd   atomic.Bool
	ended    chan struct{} // closed when there is no more to read

	mu      sync.Mutex
	reading *sync.Cond // stalled has changed
	stalled bool
	seen    [stateChannels]int // the last number on each channel, 0 for none
	gap     [stateChannels]bool
	lastID  string
	wrong   string // the first thing that was
	refused bool
}

// newPlayer opens a stream of channels, from where another client stands unless that is
// nil. how chooses the protocol.
func newPlayer(p *play, how int, channels []int, after *player) *player {
	c := &player{play: p, channels: channels, ended: make(chan struct{})}
	c.reading = sync.NewCond(&c.mu)
	if after != nil {
		c.seen, c.gap, c.lastID = after.place()
	}
	names := make([]string, len(channels))
	for i, n := range channels {
		names[i] = fmt.Sprint("channel=c", n)
	}
	var ctx context.Context
	ctx, c.cancel = context.WithCancel(p.t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.s.URL+"/stream?"+strings.Join(names, "&"), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Accept", "text/event-stream")
	if c.lastID != "" {
		request.Header.Set("Last-Event-ID", c.lastID)
	}
	response, err := c.ask(request, how)
	if err != nil {
		p.t.Fatal(err)
	}
	body := bufio.NewReader(response.Body)
	if b, err := readBlock(body); err != nil || b.comment != "welcome" {
		c.refused = b.retry != ""
		c.mayEnd.Store(c.refused)
		c.wrong = fmt.Sprintf("begins with %+v (%v)", b, err)
	}
	go c.read(response.Body, body)
	return c
}

// ask sends the request over a connection of its own, or by a library.
func (c *player) ask(r *http.Request, how int) (*http.Response, error) {
	if how < len(c.play.clients) {
		return c.play.clients[how].Do(r)
	}
	conn, err := net.Dial("tcp", c.play.s.address)
	if err != nil {
		return nil, err
	}
	c.conn = conn
	context.AfterFunc(r.Context(), func() { conn.Close() })
	if err := r.Write(conn); err != nil {
		return nil, err
	}
	return http.ReadResponse(bufio.NewReader(conn), r)
}

// read reads the stream to its end, with pauses.
func (c *player) read(closer io.Closer, body *bufio.Reader) {
	defer close(c.ended)
	defer closer.Close()
	for {
		c.mu.Lock()
		for c.stalled {
			c.reading.Wait()
		}
		c.mu.Unlock()
		b, err := readBlock(body)
		if err != nil {
			if !errors.Is(err, io.EOF) && !c.mayEnd.Load() {
				c.complain("ended with %v", err)
			}
			return
		}
		c.hear(b)
	}
}

// hear takes one event.
func (c *player) hear(b block) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if b.id != "" {
		c.lastID = b.id
	}
	var channel, number int
	switch n, _ := fmt.Sscanf(b.data, "%d %d", &channel, &number); {
	case b.event == "gap":
		for i := range c.gap {
			c.gap[i] = true
		}
	case n != 2:
	case !slices.Contains(c.channels, channel):
		c.complainLocked("of channels %v gets %.20q", c.channels, b.data)
	case number <= c.seen[channel], c.seen[channel] > 0 && number > c.seen[channel]+1 && !c.gap[channel]:
		c.complainLocked("after %d of channel %d gets %d, gap %v", c.seen[channel], channel, number, c.gap[channel])
	default:
		c.seen[channel], c.gap[channel] = number, false
	}
}

func (c *player) complain(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.complainLocked(format, args...)
}

func (c *player) complainLocked(format string, args ...any) {
	if c.wrong == "" {
		c.wrong = fmt.Sprintf(format, args...)
	}
}

// place is where the client stands: what it has seen up to its last id.
func (c *player) place() (seen [stateChannels]int, gap [stateChannels]bool, lastID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lastID == "" {
		return seen, gap, ""
	}
	return c.seen, c.gap, c.lastID
}

func (c *player) leave() {
	c.mayEnd.Store(true)
	c.cancel()
}

// closeHalf tells the server that nothing more will be sent, which it may take for
// leaving.
func (c *player) closeHalf() {
	if tcp, ok := c.conn.(*net.TCPConn); ok {
		c.mayEnd.Store(true)
		tcp.CloseWrite()
	}
}

func (c *player) stall() { c.pause(true) }

func (c *player) readOn() { c.pause(false) }

func (c *player) pause(stalled bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stalled = stalled
	c.reading.Broadcast()
}

// wantLast waits until the client has the last message of each of its channels, or
// has left.
func (c *player) wantLast() {
	eventually(c.play.t, "who is there gets the last message", func() bool {
		select {
		case <-c.ended:
			return true
		default:
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, n := range c.channels {
			if c.seen[n] != c.play.numbers[n] {
				return c.mayEnd.Load() || c.wrong != ""
			}
		}
		return true
	})
	select {
	case <-c.ended:
		if !c.mayEnd.Load() {
			c.complain("ended before its time")
		}
	default:
	}
}

// check reports what was wrong, after the end.
func (c *player) check(t *testing.T) {
	<-c.ended
	c.cancel()
	if c.wrong != "" && !c.refused {
		t.Errorf("a client of channels %v %s", c.channels, c.wrong)
	}
}
