package proxy

import (
	"errors"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// broken is a listener without a network. It fails until it has a connection.
type broken struct {
	err   error
	conns chan net.Conn // closed by Close

	tries int // of Accept; owned by its caller
}

func (l *broken) Accept() (net.Conn, error) {
	l.tries++
	select {
	case c, ok := <-l.conns:
		if ok {
			return c, nil
		}
		return nil, net.ErrClosed
	default:
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", l.err)}
	}
}

func (l *broken) Close() error {
	close(l.conns)
	return nil
}

func (l *broken) Addr() net.Addr { return &net.TCPAddr{} }

func TestAServerOutlivesWhatPassesWhenItAccepts(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		reason string
		passes bool
	}{
		{"no descriptor of the process is left", syscall.EMFILE, "descriptors", true},
		{"none of the system", syscall.ENFILE, "descriptors", true},
		{"no memory", syscall.ENOBUFS, "memory", true},
		{"a connection that was aborted", syscall.ECONNABORTED, "connection", true},
		{"a firewall", syscall.EPERM, "connection", true},
		{"a listener that is none", syscall.EINVAL, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				reg := prometheus.NewRegistry()
				core, log := observer.New(zap.InfoLevel)
				inner := &broken{err: tt.err, conns: make(chan net.Conn, 1)}
				l := hold.Listen(endure(inner, NewMetrics(reg), zap.New(core)))
				f := &front{metrics: reg}
				server, served := serveOn(l)
				time.Sleep(time.Minute)
				if !tt.passes {
					if err := <-served; !errors.Is(err, tt.err) {
						t.Errorf("it ended with %v", err)
					}
					return
				}
				wantAnswer(t, inner)
				server.Close()
				<-served
				if inner.tries > 80 { // 5 ms apart at first, then 10, 20 and so on up to 1 s
					t.Errorf("%d tries in a minute", inner.tries)
				}
				if n := f.count(t, "holdfast_accept_errors_total", tt.reason); n < 60 {
					t.Errorf("%v errors are counted", n)
				}
				message := "new connections have to wait"
				if tt.reason == "connection" {
					message = "a connection was lost before it was accepted"
				}
				if lines := log.FilterMessage(message).All(); len(lines) != 6 && len(lines) != 7 {
					t.Errorf("logged %d times in a minute", len(lines))
				}
			})
		})
	}
}

// serveOn serves l until that ends, and yields why it did.
func serveOn(l net.Listener) (*http.Server, <-chan error) {
	served := make(chan error, 1)
	s := &http.Server{
		Handler:     http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "here") }),
		ConnContext: hold.ConnContext,
		ErrorLog:    stdlog.New(io.Discard, "", 0),
	}
	s.SetKeepAlivesEnabled(false)
	go func() { served <- s.Serve(l) }()
	return s, served
}

// wantAnswer gives inner a connection, and waits for the answer to a request on it.
func wantAnswer(t *testing.T, inner *broken) {
	t.Helper()
	client, server := net.Pipe()
	defer client.Close()
	inner.conns <- server
	go io.WriteString(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if answer, err := io.ReadAll(client); err != nil || !strings.HasSuffix(string(answer), "here") {
		t.Errorf("got %q, %v", answer, err)
	}
}
