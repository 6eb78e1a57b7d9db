package bench

import (
	"net"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestQueuesAreThoseOfThePort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var servers []net.Conn
	for range 3 {
		client, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		server, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		servers = append(servers, server)
	}
	queued := fill(t, servers[1])
	target := "http://" + l.Addr().String() + "/?channel={i}"
	got, err := queuesOf(target, 3)
	if err != nil || got.Longest == 0 || got.Longest > queued || got.Median != 0 || got.Memory < got.Longest {
		t.Errorf("%+v, %v; %d bytes were written", got, err, queued)
	}
	if got, err := queuesOf(strings.Replace(target, "127.0.0.1", "10.1.2.3", 1), 1); got != nil || err != nil {
		t.Errorf("another machine's queues: %+v, %v", got, err)
	}
}

// fill writes to a connection until it takes no more, and returns how much that
// is.
func fill(t *testing.T, conn net.Conn) (n int64) {
	t.Helper()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 64<<10)
	err = raw.Control(func(fd uintptr) {
		for {
			wrote, err := unix.Write(int(fd), data)
			if err != nil {
				return
			}
			n += int64(wrote)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
