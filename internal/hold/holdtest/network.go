package holdtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"
)

// network is where a server listens and clients dial.
type network interface {
	listener() net.Listener
	dial() (net.Conn, error)
}

// loopback is TCP on this machine.
type loopback struct{ net.Listener }

func listenLoopback(t *testing.T) network {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return loopback{l}
}

func (n loopback) listener() net.Listener { return n.Listener }

func (n loopback) dial() (net.Conn, error) { return net.Dial("tcp", n.Addr().String()) }

// memory is a network of pipes, which work in a synctest bubble. They have no
// buffers: a write waits for its reader.
type memory struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func listenMemory(*testing.T) network {
	return &memory{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (n *memory) listener() net.Listener { return n }

func (n *memory) dial() (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case n.conns <- server:
		return client, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

// Accept implements net.Listener.
func (n *memory) Accept() (net.Conn, error) {
	select {
	case c := <-n.conns:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (n *memory) Close() error {
	n.once.Do(func() { close(n.closed) })
	return nil
}

// Addr implements net.Listener.
func (n *memory) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "pipe"} }

// certificate is the server's, made once.
var certificate = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "holdtest"},
		NotAfter:     time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})
