package compare

import (
	"fmt"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/bench"
	"github.com/holdfast-proxy/holdfast/internal/bench/peer"
)

// secureCases are about streams over TLS: over HTTP/1.1, and over HTTP/2 with one,
// three and a hundred a connection. A browser has a handful on one.
func secureCases() []Case {
	cases := []Case{
		secureIdle(0, atMost("memory per stream, settled", 5*kib)),
		secureIdle(1, atMost("memory per stream, settled", 40*kib)),
		secureIdle(3),
		secureIdle(100, atMost("memory per stream, settled", 13*kib)),
	}
	for _, each := range []int{0, 1, 3, 100} {
		cases = append(cases, secureConnect(each))
	}
	return cases
}

// secureIdle is memory, with so many streams on each HTTP/2 connection; 0 is
// HTTP/1.1.
func secureIdle(each int, targets ...Target) Case {
	c := secure("idle", "Memory of streams that wait", each)
	c.About = "5,000 streams with a channel each that gets nothing: memory straight after connecting and a minute later."
	c.Columns = append(idleColumns(), collectionColumns()...)
	c.targets = targets
	c.tune = func(cfg *bench.Config) {
		cfg.Streams, cfg.Settle, cfg.HTTP2, cfg.WarmUp = 5000, time.Minute, each, false
	}
	return c
}

func secureConnect(each int) Case {
	c := secure("connect", "Connecting", each)
	c.About = "2,000 streams connect, 256 at a time. Connections and handshakes are part of it."
	c.Columns = connectColumns()
	c.tune = func(cfg *bench.Config) { cfg.Streams, cfg.HTTP2 = 2000, each }
	return c
}

// secure is a case of a scenario over TLS.
func secure(scenario, title string, each int) Case {
	c := Case{
		Name: scenario + "-tls", Title: title + ", TLS", scenario: scenario,
		tls: true, can: func(p peer.Peer) bool { return p.TLS }, rounds: 1,
	}
	if each > 0 {
		c.Name = fmt.Sprintf("%s-h2-%d", scenario, each)
		c.Title = fmt.Sprintf("%s, HTTP/2 with %d a connection", title, each)
	}
	return c
}
