package bench

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
)

func TestAFailureSaysWhichServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	_, refused := dialer{source: "127.0.0.2"}.open(context.Background(), "http://"+l.Addr().String())
	for want, err := range map[string]error{
		"dial " + l.Addr().String() + ": connect: connection refused": refused,
		"read: broken":        &net.OpError{Op: "read", Source: l.Addr(), Addr: l.Addr(), Err: errors.New("broken")},
		"ended by the server": io.EOF,
		"something else":      errors.New("something else"),
	} {
		if got := reason(err); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
