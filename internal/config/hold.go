package config

import (
	"fmt"
	"time"
)

// Hold is the section hold.
type Hold struct {
	// auto holds HTTP/1.x streams, in the clear and over TLS, in event loops
	// where the system has them (Linux), and all others with goroutines.
	// goroutines holds all streams with goroutines, which cost more memory:
	// use it to tell whether a problem comes from the loops.
	Engine HoldEngine `mapstructure:"engine"`
	// The sockets of held HTTP/1.x streams. The defaults are measured; what
	// they bound is a queue in the system that nobody sees.
	Sockets Sockets `mapstructure:"sockets"`
}

// Sockets is the section hold.sockets.
type Sockets struct {
	// How much the system may keep for a client on its way or not yet sent
	// (SO_SNDBUF). A stream carries at most this much per round trip: raise
	// it for large events to far clients. With it, a client that does not read
	// costs about 50 KiB of the system's memory, without it about 4 MB. The
	// system caps it at net.core.wmem_max. 0B: the system's own tuning.
	SendBuffer Size `mapstructure:"send_buffer"`
	// How much of that may wait before it is sent (TCP_NOTSENT_LOWAT, Linux
	// only). What waits in Holdfast instead costs nothing, and a slow client
	// is noticed sooner. Clients that read see no difference. 0B: 512KiB, as
	// on every connection.
	NotSent Size `mapstructure:"not_sent"`
	// Send every event at once (TCP_NODELAY). Off, a small event waits until
	// the client has acknowledged the one before, which saves packets and
	// costs up to a round trip, or 40ms where clients acknowledge late.
	NoDelay bool `mapstructure:"no_delay"`
	// After how long without an answer from the client's system a connection
	// counts as dead (TCP_USER_TIMEOUT, Linux only). It also hits clients
	// that are there but do not read, so it cannot be less than the route's
	// write_timeout. 0s: a second more than that.
	UserTimeout time.Duration `mapstructure:"user_timeout"`
	// Let the system probe idle streams too that have keep-alives of ours. It
	// then sends and gets a packet every 15s on each of them, and finds
	// nothing out that the keep-alives do not. Streams without keep-alives
	// are always probed.
	Probes bool `mapstructure:"probes"`
}

// The bounds of what makes sense for a socket's buffers. Linux raises less to
// the lower one without a word.
const (
	minSocketBuffer = 4 * KiB
	maxSocketBuffer = 1 * GiB
)

func (p *problems) checkSockets(c Config) {
	s := c.Hold.Sockets
	p.socketBuffer("hold.sockets.send_buffer", s.SendBuffer)
	p.socketBuffer("hold.sockets.not_sent", s.NotSent)
	for i, route := range c.AllRoutes() {
		if 0 < s.UserTimeout && s.UserTimeout < route.WriteTimeout {
			p.addAcross("hold.sockets.user_timeout", []string{element("routes", i) + ".write_timeout"},
				fmt.Sprintf("%v is less than the write_timeout of %s, %v", s.UserTimeout, route.Name, route.WriteTimeout),
				"write more, or 0s for a second more than that")
			return
		}
	}
}

func (p *problems) socketBuffer(key string, size Size) {
	if size > 0 && size < minSocketBuffer || size > maxSocketBuffer {
		p.add(key, size.String()+" is no size for a socket's buffer", fmt.Sprintf("write %v to %v, or 0B", minSocketBuffer, maxSocketBuffer))
	}
}
