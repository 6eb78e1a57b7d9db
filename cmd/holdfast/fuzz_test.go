package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A way is how bytes reach the server: where to, and what comes before and
// after them.
type way struct {
	name          string
	control       bool
	before, after string
	length        bool // before ends with a Content-Length that is to be filled in
	lingers       bool // net/http takes a second to give up such a connection
}

const streamRequest = "GET /stream?channel=c HTTP/1.1\r\nHost: h\r\nAccept: text/event-stream\r\n"

// ways are the states in which the server meets bytes of a stranger.
func ways() []way {
	const h2 = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	return []way{
		{name: "a new connection"},
		{name: "after an answer", before: "GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n"},
		{name: "in a header", before: streamRequest + "X: ", after: "\r\n\r\n"},
		{name: "as the last event id", before: streamRequest + "Last-Event-ID: ", after: "\r\n\r\n"},
		{name: "as the target", before: "GET ", after: " HTTP/1.1\r\nHost: h\r\n\r\n"},
		{name: "as a body in chunks", before: "POST /stream?channel=c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"},
		{name: "while held", before: streamRequest + "\r\n"},
		{name: "while waiting", before: "GET /poll?channel=c HTTP/1.1\r\nHost: h\r\n\r\n"},
		{name: "as HTTP/2 frames", before: h2, lingers: true},
		{name: "a new control connection", control: true},
		{name: "as a publication", control: true, length: true, before: "POST /publish/ HTTP/1.1\r\nHost: localhost\r\n"},
		{name: "as an item", control: true, length: true, before: "POST /publish/ HTTP/1.1\r\nHost: localhost\r\n"},
		{name: "as an event", control: true, length: true, before: "POST /channels/c HTTP/1.1\r\nHost: localhost\r\n"},
		{name: "as a channel", control: true, before: "GET /channels/", after: " HTTP/1.1\r\nHost: localhost\r\n\r\n"},
	}
}

// FuzzServer throws bytes at a whole server, on the listeners for clients and
// for publishers. It must not panic, must let go of every connection that its
// peer has given up, and must go on delivering to somebody who did nothing
// wrong.
func FuzzServer(f *testing.F) {
	every := ways()
	for i := range every {
		for _, seed := range fuzzSeeds() {
			f.Add(uint8(i), []byte(seed))
		}
	}
	var bad atomic.Pointer[string]
	s := startLogging(f, "origin: "+startOrigin(f, holding()), alarm(func(format string, args ...any) {
		text := fmt.Sprintf(format, args...)
		bad.CompareAndSwap(nil, &text)
	}))
	w := newWitness(f, s)
	f.Fuzz(func(t *testing.T, how uint8, bytes []byte) {
		way := every[int(how)%len(every)]
		if way.name == "as an item" {
			bytes = fmt.Appendf(nil, `{"items":[{"channel":"c","formats":%s}]}`, bytes)
		}
		if err := s.throw(way, bytes); err != nil {
			t.Fatalf("%s: %v", way.name, err)
		}
		if err := w.hears(s); err != nil {
			t.Fatalf("%s: the witness: %v", way.name, err)
		}
		if text := bad.Load(); text != nil {
			t.Fatalf("%s: %s", way.name, *text)
		}
		w.checkLeaks(t)
	})
}

func fuzzSeeds() []string {
	return []string{
		"", "\x00", "\r\n\r\n", "x y z\r\n\r\n",
		"GET /stream?channel=c HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET /stream?channel=c HTTP/1.0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
		"POST /poll?channel=c&channel=d HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST /raw HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
		"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
		"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n",
		"5\r\nhello\r\n0\r\nGrip-Hold: stream\r\n\r\n",
		"\x00\x00\x0f\x01\x05\x00\x00\x00\x01\x82\x86\x44\x07/stream\x41\x01h",
		`{"items":[{"channel":"c","formats":{"sse":{"data":"x","id":"a\nb"}}}]}`,
		`{"items":[{"channel":"c","id":"2","prev-id":"1","formats":{"http-stream":{"content":"x"},"http-response":{"code":"99","body-bin":"!"}}}]}`,
		`{"http-stream":{"action":"close"}}`, `{"http-stream":{"content-bin":"AA=="}}`, `{"http-response":{"code":200,"headers":{"A\r\n":"b"}}}`,
		"c?limit=-1", "%ff%00", "c",
	}
}

// throw sends the bytes in their way, gives up, and returns when the server has
// let go of the connection. The error says that it has not.
func (s *server) throw(w way, bytes []byte) error {
	address := s.address
	if w.control {
		address = strings.TrimPrefix(s.controlURL, "http://")
	}
	c, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(goodTime))
	text := w.before
	if w.length {
		text += fmt.Sprintf("Content-Length: %d\r\n\r\n", len(bytes))
	}
	io.WriteString(c, text+string(bytes)+w.after) // it may refuse to read all of it
	c.(*net.TCPConn).CloseWrite()
	if w.lingers {
		c.SetDeadline(time.Now().Add(20 * time.Millisecond))
		io.Copy(io.Discard, c)
		return nil
	}
	if _, err = io.Copy(io.Discard, c); os.IsTimeout(err) {
		return err
	}
	return nil
}

// witness follows a channel of its own.
type witness struct {
	conn net.Conn
	body *bufio.Reader
	n    int // events so far

	goroutines, files int // when nothing had happened yet
}

func newWitness(f *testing.F, s *server) *witness {
	conn, err := net.Dial("tcp", s.address)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { conn.Close() })
	io.WriteString(conn, strings.Replace(streamRequest, "channel=c", "channel=witness", 1)+"\r\n")
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		f.Fatal(err)
	}
	w := &witness{conn: conn, body: bufio.NewReader(response.Body)}
	if err := w.hears(s); err != nil {
		f.Fatal(err)
	}
	w.goroutines, w.files = runtime.NumGoroutine(), openFiles()
	return w
}

// hears publishes an event and returns when the witness has it.
func (w *witness) hears(s *server) error {
	w.n++
	want := strconv.Itoa(w.n)
	if _, err := s.tryPublish(message("witness", "", want)); err != nil {
		return err
	}
	w.conn.SetDeadline(time.Now().Add(goodTime))
	for {
		b, err := readBlock(w.body)
		if err != nil || b.data == want {
			return err
		}
	}
}

// checkLeaks waits until little is left of what was thrown: net/http keeps a
// connection that it has refused for half a second. What remains in the end is
// leaktest's business.
func (w *witness) checkLeaks(t *testing.T) {
	const few = 256
	eventually(t, "goroutines and files are given back", func() bool {
		return runtime.NumGoroutine() <= w.goroutines+few && openFiles() <= w.files+few
	})
}

// openFiles counts the process's descriptors, where that can be told.
func openFiles() int {
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(files)
}
