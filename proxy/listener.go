package proxy

import (
	"errors"
	"net"
	"slices"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// enduring is a listener that counts and logs what goes wrong with accepting,
// and lets http.Server go on after what passes: that waits between attempts,
// 5 ms at first and 1 s at most, and clients wait in the system's queue
// meanwhile. Its Accept has one caller at a time.
type enduring struct {
	net.Listener
	counts map[acceptTrouble]prometheus.Counter
	quiet  *rate.Sometimes
	log    *zap.Logger
}

// acceptTrouble says why no connection could be accepted. It is a metric label.
type acceptTrouble string

const (
	noDescriptors acceptTrouble = "descriptors" // as many files are open as may be
	noMemory      acceptTrouble = "memory"      // the system has none left for sockets
	lostPeer      acceptTrouble = "connection"  // something was wrong with the connection
)

func acceptTroubles() []acceptTrouble { return []acceptTrouble{noDescriptors, noMemory, lostPeer} }

// acceptError is an error of Accept after which accepting goes on. It is a
// net.Error.
type acceptError struct{ error }

func (e acceptError) Unwrap() error { return e.error }

// Timeout implements net.Error.
func (acceptError) Timeout() bool { return false }

// Temporary makes http.Server try again.
func (acceptError) Temporary() bool { return true }

// endure wraps l. m and log are those of ServerOptions.
func endure(l net.Listener, m *Metrics, log *zap.Logger) *enduring {
	return &enduring{Listener: l, counts: m.accepting(), quiet: &rate.Sometimes{Interval: logInterval}, log: log}
}

// Accept implements net.Listener.
func (l *enduring) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		hold.BoundUnsent(c)
		return c, nil
	}
	trouble, passes := troubleOf(err)
	if !passes {
		return nil, err
	}
	l.note(trouble, err)
	return nil, acceptError{err}
}

func (l *enduring) note(trouble acceptTrouble, err error) {
	l.counts[trouble].Inc()
	l.quiet.Do(func() {
		fields := []zap.Field{zap.String("reason", string(trouble)), zap.Error(err)}
		if trouble == noDescriptors {
			fields = append(fields, zap.String("remedy", "raise the limit on open files (LimitNOFILE, ulimit -n), or set max_streams lower"))
		}
		message := "new connections have to wait"
		if trouble == lostPeer {
			message = "a connection was lost before it was accepted"
		}
		l.log.Warn(message, fields...)
	})
}

// troubleOf sorts an error of Accept, and reports whether it passes.
func troubleOf(err error) (trouble acceptTrouble, passes bool) {
	var code syscall.Errno
	if !errors.As(err, &code) {
		return "", false
	}
	switch {
	case code == syscall.EMFILE, code == syscall.ENFILE:
		return noDescriptors, true
	case code == syscall.ENOBUFS, code == syscall.ENOMEM:
		return noMemory, true
	case slices.Contains(ofThePeer(), code):
		return lostPeer, true
	}
	return "", false
}

// ofThePeer lists what Linux reports of a connection that broke before it was
// accepted, or that a firewall forbids (accept(2)).
func ofThePeer() []syscall.Errno {
	return []syscall.Errno{
		syscall.ECONNABORTED, syscall.ECONNRESET, syscall.EPERM, syscall.EPROTO, syscall.ENOPROTOOPT, syscall.EOPNOTSUPP,
		syscall.ENETDOWN, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.EHOSTUNREACH, syscall.ETIMEDOUT,
	}
}
