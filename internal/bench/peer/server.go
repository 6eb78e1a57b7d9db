package peer

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/bench"
)

// startTimeout is how long a server has to hold a first stream.
const startTimeout = 20 * time.Second

// A Server is a peer that runs. One goroutine uses it.
type Server struct {
	peer             Peer
	conditions       Conditions
	clients, control string
	dir              string
	config           string
	cmd              *exec.Cmd
	output           bytes.Buffer // until the end
	exited           chan struct{}
}

// Start starts a server on free ports and returns when it holds streams. Stop must
// be called.
func (p Peer) Start(ctx context.Context, c Conditions) (*Server, error) {
	s, err := p.start(c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	if err := s.await(ctx); err != nil {
		s.Stop()
		return nil, fmt.Errorf("%s: %w\n%s", p.Name, err, &s.output)
	}
	return s, nil
}

func (p Peer) start(c Conditions) (*Server, error) {
	dir, err := os.MkdirTemp("", "holdfast-bench-")
	if err != nil {
		return nil, err
	}
	s := &Server{peer: p, conditions: c, dir: dir, exited: make(chan struct{})}
	if err := s.run(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

func (s *Server) run() error {
	launch, err := s.configure()
	if err != nil {
		return err
	}
	s.config = strings.NewReplacer(s.dir, "DIR", s.clients, "CLIENTS", s.control, "CONTROL", s.conditions.Origin, "ORIGIN").Replace(launch.Config)
	s.cmd = exec.Command(launch.Args[0], launch.Args[1:]...)
	s.cmd.Env = append(os.Environ(), launch.Env...)
	s.cmd.Stdout, s.cmd.Stderr = &s.output, &s.output
	s.cmd.WaitDelay = time.Second
	endWithParent(s.cmd)
	if err := startOn(s.cmd, s.conditions.Cores); err != nil {
		return err
	}
	go func() {
		defer close(s.exited)
		s.cmd.Wait() // how it ended does not matter: it is stopped by a signal
	}()
	return nil
}

// configure finds addresses and writes what the server needs into its directory.
func (s *Server) configure() (Launch, error) {
	var err error
	if s.clients, s.control, err = freePorts(); err != nil {
		return Launch{}, err
	}
	setup := Setup{Dir: s.dir, Clients: s.clients, Control: s.control, Conditions: s.conditions}
	if s.conditions.TLS {
		if setup.Certificate, err = makeCertificate(s.dir); err != nil {
			return Launch{}, err
		}
	}
	return s.peer.configure(setup)
}

// Config is what to print of the configuration: with names for the directory and
// the addresses, which differ every time.
func (s *Server) Config() string { return s.config }

// Stop ends the server with all its processes and removes its directory. They
// have nothing to save, so they are not asked.
func (s *Server) Stop() error {
	all, err := bench.Tree([]int{s.cmd.Process.Pid})
	if err != nil {
		all = []int{s.cmd.Process.Pid}
	}
	kill(all)
	<-s.exited
	return os.RemoveAll(s.dir)
}

// kill ends processes. Those that are gone do not matter.
func kill(pids []int) {
	for _, pid := range pids {
		if p, err := os.FindProcess(pid); err == nil {
			p.Kill()
			p.Release()
		}
	}
}

// await returns when the server holds a stream and takes publishers.
func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		err := errors.Join(s.probe(ctx, s.url("probe", "")), s.dial(ctx))
		if err == nil {
			return nil
		}
		select {
		case <-s.exited:
			return errors.New("it ended")
		case <-ctx.Done():
			return fmt.Errorf("not up: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// probe asks for a stream and gives it up.
func (s *Server) probe(ctx context.Context, url string) error {
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	client := &http.Client{Transport: transport, Timeout: time.Second}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "text/event-stream")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return nil
}

func (s *Server) dial(ctx context.Context) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.control)
	if err != nil {
		return err
	}
	return conn.Close()
}

// freePorts finds two addresses that nobody listens at. They are free until
// somebody takes them, which can be somebody else.
func freePorts() (a, b string, err error) {
	var addrs [2]string
	for i := range addrs {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", "", err
		}
		defer l.Close()
		addrs[i] = l.Addr().String()
	}
	return addrs[0], addrs[1], nil
}
