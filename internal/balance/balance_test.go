package balance_test

import (
	"context"
	"io"
	"net"
	"testing"

	"go.uber.org/goleak"

	"github.com/holdfast-proxy/holdfast/internal/balance"
)

// Goroutines only: the library keeps the pipes by which it copies.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// says is a server that says its name to whoever connects, and then what it hears.
func says(t *testing.T, name string) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.WriteString(c, name)
				io.Copy(c, c)
			}()
		}
	}()
	return l
}

func TestConnectionsGoToTheNextServerThatAccepts(t *testing.T) {
	a, b := says(t, "a"), says(t, "b")
	front, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		balance.New([]string{a.Addr().String(), b.Addr().String()}).Serve(ctx, front)
	}()
	ask := func() (string, net.Conn) {
		c, err := net.Dial("tcp", front.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		answer := make([]byte, 1)
		if _, err := io.ReadFull(c, answer); err != nil {
			t.Fatal(err)
		}
		return string(answer), c
	}
	seen := map[string]int{}
	var held net.Conn
	for range 4 {
		name, c := ask()
		defer c.Close()
		seen[name]++
		held = c
	}
	if seen["a"] != 2 || seen["b"] != 2 {
		t.Errorf("connections went to %v", seen)
	}
	b.Close()
	for range 2 {
		name, c := ask()
		c.Close()
		if name != "a" {
			t.Errorf("a server that is gone answered")
		}
	}
	cancel()
	<-ended
	if _, err := held.Read(make([]byte, 1)); err == nil {
		t.Error("a connection has outlived the balancer")
	}
}
