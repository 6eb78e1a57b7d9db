package engine

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"reflect"
	"syscall"
	"time"
)

// tryTLS finds out whether crypto/tls does what loops rely on and nobody has
// promised: that a Read which was told EAGAIN may be repeated, in the middle of
// a record too, that a Write is done when it returns, and that empty buffers
// may be dropped. It takes some milliseconds. If not, the error says what is
// different, and streams over TLS must be held otherwise.
func tryTLS() (*tlsBuffers, error) {
	buffers, err := findTLSBuffers(reflect.TypeFor[tls.Conn]())
	if err != nil {
		return nil, err
	}
	certificate, err := trialCertificate()
	if err != nil {
		return nil, err
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		if err := buffers.try(certificate, version); err != nil {
			return nil, fmt.Errorf("%s: %w", tls.VersionName(version), err)
		}
	}
	return &buffers, nil
}

// try has two ends talk in memory.
func (b *tlsBuffers) try(certificate tls.Certificate, version uint16) error {
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	below, beyond := &trialConn{Conn: ours}, &trialConn{Conn: theirs}
	// A ticket would be written when nobody reads any more.
	server := tls.Server(below, &tls.Config{Certificates: []tls.Certificate{certificate},
		MinVersion: version, MaxVersion: version, SessionTicketsDisabled: true})
	client := tls.Client(beyond, &tls.Config{InsecureSkipVerify: true}) // it is us
	greeted := make(chan error)
	go func() { greeted <- greet(client, theirs) }()
	if err := errors.Join(greet(server, ours), <-greeted); err != nil {
		return err
	}
	var up, down bytes.Buffer
	below.in, below.out, beyond.in, beyond.out = &up, &down, &down, &up
	for range 2 {
		b.drop(server)
		if err := errors.Join(passes(client, server, "to us"), passes(server, client, "to them")); err != nil {
			return err
		}
	}
	if err := client.CloseWrite(); err != nil {
		return err
	}
	if _, err := readAgain(server, make([]byte, 1)); err != io.EOF {
		return fmt.Errorf("%v instead of the end", err)
	}
	return nil
}

// greet shakes hands, or lets the other end not wait for it.
func greet(c *tls.Conn, below net.Conn) error {
	err := c.Handshake()
	if err != nil {
		below.Close()
	}
	return err
}

// passes checks that what one end writes the other can read.
func passes(from, to *tls.Conn, text string) error {
	if _, err := from.Write([]byte(text)); err != nil {
		return err
	}
	got := make([]byte, len(text)+1)
	n, err := readAgain(to, got)
	if err == nil && string(got[:n]) != text {
		err = fmt.Errorf("read %q, want %q", got[:n], text)
	}
	return err
}

// readAgain reads until that has a result.
func readAgain(c *tls.Conn, p []byte) (n int, err error) {
	for range 1000 {
		if n, err = c.Read(p); err != syscall.EAGAIN {
			return n, err
		}
	}
	return 0, err
}

// trialConn is a pipe that becomes two buffers, of which every other Read gets
// a byte.
type trialConn struct {
	net.Conn
	in, out *bytes.Buffer // nil: the pipe
	wait    bool
}

// Read implements net.Conn.
func (c *trialConn) Read(p []byte) (int, error) {
	if c.in == nil {
		return c.Conn.Read(p)
	}
	if c.wait = !c.wait; c.wait || c.in.Len() == 0 {
		return 0, syscall.EAGAIN
	}
	return c.in.Read(p[:1])
}

// Write implements net.Conn.
func (c *trialConn) Write(p []byte) (int, error) {
	if c.out == nil {
		return c.Conn.Write(p)
	}
	return c.out.Write(p)
}

func trialCertificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
