package bench

import (
	"io"
	"net"
	"testing"
	"time"
)

// The kernel begins to keep times a moment after it is asked to, so the first
// ones may be missing.
func TestAnEventIsThereWhenTheKernelHasIt(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	reader, err := stampArrivals(conn)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	const unread = 5 * time.Millisecond
	buf := make([]byte, 10)
	for range 200 {
		server.Write([]byte("hello"))
		time.Sleep(unread)
		n, err := reader.Read(buf)
		if err != nil || string(buf[:n]) != "hello" {
			t.Fatalf("%q, %v", buf[:n], err)
		}
		if reader.ago > 0 {
			break
		}
	}
	if reader.ago < unread {
		t.Errorf("read %v after it came, although nobody read for %v", reader.ago, unread)
	}
	server.Close()
	if n, err := reader.Read(buf); n != 0 || err != io.EOF {
		t.Errorf("at the end: %d, %v", n, err)
	}
}
