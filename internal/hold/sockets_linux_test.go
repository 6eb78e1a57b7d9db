package hold

import (
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestSocketOptionsAreSet(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	DefaultSocketOptions().apply(c, 20*time.Second, true)
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for _, option := range []struct {
		name             string
		level, opt, want int
	}{
		{"SO_SNDBUF (which the kernel doubles)", unix.SOL_SOCKET, unix.SO_SNDBUF, 128 << 10},
		{"TCP_NOTSENT_LOWAT", unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, 16 << 10},
		{"SO_KEEPALIVE", unix.SOL_SOCKET, unix.SO_KEEPALIVE, 0},
		{"TCP_USER_TIMEOUT", unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 21_000},
	} {
		raw.Control(func(fd uintptr) {
			if got, err := unix.GetsockoptInt(int(fd), option.level, option.opt); got != option.want || err != nil {
				t.Errorf("%s is %d (%v), want %d", option.name, got, err, option.want)
			}
		})
	}
}
