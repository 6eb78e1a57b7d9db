package proxy

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// suspect is an origin that looks at every byte it gets for what only an attacker
// can want.
type suspect struct {
	t    *testing.T
	url  string
	mu   sync.Mutex
	seen []string // request lines
}

func newSuspect(t *testing.T) *suspect {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &suspect{t: t, url: "http://" + l.Addr().String()}
	var wg sync.WaitGroup
	t.Cleanup(func() { l.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.SetDeadline(time.Now().Add(patience))
			wg.Go(func() { defer c.Close(); s.serve(c) })
		}
	})
	return s
}

// serve answers one request.
func (s *suspect) serve(c net.Conn) {
	r := bufio.NewReader(c)
	head := readHead(r)
	if head == "" {
		return
	}
	s.inspect(head)
	whole := bufio.NewReader(io.MultiReader(strings.NewReader(head+"\r\n"), r))
	req, err := http.ReadRequest(whole)
	if err != nil {
		return
	}
	_, err = io.Copy(io.Discard, req.Body)
	io.WriteString(c, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
	if err == nil {
		s.trailing(c, whole)
	}
}

// trailing looks for bytes behind a request, which nobody has asked for.
func (s *suspect) trailing(c net.Conn, r *bufio.Reader) {
	c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if rest, _ := io.ReadAll(r); len(rest) > 0 {
		s.t.Errorf("behind the request comes %q", rest)
	}
}

// inspect reports a head that two parsers could read differently.
func (s *suspect) inspect(head string) {
	line, fields, _ := strings.Cut(head, "\r\n")
	s.mu.Lock()
	s.seen = append(s.seen, line)
	s.mu.Unlock()
	if strings.Count(line, " ") != 2 || !strings.HasSuffix(line, " HTTP/1.1") || strings.Contains(head, "smuggled") {
		s.t.Errorf("the origin reads %q", head)
	}
	framing := 0
	for field := range strings.SplitSeq(strings.TrimSuffix(fields, "\r\n"), "\r\n") {
		name, value, ok := strings.Cut(field, ":")
		if !ok || strings.ContainsAny(name, " \t") || strings.ContainsAny(field, "\r\n\x00") {
			s.t.Errorf("the origin reads the field %q", field)
		}
		switch strings.ToLower(name) {
		case "content-length":
			framing++
			if strings.Trim(value, " 0123456789") != "" {
				s.t.Errorf("the origin reads %q", field)
			}
		case "transfer-encoding":
			framing++
			if value != " chunked" {
				s.t.Errorf("the origin reads %q", field)
			}
		}
	}
	if framing > 1 {
		s.t.Errorf("the origin can choose where this ends: %q", head)
	}
}

// What looks like a request behind or inside of another one never reaches the origin
// as a request: not where lengths contradict each other, nor where a lenient parser
// would see another end.
func TestNothingIsSmuggledToAnOrigin(t *testing.T) {
	const hidden = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
	post := func(fields, body string) string {
		return "POST /front HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body
	}
	attacks := map[string]string{
		"a length and chunks":                post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"+hidden),
		"chunks and a length":                post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n"+hidden),
		"two lengths":                        post("Content-Length: 0\r\nContent-Length: 36\r\n", hidden),
		"a list of lengths":                  post("Content-Length: 0, 36\r\n", hidden),
		"a length with a sign":               post("Content-Length: +0\r\n", hidden),
		"a hexadecimal length":               post("Content-Length: 0x0\r\n", hidden),
		"a folded length":                    post("Content-Length:\r\n 0\r\n", hidden),
		"a space before the colon":           post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"+hidden),
		"a length with a space before it":    post("Content-Length : 36\r\n", hidden),
		"an unknown coding":                  post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"+hidden),
		"chunks twice":                       post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"+hidden),
		"a list of codings":                  post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"+hidden),
		"a folded coding":                    post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"+hidden),
		"a vertical tab before the coding":   post("Transfer-Encoding: \vchunked\r\n", "0\r\n\r\n"+hidden),
		"a coding by an underscore":          post("Transfer_Encoding: chunked\r\nContent-Length: 41\r\n", "0\r\n\r\n"+hidden),
		"a bare CR in a field":               post("X: y\rContent-Length: 36\r\n", hidden),
		"a NUL in a field":                   post("X: y\x00\r\n", hidden[:0]),
		"bare LFs around chunks":             post("Transfer-Encoding: chunked\r\n", "0\n\n"+hidden),
		"a bare LF in an extension":          post("Transfer-Encoding: chunked\r\n", "2;\nxx\r\n0\r\n\r\n"+hidden),
		"a bare CR in an extension":          post("Transfer-Encoding: chunked\r\n", "2;a\rxx\r\n0\r\n\r\n"+hidden),
		"a size with a sign":                 post("Transfer-Encoding: chunked\r\n", "-1\r\nx\r\n0\r\n\r\n"+hidden),
		"a size with a prefix":               post("Transfer-Encoding: chunked\r\n", "0x2\r\nxx\r\n0\r\n\r\n"+hidden),
		"a size that overflows":              post("Transfer-Encoding: chunked\r\n", "10000000000000002\r\nxx\r\n0\r\n\r\n"+hidden),
		"more data than the size says":       post("Transfer-Encoding: chunked\r\n", "1\r\nxGET /smuggled\r\n0\r\n\r\n"),
		"a trailer with a length":            post("Transfer-Encoding: chunked\r\nTrailer: Content-Length\r\n", "0\r\nContent-Length: 36\r\n\r\n"+hidden),
		"chunks in HTTP/1.0":                 "POST /front HTTP/1.0\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n0\r\n\r\n" + hidden,
		"an upgrade to HTTP/2 in the clear":  post("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: 0\r\n", ""),
		"a body that is not asked for":       post("Expect: 100-continue\r\nContent-Length: 36\r\n", hidden),
		"a request as a body":                post("Content-Length: 36\r\n", hidden),
		"a body of GET":                      "GET /front HTTP/1.1\r\nHost: a\r\nContent-Length: 36\r\n\r\n" + hidden,
		"an answer to no challenge":          post("Content-Type: application/x-challenge-response\r\nHoldfast-Challenge: x\r\nContent-Length: 36\r\n", hidden),
		"a request as the body of no route":  "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 36\r\n\r\n" + hidden,
		"a request line with a second space": "GET  /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
		"a request line with a tab":          "GET\t/smuggled\tHTTP/1.1\r\nHost: a\r\n\r\n",
		"a field that begins with a space":   "GET /front HTTP/1.1\r\n X: smuggled\r\nHost: a\r\n\r\n",
		"two hosts":                          "GET /front HTTP/1.1\r\nHost: a\r\nHost: smuggled\r\n\r\n",
	}
	for name, attack := range attacks {
		t.Run(name, func(t *testing.T) {
			s := newSuspect(t)
			f := newFront(t, func(o *Options) {
				o.Routes = []Route{routeTo(s.url)}
				o.Routes[0].PathPrefix = "/front"
			})
			f.handler.drainPatience = time.Millisecond
			c := dialWire(t, f.addr)
			c.send(attack)
			c.Conn.(*net.TCPConn).CloseWrite()
			answers, _ := c.rest()
			s.mu.Lock()
			defer s.mu.Unlock()
			if len(s.seen) > 1 {
				t.Errorf("the origin was asked %q; the client got %q", s.seen, answers)
			}
		})
	}
}

// speaker says HTTP/2 frames that no client library would.
type speaker struct {
	t *testing.T
	*http2.Framer
	conn net.Conn
	text bytes.Buffer
	*hpack.Encoder
}

func speakTo(t *testing.T, addr string) *speaker {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	io.WriteString(c, http2.ClientPreface)
	s := &speaker{t: t, Framer: http2.NewFramer(c, c), conn: c}
	s.Encoder = hpack.NewEncoder(&s.text)
	if err := s.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	return s
}

// head encodes a head into text.
func (s *speaker) head(fields ...string) {
	s.text.Reset()
	for i := 0; i < len(fields); i += 2 {
		s.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
}

// ask sends the head of a request with the fields given in pairs, and what data, if
// any, follows it.
func (s *speaker) ask(id uint32, data string, fields ...string) {
	s.t.Helper()
	s.head(fields...)
	err := s.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: s.text.Bytes(), EndStream: data == "", EndHeaders: true})
	if err == nil && data != "" {
		err = s.WriteData(id, true, []byte(data))
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// outcome returns the status of the answer, or says that the stream is reset or the
// connection ends instead.
func (s *speaker) outcome(id uint32) string {
	decoder := hpack.NewDecoder(4096, nil)
	for {
		frame, err := s.ReadFrame()
		if err != nil {
			return "connection ended"
		}
		switch frame := frame.(type) {
		case *http2.HeadersFrame:
			fields, err := decoder.DecodeFull(frame.HeaderBlockFragment())
			if err == nil && frame.StreamID == id {
				return fields[0].Value
			}
		case *http2.RSTStreamFrame:
			if frame.StreamID == id {
				return "reset"
			}
		case *http2.GoAwayFrame:
			return "connection ended"
		}
	}
}

// What HTTP/2 can carry and HTTP/1.1 cannot does not reach an origin that speaks
// HTTP/1.1, where it would mean something else.
func TestNothingIsSmuggledFromHTTP2ToAnOrigin(t *testing.T) {
	request := func(changes ...string) []string {
		fields := []string{":method", "POST", ":scheme", "http", ":authority", "a", ":path", "/front/x"}
		for i := 0; i < len(changes); i += 2 {
			at := 0
			for at < len(fields) && fields[at] != changes[i] {
				at += 2
			}
			if at == len(fields) {
				fields = append(fields, changes[i], "")
			}
			fields[at+1] = changes[i+1]
		}
		return fields
	}
	const line = " HTTP/1.1\r\nHost: a\r\n\r\nGET /smuggled"
	attacks := map[string][]string{
		"a request line in the path":       request(":path", "/front/x HTTP/1.1"),
		"a request line in the query":      request(":path", "/front/x?y HTTP/1.1"),
		"line breaks in the path":          request(":path", "/front"+line),
		"a request line in the method":     request(":method", "GET /smuggled HTTP/1.1\r\n"),
		"a space in the method":            request(":method", "GET /smuggled"),
		"line breaks in the authority":     request(":authority", "a\r\nX: smuggled"),
		"a space in the authority":         request(":authority", "a smuggled"),
		"line breaks in a value":           request("x", "y\r\nX: smuggled"),
		"a bare LF in a value":             request("x", "y\nTransfer-Encoding: chunked"),
		"a NUL in a value":                 request("x", "y\x00"),
		"line breaks in a name":            request("x: y\r\nsmuggled", "z"),
		"a colon in a name":                request("x:smuggled", "z"),
		"a coding":                         request("transfer-encoding", "chunked"),
		"a connection":                     request("connection", "upgrade", "upgrade", "h2c"),
		"a length that is too short":       request("content-length", "0"),
		"a length that is too long":        request("content-length", "1000"),
		"a length that is none":            request("content-length", "0\r\nx: smuggled"),
		"a second host":                    request("host", "smuggled"),
		"a path that is another host's":    request(":path", "http://smuggled/front"),
		"a pseudo field behind the others": append(request("x", "y"), ":path", "/smuggled"),
	}
	for name, fields := range attacks {
		t.Run(name, func(t *testing.T) {
			s := newSuspect(t)
			f := newFront(t, func(o *Options) {
				o.Routes = []Route{routeTo(s.url)}
				o.Routes[0].PathPrefix = "/front"
			})
			c := speakTo(t, f.addr)
			c.ask(1, "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n", fields...)
			t.Logf("the client gets: %s", c.outcome(1))
			c.conn.Close()
			if got := f.count(t, "holdfast_origin_up"); got != 1 {
				t.Error("the origin rests")
			}
		})
	}
}
