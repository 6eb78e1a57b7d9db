package proxy

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
)

const switched = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"

// What a client sends before it is told that its connection has become a tunnel goes
// through it first.
func TestATunnelBeginsWithWhatIsThereAlready(t *testing.T) {
	got := make(chan string, 1)
	origin := rawOrigin(t, func(c net.Conn, r *bufio.Reader) {
		readHead(r)
		io.WriteString(c, switched+"hello")
		c.(*net.TCPConn).CloseWrite()
		b, _ := io.ReadAll(r)
		got <- string(b)
	})
	f := newFront(t, to(origin))
	c := dialWire(t, f.addr)
	early := strings.Repeat("early", 500)
	c.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n" + early)
	c.head()
	if s, err := c.rest(); s != "hello" || err != nil {
		t.Errorf("the client read %q, %v", s, err)
	}
	c.send("later") // the other direction has ended, and this one has not
	c.Conn.(*net.TCPConn).CloseWrite()
	if s := within(t, got, "the origin reads"); s != early+"later" {
		t.Errorf("the origin read %d bytes, that end with %q", len(s), s[max(0, len(s)-20):])
	}
}

// RFC 9110 §7.8: a server must ignore it there.
func TestHTTP10HasNoUpgrade(t *testing.T) {
	origin := rawOrigin(t, func(c net.Conn, r *bufio.Reader) {
		if head := readHead(r); strings.Contains(head, "pgrade") {
			t.Errorf("the origin reads %q", head)
		}
		io.WriteString(c, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
	})
	for name, prefer := range map[string]Protocol{"any": ProtocolAny, "http": ProtocolHTTP} {
		t.Run(name, func(t *testing.T) {
			f := newFront(t, func(o *Options) {
				o.Routes = []Route{routeTo(origin), routeTo("http://" + unusedAddr)}
				o.Routes[0].Protocol, o.Routes[1].Protocol = prefer, ProtocolWebSocket
			})
			c := dialWire(t, f.addr)
			c.send("GET / HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
			if head := c.head(); !strings.Contains(head, " 204 ") {
				t.Errorf("the client reads %q", head)
			}
		})
	}
}

// What follows would be the rest of the body, and is not for the tunnel.
func TestNoTunnelOpensBeforeTheEndOfTheRequest(t *testing.T) {
	ended := make(chan string, 1)
	origin := rawOrigin(t, func(c net.Conn, r *bufio.Reader) {
		readHead(r)
		io.WriteString(c, switched)
		b, _ := io.ReadAll(r)
		ended <- string(b)
	})
	f := newFront(t, to(origin))
	c := dialWire(t, f.addr)
	c.send("POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\nContent-Length: 10\r\n\r\n12345")
	if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 502 ") {
		t.Errorf("the client reads %q", head)
	}
	if s := within(t, ended, "the origin's connection ends"); s != "12345" && s != "" {
		t.Errorf("the origin reads %q", s)
	}
}
