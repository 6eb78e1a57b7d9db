package proxy

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestAnswerPassesThrough(t *testing.T) {
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Set-Cookie"] = []string{"a=1", "b=2"}
		w.Header().Set("Content-Type", "text/x")
		w.WriteHeader(http.StatusTeapot)
		io.WriteString(w, r.Method+" "+r.Host+r.RequestURI)
	})
	f := newFront(t, to(origin.URL))
	resp, body := get(t, client(t), f.url+"/a?b=1")
	if resp.StatusCode != http.StatusTeapot || body != "GET "+f.addr+"/a?b=1" {
		t.Errorf("got %s %q", resp.Status, body)
	}
	if got := resp.Header["Set-Cookie"]; len(got) != 2 || got[0] != "a=1" {
		t.Errorf("cookies %q", got)
	}
}

func TestBodiesStreamBothWays(t *testing.T) {
	heads := map[string]string{
		"chunked":        "Transfer-Encoding: chunked\r\n",
		"content length": "Content-Length: 6\r\n",
	}
	for name, framing := range heads {
		t.Run(name, func(t *testing.T) {
			origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
				rc := http.NewResponseController(w)
				rc.EnableFullDuplex()
				w.WriteHeader(http.StatusOK)
				rc.Flush()
				buf := make([]byte, 10)
				for {
					n, err := r.Body.Read(buf)
					w.Write(buf[:n])
					rc.Flush()
					if err != nil {
						return
					}
				}
			})
			f := newFront(t, to(origin.URL))
			c := dialWire(t, f.addr)
			chunk := func(s string) string { return s }
			if name == "chunked" {
				chunk = func(s string) string { return "3\r\n" + s + "\r\n" }
			}
			c.send("POST / HTTP/1.1\r\nHost: x\r\n" + framing + "\r\n")
			c.head() // before any byte of the body
			for _, part := range []string{"abc", "def"} {
				c.send(chunk(part))
				c.want("3\r\n" + part + "\r\n")
			}
			if name == "chunked" {
				c.send("0\r\n\r\n")
			}
			c.want("0\r\n\r\n")
		})
	}
}

func TestTrailersPassBothWaysWithoutGrip(t *testing.T) {
	got := make(chan http.Header, 1)
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum, Grip-Told")
		io.Copy(w, r.Body)
		got <- r.Trailer
		w.Header().Set("X-Sum", "42")
		w.Header().Set("Grip-Told", "1")
		w.Header().Set(http.TrailerPrefix+"X-Late", "yes")
		w.Header().Set(http.TrailerPrefix+"Grip-Hold", "stream")
	})
	f := newFront(t, to(origin.URL))
	c := dialWire(t, f.addr)
	c.send("POST / HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\nTrailer: X-In, Grip-Sig\r\n\r\n" +
		"2\r\nhi\r\n0\r\nX-In: 1\r\nX-In: 2\r\nGrip-Sig: forged\r\n\r\n")
	head := c.head()
	if strings.Contains(head, "Grip") {
		t.Errorf("head tells of GRIP:\n%s", head)
	}
	body, err := c.rest()
	if err != nil || strings.Contains(body, "Grip") || !strings.Contains(body, "X-Sum: 42\r\n") || !strings.Contains(body, "X-Late: yes\r\n") {
		t.Errorf("body and trailer %q, %v", body, err)
	}
	trailer := within(t, got, "origin reads")
	if len(trailer) != 1 || strings.Join(trailer["X-In"], ",") != "1,2" {
		t.Errorf("origin got trailer %v", trailer)
	}
}

func TestUnannouncedRequestTrailerPasses(t *testing.T) {
	got := make(chan string, 1)
	origin := rawOrigin(t, func(c net.Conn, r *bufio.Reader) {
		readHead(r)
		b := make([]byte, len("2\r\nhi\r\n0\r\nX-In: 1\r\n\r\n"))
		io.ReadFull(r, b)
		got <- string(b)
		io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
	})
	f := newFront(t, to(origin))
	c := dialWire(t, f.addr)
	c.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-In: 1\r\n\r\n")
	c.head()
	if b := within(t, got, "origin reads"); !strings.HasSuffix(b, "0\r\nX-In: 1\r\n\r\n") {
		t.Errorf("origin read %q", b)
	}
}
