package zmq

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zeromq/zmq4"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/holdfast-proxy/holdfast/control/intake"
)

const (
	logInterval = time.Minute // how often the same kind of trouble may be logged
	// maxConnections bounds the publishers of all sockets.
	maxConnections = 1024
	// acceptPause is how long nobody is let in after a listener has failed, for
	// want of descriptors say.
	acceptPause = 100 * time.Millisecond
)

// Options are a Source's parts. All are required.
type Options struct {
	// Pull and Sub are endpoints to listen on: tcp://HOST:PORT or ipc://PATH. Any
	// may be empty.
	Pull, Sub []string
	// Pushed takes what comes to Pull, where a publisher sends each item to one
	// node; Published what comes to Sub, where it sends each to all of them.
	Pushed, Published *intake.Intake
	// MaxMessage bounds a message, in bytes. It is held in memory.
	MaxMessage int64
	// Metrics counts.
	Metrics *Metrics
	// Log gets what is wrong with messages and connections, each kind at most
	// once a minute.
	Log *zap.Logger
}

// Source publishes what comes over ZeroMQ. Make it with New, and call Run once.
type Source struct {
	// Fixed after New.
	opts    Options
	sockets []*socket

	quiet  quiet
	ending atomic.Bool

	mu    sync.Mutex // not held while anything is closed or read
	conns map[net.Conn]struct{}
}

// quiet holds back what others can make us log, each kind for itself. Its fields
// guard themselves.
type quiet struct{ refused, failed, broken, deaf rate.Sometimes }

// socket is one endpoint.
type socket struct {
	net.Listener
	kind     kind
	intake   *intake.Intake
	limit    uint64 // of a message, in bytes
	counters *counters
}

// frames is how many a message to the socket has.
func (on *socket) frames() int {
	if on.kind == sub {
		return 2 // the channel is the first
	}
	return 1
}

func (on *socket) typ() zmq4.SocketType {
	if on.kind == sub {
		return zmq4.Sub
	}
	return zmq4.Pull
}

// New opens the endpoints. Nobody is served before Run. The error names the
// setting and the endpoint that could not be opened.
func New(o Options) (*Source, error) {
	s := &Source{opts: o, conns: map[net.Conn]struct{}{}, quiet: quiet{sometimes(), sometimes(), sometimes(), sometimes()}}
	err := errors.Join(s.open(pull, o.Pull, o.Pushed), s.open(sub, o.Sub, o.Published))
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func sometimes() rate.Sometimes { return rate.Sometimes{Interval: logInterval} }

func (s *Source) open(k kind, endpoints []string, in *intake.Intake) error {
	for _, endpoint := range endpoints {
		l, err := listen(endpoint)
		if err != nil {
			return fmt.Errorf("zmq.%s: %s: %w", k, endpoint, err)
		}
		s.sockets = append(s.sockets, &socket{l, k, in, uint64(s.opts.MaxMessage), s.opts.Metrics.of[k]})
	}
	return nil
}

// Addrs returns the addresses of the endpoints, those of Pull first.
func (s *Source) Addrs() []net.Addr {
	var all []net.Addr
	for _, on := range s.sockets {
		all = append(all, on.Addr())
	}
	return all
}

// Close closes the endpoints of a source that is not running.
func (s *Source) Close() {
	for _, on := range s.sockets {
		_ = on.Listener.Close() // nobody is told
	}
}

// Run publishes what comes until ctx ends, and what is being published then. It
// always returns nil.
func (s *Source) Run(ctx context.Context) error {
	var working sync.WaitGroup
	for _, on := range s.sockets {
		working.Go(func() { s.accept(ctx, on, &working) })
	}
	<-ctx.Done()
	s.ending.Store(true)
	s.Close()
	s.interrupt()
	working.Wait()
	return nil
}

// accept lets publishers in until ctx ends.
func (s *Source) accept(ctx context.Context, on *socket, working *sync.WaitGroup) {
	for ctx.Err() == nil {
		c, err := on.Accept()
		if err != nil {
			s.deaf(on, err)
			select {
			case <-ctx.Done():
			case <-time.After(acceptPause):
			}
			continue
		}
		if !s.enter(c) {
			s.broken(on, c, fmt.Errorf("more than %d connections", maxConnections))
			c.Close()
			continue
		}
		working.Go(func() {
			defer s.leave(c)
			s.serve(on, c)
		})
	}
}

// deaf logs that nobody can connect, unless nobody should.
func (s *Source) deaf(on *socket, err error) {
	if s.ending.Load() {
		return
	}
	s.quiet.deaf.Do(func() {
		s.opts.Log.Error("publishers cannot connect", zap.String("socket", string(on.kind)), zap.Error(err))
	})
}

// enter admits a connection, or reports false if there are too many, or the source
// is ending.
func (s *Source) enter(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending.Load() || len(s.conns) >= maxConnections {
		return false
	}
	s.conns[c] = struct{}{}
	return true
}

func (s *Source) leave(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// interrupt has every connection end when its message is published, also one whose
// peer does not read the answers to its pings.
func (s *Source) interrupt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.SetDeadline(time.Unix(1, 0))
	}
}
