package hold

import (
	"math"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What a whole node sets on the connections that it holds is proved by
// cmd/holdfast.
func TestSocketOptionsAreSet(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	others := SocketOptions{Nagle: true, Probes: true, UserTimeout: time.Minute}
	tests := []struct {
		name                            string
		options                         SocketOptions
		own                             bool // keep-alives
		noDelay, probes, timeout, lowat int
	}{
		{"the defaults", DefaultSocketOptions(), true, 1, 0, 21_000, 16 << 10},
		{"without keep-alives of ours the system's stay on", DefaultSocketOptions(), false, 1, 1, 21_000, 16 << 10},
		{"everything else", others, true, 0, 1, 60_000, 0},
		{"a user timeout below the write timeout counts for nothing", SocketOptions{UserTimeout: time.Second}, true, 1, 0, 21_000, 0},
		{"a user timeout of months is as long as one can be", SocketOptions{UserTimeout: 1200 * time.Hour}, true, 1, 0, math.MaxInt32, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			tt.options.apply(c, 20*time.Second, tt.own)
			want(t, c, "TCP_NODELAY", unix.IPPROTO_TCP, unix.TCP_NODELAY, tt.noDelay)
			want(t, c, "SO_KEEPALIVE", unix.SOL_SOCKET, unix.SO_KEEPALIVE, tt.probes)
			want(t, c, "TCP_USER_TIMEOUT", unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, tt.timeout)
			want(t, c, "TCP_NOTSENT_LOWAT", unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, tt.lowat)
			if tt.options.SendBuffer > 0 { // which the kernel doubles
				want(t, c, "SO_SNDBUF", unix.SOL_SOCKET, unix.SO_SNDBUF, 2*tt.options.SendBuffer)
			}
		})
	}
}

// want reads an option back.
func want(t *testing.T, c net.Conn, name string, level, option, want int) {
	t.Helper()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) {
		if got, err := unix.GetsockoptInt(int(fd), level, option); got != want || err != nil {
			t.Errorf("%s is %d (%v), want %d", name, got, err, want)
		}
	})
}
