// Package holdtest proves that a hold.Holder keeps its promises.
//
// Run puts the holder behind a real HTTP server and talks to it as clients do,
// over every protocol: plain HTTP/1.1 and 1.0 taken over from net/http, the
// same through a listener that wraps nothing, HTTP/1.1 over TLS, and HTTP/2
// over TLS and in the clear. Cases that need a real network's buffers and
// resets use loopback sockets. Cases about time run on in-memory connections
// in a synctest bubble, where waiting is instant and exact.
package holdtest

import (
	"testing"

	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// Run runs all cases on holders made by make, one holder per case.
func Run(t *testing.T, make func(hold.Options) hold.Holder) {
	s := suite{make: make}
	t.Run("sockets", func(t *testing.T) {
		for _, p := range protocols {
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				s.sockets(t, p)
			})
		}
	})
	t.Run("time", func(t *testing.T) {
		for _, p := range protocols {
			if p.tls || p.bare {
				continue // the same to the clock as the others
			}
			t.Run(p.name, func(t *testing.T) { s.time(t, p) })
		}
	})
	t.Run("whole", s.whole)
}

type suite struct {
	make func(hold.Options) hold.Holder
}

// protocol is a way to reach the holder.
type protocol struct {
	name  string
	tls   bool
	h2    bool
	tls12 bool // TLS 1.2 at most
	old   bool // HTTP/1.0
	bare  bool // the listener does not wrap connections
}

var protocols = []protocol{
	{name: "http1.1"},
	{name: "http1.0", old: true},
	{name: "http1.1 unwrapped", bare: true},
	{name: "http1.1 tls", tls: true},
	{name: "http1.1 tls1.2", tls: true, tls12: true},
	{name: "http1.0 tls", tls: true, old: true},
	{name: "http2 tls", tls: true, h2: true},
	{name: "http2 cleartext", h2: true},
}

// one is a case.
type one struct {
	name string
	run  func(t *testing.T, r *rig)
	// only, unless nil, says for which protocols the case means something.
	only func(protocol) bool
	// setup, unless nil, changes the rig before it starts.
	setup func(r *rig)
}

func (s suite) each(t *testing.T, p protocol, cases []one, within func(*testing.T, func(*testing.T)), listen func(*testing.T) network) {
	for _, c := range cases {
		if c.only != nil && !c.only(p) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			within(t, func(t *testing.T) {
				r := newRig(p, s.make)
				if c.setup != nil {
					c.setup(r)
				}
				r.start(t, listen(t))
				c.run(t, r)
			})
		})
	}
}
