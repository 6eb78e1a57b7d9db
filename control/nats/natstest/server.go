package natstest

import (
	"net"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// patience bounds what must happen, so that a failure is not a hang.
const patience = 30 * time.Second

// Server is a core NATS server on a port of its own. Its methods are the test
// goroutine's.
type Server struct {
	t       testing.TB
	options server.Options
	running *server.Server

	// URL is where it listens, also after Restart.
	URL string
}

// Start runs a server with the options that the edits leave until t ends.
func Start(t testing.TB, edits ...func(*server.Options)) *Server {
	t.Helper()
	s := &Server{t: t, options: server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true}}
	s.start(edits)
	t.Cleanup(func() {
		s.rest()
		s.Stop()
	})
	return s
}

// rest returns when the server has done what clients, who have left, have asked
// JetStream for: it leaves behind what it makes while it ends.
func (s *Server) rest() {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if !s.running.JetStreamEnabled() {
			return
		}
		jetstream, err := s.running.Jsz(nil)
		if err != nil || s.running.NumClients() == 0 && jetstream.API.Inflight == 0 {
			return
		}
	}
}

// start runs the server with the options as they are then. The port stays.
func (s *Server) start(edits []func(*server.Options)) {
	s.t.Helper()
	for _, edit := range edits {
		edit(&s.options)
	}
	options := s.options
	running, err := server.NewServer(&options)
	if err != nil {
		s.t.Fatal(err)
	}
	running.Start()
	if !running.ReadyForConnections(patience) {
		s.t.Fatal("the NATS server does not start")
	}
	s.running, s.URL, s.options.Port = running, running.ClientURL(), running.Addr().(*net.TCPAddr).Port
}

// Stop ends the server and all its connections.
func (s *Server) Stop() {
	s.running.Shutdown()
	s.running.WaitForShutdown()
}

// DisableJetStream is what a server does to itself when it cannot write.
func (s *Server) DisableJetStream() {
	s.t.Helper()
	if err := s.running.DisableJetStream(); err != nil {
		s.t.Fatal(err)
	}
}

// Restart runs a stopped server again, on its port and with the options that the
// edits leave.
func (s *Server) Restart(edits ...func(*server.Options)) {
	s.t.Helper()
	s.start(edits)
}

// Connect returns a client's connection, which ends with the test.
func (s *Server) Connect(options ...nats.Option) *nats.Conn {
	s.t.Helper()
	closed := make(chan struct{})
	nc, err := nats.Connect(s.URL, append(options, nats.ClosedHandler(func(*nats.Conn) { close(closed) }))...)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		nc.Close()
		<-closed
	})
	return nc
}

// Accepted is how many connections the server has had since it was started,
// those that it refused among them.
func (s *Server) Accepted() uint64 {
	s.t.Helper()
	status, err := s.running.Varz(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return status.TotalConnections
}
