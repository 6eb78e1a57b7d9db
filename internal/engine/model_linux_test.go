package engine

import (
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// FuzzALoopDeliversWhatAModelExpects does a loop's work by hand, in steps
// between which clients come, read a little, send, stop listening and leave,
// and time passes. Whatever the order, what a client gets is what was published
// while it was there, whole and once, with keep-alives between.
func FuzzALoopDeliversWhatAModelExpects(f *testing.F) {
	rnd := rand.New(rand.NewPCG(11, 11))
	for range 60 {
		script := make([]byte, 50+rnd.IntN(700))
		for i := range script {
			script[i] = byte(rnd.UintN(256))
		}
		f.Add(script)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		before := descriptors(t)
		synctest.Test(t, func(t *testing.T) { newModel(t).play(script) })
		if now := descriptors(t); now != before {
			t.Errorf("%d descriptors are open, %d before", now, before)
		}
	})
}

// model is what a loop should do.
type model struct {
	t       *testing.T
	rig     *rig
	loop    *loop
	poller  *manual
	clients []*modelClient
	steps   int
}

// modelClient is a client and what it should get.
type modelClient struct {
	fd      int           // -1: it has left
	secure  *secureClient // nil: in the clear
	held    *stream
	follows [3]bool

	got   strings.Builder
	want  []string // chunks
	least int      // of want that must come before a clean end; -1: no end
	left  bool     // or is cut off, so what is missing does not count
	over  bool     // it has read the end
	sent  int
}

const (
	modelClients = 12
	modelSteps   = 250
	modelBeat    = ":\n\n"
)

func newModel(t *testing.T) *model {
	m := &model{t: t, poller: newManual(t)}
	m.rig = makeRig(t, m.poller)
	m.loop = m.rig.engine.loops[0]
	return m
}

// play does what the script says, then lets everybody read everything and
// leave.
func (m *model) play(script []byte) {
	for len(script) >= 3 && m.steps < modelSteps {
		m.steps++
		m.do(script[0], script[1], int(script[2]))
		check(m.t, m.loop)
		script = script[3:]
	}
	m.settle()
	for i, c := range m.clients {
		m.compare(i, c)
		m.leave(c)
	}
	m.settle()
	time.Sleep(2 * hold.Linger)
	m.settle()
	if n := m.loop.load.Load(); n != 0 || len(m.rig.engine.index.first) > 0 {
		m.t.Errorf("%d streams and %d audiences are left", n, len(m.rig.engine.index.first))
	}
	m.rig.cutByHand(m.loop)
}

// do is one step.
func (m *model) do(what, who byte, n int) {
	var c *modelClient
	if len(m.clients) > 0 {
		c = m.clients[int(who)%len(m.clients)]
	}
	switch what %= 24; {
	case what < 6:
		m.publish(int(who)%3, n)
	case what < 10:
		m.turn(n)
	case what < 13:
		m.poller.ask(m.t, m.loop)
	case what == 13:
		time.Sleep(time.Duration(n) * 20 * time.Millisecond)
	case what < 16 && len(m.clients) < modelClients:
		m.join(who, n)
	case c == nil:
	case what < 21:
		m.read(c, 1+n*n)
	default:
		m.disturb(c, n)
	}
}

// disturb has a client do what it should not, or ends it.
func (m *model) disturb(c *modelClient, n int) {
	switch {
	case n < 16:
		m.leave(c)
	case n < 24:
		c.left = true
		if c.fd >= 0 {
			unix.Shutdown(c.fd, unix.SHUT_WR)
		}
	case n < 32:
		c.left = true
		c.held.CutOff(hold.ReasonShutdown)
	case n < 48:
		c.ending()
		c.held.End(hold.ReasonAction)
	case c.fd >= 0:
		c.send(make([]byte, n*10))
		if c.sent > hold.MaxClientBytes {
			c.ending()
		}
	}
}

// ending notes that a client may end cleanly, but not before what it wants now.
func (c *modelClient) ending() {
	if c.least < 0 {
		c.least = len(c.want)
	}
}

func (m *model) join(who byte, n int) {
	c := &modelClient{least: -1}
	var names []string
	for i := range c.follows {
		if c.follows[i] = who>>i&1 == 1; c.follows[i] {
			names = append(names, fmt.Sprint(i))
		}
	}
	if len(names) == 0 {
		names, c.follows[0] = []string{"0"}, true
	}
	s := beat(10*time.Second, hold.KeepAliveMode(who>>4&1))
	s.WriteTimeout = time.Hour
	buffer := 4 << 10
	if n%2 == 0 {
		buffer = 0
	}
	switch n % 3 {
	case 0:
		c.secure, c.held = m.rig.holdSecure(m.t, tls.VersionTLS12+uint16(n/3%2), buffer, s, names...)
		c.fd = c.secure.below.fd
	default:
		c.fd, c.held = m.rig.hold(m.t, buffer, s, names...)
	}
	m.clients = append(m.clients, c)
}

func (m *model) publish(channel, n int) {
	size := n * 12
	if n%16 == 0 { // more than some sockets take
		size = n * 300
	}
	content := fmt.Sprintf("data: %d %s\n\n", m.steps, strings.Repeat("x", size))
	m.rig.publish(m.t, fmt.Sprint(channel), content)
	for _, c := range m.clients {
		if c.follows[channel] {
			c.want = append(c.want, chunk(content))
		}
	}
}

// turn is the loop's, with few visits at times.
func (m *model) turn(n int) {
	m.loop.collect()
	if n%3 == 0 {
		m.loop.turn()
		return
	}
	for m.loop.visits = 1 + n%5; m.loop.visits > 0 && !m.loop.ready.empty(); {
		m.loop.attend(m.loop.ready.pop())
	}
	if !m.loop.rounds.empty() && m.loop.visits > 0 {
		m.loop.round(m.loop.rounds.pop())
	}
}

// read has a client read, and reports whether it got anything.
func (m *model) read(c *modelClient, n int) bool {
	if c.fd < 0 || c.over {
		return false
	}
	before := c.received()
	some, err := c.take(n)
	c.got.WriteString(some)
	c.over = err != nil
	return some != "" || err != nil || c.received() != before
}

// received is how many encrypted bytes have come, which may be less than a
// record.
func (c *modelClient) received() int {
	if c.secure == nil {
		return 0
	}
	return c.secure.below.received
}

func (c *modelClient) take(n int) (string, error) {
	if c.secure == nil {
		return readSome(c.fd, n)
	}
	c.secure.below.push()
	return c.secure.some(n)
}

func (c *modelClient) send(p []byte) {
	if c.secure == nil {
		n, _ := unix.Write(c.fd, p)
		c.sent += max(0, n)
		return
	}
	c.secure.Write(p)
	c.sent = c.secure.below.sent + len(c.secure.below.pending)
}

func (m *model) leave(c *modelClient) {
	c.left = true
	if c.fd >= 0 {
		unix.Close(c.fd)
		c.fd = -1
	}
}

// settle works until nothing moves any more.
func (m *model) settle() {
	for moving := true; moving; {
		work(m.loop)
		check(m.t, m.loop)
		moving = m.poller.ask(m.t, m.loop)
		for _, c := range m.clients {
			for m.read(c, 1<<20) {
				moving = true
			}
		}
	}
}

// compare compares what a client got with what it wants.
func (m *model) compare(i int, c *modelClient) {
	m.t.Helper()
	got, chunks, end := c.parse()
	switch {
	case got != "":
		m.t.Fatalf("client %d: %q after %d chunks", i, got[:min(len(got), 80)], chunks)
	case c.left:
	case c.least >= 0:
		if !end || chunks < c.least {
			m.t.Fatalf("client %d: %d chunks (end: %v), want %d and the end", i, chunks, end, c.least)
		}
	case chunks != len(c.want) || end || c.over:
		m.t.Fatalf("client %d: %d chunks (end: %v), want %d", i, chunks, end, len(c.want))
	}
}

// parse takes what is wanted off what was got. What is left is wrong.
func (c *modelClient) parse() (got string, chunks int, end bool) {
	got = c.got.String()
	for got != "" {
		next := chunk(modelBeat)
		switch {
		case strings.HasPrefix(got, next):
		case got == wire.LastChunk:
			next, end = got, true
		case chunks < len(c.want):
			next = c.want[chunks]
			chunks++
		}
		if c.left && strings.HasPrefix(next, got) {
			return "", chunks, end
		}
		rest, ok := strings.CutPrefix(got, next)
		if !ok {
			return got, chunks, end
		}
		got = rest
	}
	return got, chunks, end
}
