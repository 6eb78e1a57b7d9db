package embedded

import (
	"context"
	"net"
	"net/netip"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"
)

// Machine is where a server runs, for tests: its name, its addresses, and those
// that it can look up.
type Machine struct {
	Name      string
	Addresses []string
	Hosts     map[string][]string
}

// Others returns c's peers without the server itself on m.
func (c Cluster) Others(ctx context.Context, m Machine) ([]string, error) {
	return c.others(ctx, machine{m.Name, parse(m.Addresses), func(_ context.Context, host string) ([]netip.Addr, error) {
		if len(m.Hosts[host]) == 0 {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		return parse(m.Hosts[host]), nil
	}})
}

func parse(texts []string) []netip.Addr {
	var all []netip.Addr
	for _, text := range texts {
		all = append(all, netip.MustParseAddr(text))
	}
	return all
}

// Greeting is who says line.
func Greeting(line []byte) (string, error) { return greeting(line) }

// WithPeerInterval returns o with d between looks at the peers.
func (o Options) WithPeerInterval(d time.Duration) Options {
	o.peerInterval = d
	return o
}

// NewLogger is what the server writes to.
func NewLogger(log *zap.Logger) server.Logger { return newLogger(log) }

// LoseJetStream is what the server does to itself when it cannot write.
func (s *Server) LoseJetStream() error { return s.server.ShutdownJetStream() }
