package stream_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	client "github.com/nats-io/nats.go"
)

// sieve is a way to a server on which messages to the client can be lost or
// changed.
type sieve struct {
	to  client.InProcessConnProvider
	way client.Option

	mu    sync.Mutex
	edit  func(subject string, message []byte) []byte // nil loses it
	shut  bool                                        // nobody gets through
	conns []net.Conn
}

func newSieve(t testing.TB, way client.Option) *sieve {
	t.Helper()
	var o client.Options
	if err := way(&o); err != nil {
		t.Fatal(err)
	}
	s := &sieve{to: o.InProcessServer}
	s.way = func(o *client.Options) error {
		err := way(o)
		o.InProcessServer = s
		return err
	}
	return s
}

// edits has f look at every message from now on. It is told the subject, and the
// message with its headers; what it returns must be as long.
func (s *sieve) edits(f func(subject string, message []byte) []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.edit = f
}

// loses has the next message to a subject lost, and returns what tells whether it
// was.
func (s *sieve) loses(subject string) (lost func() bool) {
	done := make(chan struct{})
	s.edits(func(to string, message []byte) []byte {
		if to != subject {
			return message
		}
		s.edit = nil // f is called with s.mu held
		close(done)
		return nil
	})
	return func() bool {
		select {
		case <-done:
			return true
		default:
			return false
		}
	}
}

// close cuts all connections, and lets nobody through until open.
func (s *sieve) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut = true
	for _, c := range s.conns {
		c.Close()
	}
}

func (s *sieve) open() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut = false
}

// InProcessConn is for client.InProcessConnProvider.
func (s *sieve) InProcessConn() (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut {
		return nil, errors.New("the sieve is closed")
	}
	server, err := s.to.InProcessConn()
	if err != nil {
		return nil, err
	}
	ours, theirs := net.Pipe()
	s.conns = append(s.conns, server)
	go func() {
		io.Copy(server, ours)
		server.Close()
	}()
	go func() {
		s.pass(ours, bufio.NewReader(server))
		ours.Close()
	}()
	return theirs, nil
}

// pass forwards the server's protocol.
func (s *sieve) pass(to io.Writer, from *bufio.Reader) {
	for {
		line, err := from.ReadString('\n')
		if err != nil {
			return
		}
		out := []byte(line)
		if fields := strings.Fields(line); fields[0] == "MSG" || fields[0] == "HMSG" {
			size, _ := strconv.Atoi(fields[len(fields)-1])
			message := make([]byte, size+2)
			if _, err := io.ReadFull(from, message); err != nil {
				return
			}
			if message = s.edited(fields[1], message); message == nil {
				continue
			}
			out = append(out, message...)
		}
		if _, err := to.Write(out); err != nil {
			return
		}
	}
}

func (s *sieve) edited(subject string, message []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.edit == nil {
		return message
	}
	return s.edit(subject, message)
}
