package main

import (
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
)

// kill is a way in which a client's connection ends.
type kill int

const (
	reset    kill = iota // TCP reset (HTTP/2: of the whole connection)
	leave                // orderly close (HTTP/2: reset of the stream)
	halfLeft             // the sending half is closed; the rest is read to its end
	vanish               // the connection is left standing, and closed much later
	early                // reset before the answer's head is read
	numKills
)

// soakClient is one logical client with many connections, one after another.
type soakClient struct {
	// Fixed after newSoakClient.
	soak     *soak
	index    int
	dialect  string
	path     string
	channels []string
	lazy     bool                     // stops reading now and then, until it is behind by far
	dial     func() (net.Conn, error) // nil: HTTP/2

	// Owned by live.
	random   *rand.Rand
	now      lifeline
	lastID   string
	heard    []heard
	upToDate map[string]bool // channels that were heard of since all kills are done
	again    bool            // all of them were, and are to be once more
	kills    [numKills]int
	ghosts   []lifeline // vanished, not yet closed
}

func newSoakClient(s *soak, index int) *soakClient {
	c := &soakClient{
		soak: s, index: index, path: "/ids", lazy: index%8 == 7,
		random:   rand.New(rand.NewPCG(s.seed, uint64(index))),
		upToDate: map[string]bool{},
	}
	last := soakChannels - 1
	if index%2 == 1 {
		c.path, last = "/positions", soakChannels
	}
	for _, i := range c.random.Perm(last)[:1+c.random.IntN(4)] {
		c.channels = append(c.channels, fmt.Sprintf("c%d", i))
	}
	switch index % 6 {
	case 4:
		c.dialect = "HTTP/1.1 over TLS"
		c.dial = func() (net.Conn, error) { return tls.Dial("tcp", s.secure, s.trust) }
	case 5:
		c.dialect = "HTTP/2"
	default:
		c.dialect = "HTTP/1.1"
		c.dial = func() (net.Conn, error) { return net.Dial("tcp", s.server.address) }
	}
	return c
}

// target is the path and query of the stream.
func (c *soakClient) target() string {
	return c.path + "/stream?channel=" + strings.Join(c.channels, "&channel=")
}

// live is the client's whole life. It returns nil when the client is up to date
// and no kills are left.
func (c *soakClient) live() error {
	defer c.bury(0)
	for {
		done, err := c.read(c.lifetime())
		if err != nil {
			return err
		}
		if done {
			c.now.stop()
			return nil
		}
		c.end(kill(c.random.IntN(int(early))))
		c.bury(2)
		c.stayAway()
		if err := c.reconnect(); err != nil {
			return err
		}
	}
}

// lifetime draws how many events a connection is read for.
func (c *soakClient) lifetime() int {
	if c.random.IntN(4) == 0 {
		return 1 + c.random.IntN(3) // most likely in the middle of a replay
	}
	return 1 + c.random.IntN(60)
}

// stayAway waits until some more has been published.
func (c *soakClient) stayAway() {
	switch n := c.random.IntN(20); {
	case c.soak.ending.Load():
	case n == 0:
		c.soak.await(2 * soakRetention * soakChannels)
	case n < 10:
		c.soak.await(1 + c.random.IntN(40))
	}
}

// read reads at least so many events, and on while the client has no id to
// come back with. It reports true if there is no kill left for this client, and
// it is up to date.
func (c *soakClient) read(events int) (done bool, err error) {
	for n := 0; ; n++ {
		if n >= events && c.lastID != "" && c.soak.takeKill() {
			return false, nil
		}
		if c.lazy && !c.soak.ending.Load() && c.random.IntN(100) == 0 {
			c.soak.await(3000)
		}
		if err := c.hear(); err != nil {
			return false, fmt.Errorf("the stream that nobody killed ended: %w", err)
		}
		switch {
		case len(c.upToDate) < len(c.channels):
		case c.again:
			return true, nil
		default:
			// Of a channel that has fallen behind since it was heard of, others may
			// come before its gap does: that is told in its place, at its end.
			c.again = true
			clear(c.upToDate)
		}
	}
}

// hear reads one block.
func (c *soakClient) hear() error {
	b, err := readBlock(c.now.body)
	if err != nil {
		return err
	}
	if b.id != "" {
		c.lastID = b.id
	}
	switch {
	case b.event == "gap":
		g, err := readGap(b)
		if err != nil {
			return err
		}
		c.heard = append(c.heard, heard{gap: g})
	case b.data != "" && b.event == "":
		key, _, _ := strings.Cut(b.data, " ")
		c.heard = append(c.heard, heard{key: key})
		if channel, _, last := strings.Cut(key, "-end-"); last {
			c.upToDate[channel] = true
		}
	}
	return nil
}

// end ends the connection.
func (c *soakClient) end(how kill) {
	c.kills[how]++
	l := c.now
	switch {
	case how == vanish:
		c.ghosts = append(c.ghosts, l)
		return
	case how == halfLeft && l.closeWrite():
		for c.hear() == nil { // whatever arrives whole has arrived
		}
	case how == reset && l.conn != nil:
		resetConn(l.conn)
	}
	l.stop()
}

// bury closes vanished connections, but for the last few.
func (c *soakClient) bury(keep int) {
	for len(c.ghosts) > keep {
		c.ghosts[0].stop()
		c.ghosts = c.ghosts[1:]
	}
}
