package embedded

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"
)

// startPoll is how often a starting server is asked whether it is there.
const startPoll = 2 * time.Millisecond

// Server is a running NATS server. Its methods may be called from any goroutine.
type Server struct {
	// Fixed after Start.
	server *server.Server
	access access
	store  *store
	peers  *peers // nil: no cluster
	log    *zap.Logger
	synced bool // Options.SyncAlways

	ended func() // Shutdown, once

	// Set by watch, read by any goroutine.
	settled atomic.Bool // the node has caught up since there was a leader

	suspect atomic.Bool // see Suspect
}

// Start runs a server until Shutdown. It returns when the server takes
// connections; alone it then has JetStream, but a cluster may still be waiting for
// its peers, see NotReady. Until then ctx can end it. The error says what is wrong
// and what can be done about it: with an address, with the store directory, with a
// file.
func Start(ctx context.Context, o Options, log *zap.Logger) (*Server, error) {
	s, err := start(ctx, o, log)
	if err != nil {
		return nil, fmt.Errorf("embedded NATS: %w", err)
	}
	return s, nil
}

func start(ctx context.Context, o Options, log *zap.Logger) (*Server, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	dir, err := openStore(o.StoreDir)
	if err != nil {
		return nil, err
	}
	s := &Server{store: dir, access: newAccess(&o), log: log}
	if err := s.run(ctx, &o); err != nil {
		return nil, errors.Join(err, dir.close())
	}
	return s, nil
}

// run starts the server in the directory, which is locked.
func (s *Server) run(ctx context.Context, o *Options) error {
	name, err := s.store.name(o.ServerName)
	if err != nil {
		return err
	}
	if err := s.examine(o); err != nil {
		return fmt.Errorf("store directory: %w", err)
	}
	others, err := o.others(ctx)
	if err != nil {
		return err
	}
	settings, err := o.settings(name, s.access, others)
	if err != nil {
		return err
	}
	if err := o.reserve(); err != nil {
		return err
	}
	if s.server, err = server.NewServer(settings); err != nil {
		return err
	}
	if err := s.launch(ctx); err != nil {
		return err
	}
	s.log.Info("embedded NATS server started", zap.String("name", name), zap.String("store", s.store.dir), zap.Strings("peers", others))
	s.join(others, settings.Cluster.TLSConfig, o.peerInterval)
	return nil
}

// others are the peers that are not this server, none without a cluster.
func (o *Options) others(ctx context.Context) ([]string, error) {
	if o.Cluster.Name == "" {
		return nil, nil
	}
	m, err := thisMachine()
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	return o.Cluster.others(ctx, m)
}

// reserve finds out whether the addresses are free, because the server says so
// only in passing.
func (o *Options) reserve() error {
	for what, address := range map[string]string{"client": o.Listen, "cluster": o.Cluster.Listen} {
		if address == "" {
			continue
		}
		l, err := net.Listen("tcp", address)
		if err != nil {
			return fmt.Errorf("%s address: %w; stop who has it, or name another", what, err)
		}
		l.Close()
	}
	return nil
}

// launch starts the server and waits until it takes connections. When it returns
// an error, nothing runs.
func (s *Server) launch(ctx context.Context) error {
	heard := newLogger(s.log)
	s.server.SetLoggerV2(heard, false, false, false)
	s.server.Start()
	err := s.launched(ctx, heard.fatal)
	if err != nil {
		s.server.Shutdown()
		s.server.WaitForShutdown()
	}
	return err
}

func (s *Server) launched(ctx context.Context, fatal <-chan string) error {
	tick := time.NewTicker(startPoll)
	defer tick.Stop()
	for {
		select {
		case text := <-fatal:
			return errors.New(text)
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			if s.server.ReadyForConnections(time.Microsecond) {
				return nil
			}
		}
	}
}

// join begins to look after the others, and lets Shutdown end it all.
func (s *Server) join(others []string, routes *tls.Config, interval time.Duration) {
	ctx, stop := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	if len(others) > 0 {
		s.peers = &peers{
			self: s.Name(), addresses: others, probe: probe{routes}, linked: s.linked, log: s.log, seen: map[string]*peer{},
		}
		watching.Go(func() { s.watch(ctx, interval) })
	}
	s.ended = sync.OnceFunc(func() {
		stop()
		watching.Wait()
		s.end()
	})
}

// Shutdown ends the server, all connections to it and what it listens on, and
// gives the store directory up. It returns when all has ended, which takes a
// moment; the leader of a cluster hands over first. Calling it again does nothing.
func (s *Server) Shutdown() { s.ended() }

func (s *Server) end() {
	s.server.Shutdown()
	s.server.WaitForShutdown()
	if !s.suspect.Load() {
		if err := s.store.clearMark(); err != nil {
			s.log.Warn("store directory not left in order", zap.Error(err))
		}
	}
	if err := s.store.close(); err != nil {
		s.log.Warn("store directory not unlocked", zap.Error(err))
	}
}

// Name is what the server is called among its peers.
func (s *Server) Name() string { return s.server.Name() }

// URL is where other clients connect, if Options.Listen opened a port.
func (s *Server) URL() string { return s.server.ClientURL() }
