package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
	"testing"
)

// socketValues is what the system says of a socket. It doubles a send buffer.
type socketValues struct{ sendBuffer, notSent, noDelay, userTimeout, probes int }

func TestHeldSocketsAreAsConfigured(t *testing.T) {
	tests := []struct {
		name, file string
		want       socketValues
	}{
		{"by default", "hold: {engine: %s}", socketValues{128 << 10, 16 << 10, 1, 21_000, 0}},
		{"set otherwise",
			"hold: {engine: %s, sockets: {send_buffer: 32KiB, not_sent: 8KiB, no_delay: false, user_timeout: 90s, probes: true}}",
			socketValues{64 << 10, 8 << 10, 0, 90_000, 1}},
	}
	for _, engine := range []string{"auto", "goroutines"} {
		for _, tt := range tests {
			t.Run(engine+", "+tt.name, func(t *testing.T) {
				s := startServer(t, fmt.Sprintf(tt.file, engine)+"\norigin: "+startOrigin(t, holding()))
				client, err := net.Dial("tcp", s.address)
				if err != nil {
					t.Fatal(err)
				}
				defer client.Close()
				fmt.Fprint(client, "GET /stream?channel=a HTTP/1.1\r\nHost: a\r\n\r\n")
				s.holds(1)
				if got := valuesOf(t, descriptorTo(t, client.LocalAddr())); got != tt.want {
					t.Errorf("got %+v, want %+v", got, tt.want)
				}
			})
		}
	}
}

// descriptorTo returns this process's socket that is connected to a client's.
func descriptorTo(t *testing.T, client net.Addr) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		fd, err := strconv.Atoi(entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		peer, err := syscall.Getpeername(fd)
		if in, ok := peer.(*syscall.SockaddrInet4); ok && err == nil && in.Port == client.(*net.TCPAddr).Port {
			return fd
		}
	}
	t.Fatalf("no socket is connected to %v", client)
	return 0
}

func valuesOf(t *testing.T, fd int) socketValues {
	t.Helper()
	const tcpUserTimeout, tcpNotSentLowat = 18, 25 // package syscall lacks them
	get := func(level, option int) int {
		value, err := syscall.GetsockoptInt(fd, level, option)
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	return socketValues{
		sendBuffer:  get(syscall.SOL_SOCKET, syscall.SO_SNDBUF),
		notSent:     get(syscall.IPPROTO_TCP, tcpNotSentLowat),
		noDelay:     get(syscall.IPPROTO_TCP, syscall.TCP_NODELAY),
		userTimeout: get(syscall.IPPROTO_TCP, tcpUserTimeout),
		probes:      get(syscall.SOL_SOCKET, syscall.SO_KEEPALIVE),
	}
}
