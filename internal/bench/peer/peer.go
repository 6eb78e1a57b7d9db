package peer

import (
	"context"

	"github.com/holdfast-proxy/holdfast/internal/bench"
)

// A Peer is a kind of server.
type Peer struct {
	// Name is how reports call it.
	Name string
	// What it is, in a line.
	What string
	// Note is what a reader must know to compare it fairly; may be empty.
	Note string
	// Origin says whether its streams are held on the word of an origin.
	Origin bool
	// Replay says whether it replays by Last-Event-ID.
	Replay bool
	// Slow says whether it can have streams that do not read.
	Slow bool
	// TLS says whether it can be started for TLS, with HTTP/1.1 and HTTP/2.
	TLS bool
	// ConnectOnly says that only connecting is worth comparing.
	ConnectOnly bool

	// Version returns what is installed. The error says how to install it.
	Version func(context.Context) (string, error)

	dialect string
	answers bool // its responses have an end
	metrics bool // it serves its Go runtime's metrics at its control address
	// stream is the path and query of a stream of a channel and, unless it is
	// empty, a common one.
	stream    func(channel, common string) string
	configure func(Setup) (Launch, error)
}

// Conditions are what a server is started for.
type Conditions struct {
	// Origin is the address of the origin.
	Origin string
	// Cores is how many cores the server may use.
	Cores int
	// TLS makes it take clients over TLS alone.
	TLS bool
}

// A Setup is what a server is to be configured for.
type Setup struct {
	// Dir is the server's, and empty.
	Dir string
	// Clients and Control are the addresses to listen at, host:port.
	Clients, Control string
	// Certificate is for clients over TLS; nil for clients in the clear.
	Certificate *Certificate
	Conditions
}

// A Launch is how to start a server.
type Launch struct {
	// Args are the program and its arguments.
	Args []string
	// Env is added to the environment.
	Env []string
	// Config is what to print of the configuration in a report.
	Config string
}

// All returns the peers. The program is Holdfast's own, which also has the
// floors.
func All(program string) []Peer {
	return []Peer{Holdfast(program), Nchan(), Pushpin(), Floor(program), AskingFloor(program), ProxyingFloor(program)}
}

// Apply makes a run use a server: its addresses, its dialect, its processes.
func (s *Server) Apply(cfg *bench.Config) {
	cfg.URL = s.url(cfg.Channel, cfg.Common)
	cfg.Insecure, cfg.Answers = s.conditions.TLS, s.peer.answers
	cfg.MetricsURL = ""
	if s.peer.metrics {
		cfg.MetricsURL = "http://" + s.control + "/metrics"
	}
	if cfg.ControlURL != "" {
		cfg.ControlURL = "http://" + s.control
	}
	cfg.Dialect = s.peer.dialect
	cfg.PIDs = []int{s.cmd.Process.Pid}
}

// url is that of a stream of a channel and, unless it is empty, a common one.
func (s *Server) url(channel, common string) string {
	scheme := "http://"
	if s.conditions.TLS {
		scheme = "https://"
	}
	return scheme + s.clients + s.peer.stream(channel, common)
}

// byQuery is the stream of those whose channels bench.Origin or the floor reads
// from the query.
func byQuery(channel, common string) string {
	path := "/?channel=" + channel
	if common != "" {
		path += "&channel=" + common
	}
	return path
}
