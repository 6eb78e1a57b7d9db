package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// block is what stands between two empty lines of an event stream.
type block struct{ event, id, data, retry, comment string }

// readBlock reads the next block. io.EOF says that the body was complete.
func readBlock(r *bufio.Reader) (block, error) {
	var b block
	for empty := true; ; empty = false {
		line, err := r.ReadString('\n')
		switch {
		case err == io.EOF && (line != "" || !empty):
			return b, io.ErrUnexpectedEOF
		case err != nil:
			return b, err
		case line == "\n":
			return b, nil
		}
		b.add(strings.TrimSuffix(line, "\n"))
	}
}

func (b *block) add(line string) {
	field, value, _ := strings.Cut(line, ":")
	value = strings.TrimPrefix(value, " ")
	switch field {
	case "event":
		b.event = value
	case "id":
		b.id = value
	case "data":
		b.data += value
	case "retry":
		b.retry = value
	default:
		b.comment += value
	}
}

// subscriber is an open answer to a client, read by one goroutine.
type subscriber struct {
	t        testing.TB
	response *http.Response
	body     *bufio.Reader
	leave    context.CancelFunc // closes the connection, or resets the HTTP/2 stream
	lastID   string             // as a browser keeps it
}

// subscribe asks for a stream and returns when its head is there. The
// subscriber leaves when t ends, if not before.
func subscribe(t testing.TB, client *http.Client, url, lastID string) *subscriber {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), goodTime)
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "text/event-stream")
	if lastID != "" {
		request.Header.Set("Last-Event-ID", lastID)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return &subscriber{t, response, bufio.NewReader(response.Body), cancel, lastID}
}

// follow is subscribe for a stream of the origin holding, up to its welcome.
func follow(t testing.TB, client *http.Client, url, lastID string) *subscriber {
	t.Helper()
	s := subscribe(t, client, url, lastID)
	if b := s.next(); b.comment != "welcome" {
		t.Fatalf("the stream begins with %+v (%s)", b, s.response.Status)
	}
	return s
}

// next returns the next block.
func (s *subscriber) next() block {
	s.t.Helper()
	b, err := readBlock(s.body)
	if err != nil {
		s.t.Fatalf("the stream ended: %v", err)
	}
	if b.id != "" {
		s.lastID = b.id
	}
	return b
}

// wantData reads one event for each of data.
func (s *subscriber) wantData(data ...string) {
	s.t.Helper()
	for _, want := range data {
		if b := s.next(); b.data != want {
			s.t.Fatalf("got %+v, want %q", b, want)
		}
	}
}

// wantGap reads a gap.
func (s *subscriber) wantGap(reason string) {
	s.t.Helper()
	if b := s.next(); b.event != "gap" || !strings.Contains(b.data, `"reason":"`+reason+`"`) {
		s.t.Fatalf("got %+v, want a gap (%s)", b, reason)
	}
}

// wantEnd reads the end of a body that is complete. Keep-alives and retries
// may come before it.
func (s *subscriber) wantEnd() {
	s.t.Helper()
	for {
		b, err := readBlock(s.body)
		if err == io.EOF {
			return
		}
		if err != nil || b.data != "" {
			s.t.Fatalf("got %+v and %v, want the end", b, err)
		}
	}
}

// dialect is a way in which clients speak to the server.
type dialect struct {
	name     string
	protocol string // of the answers
	client   *http.Client
	secure   bool
}

func (d *dialect) url(s *server) string {
	if d.secure {
		return s.secureURL
	}
	return s.URL
}

// dialects are all ways. trusted is the server's certificate, as PEM.
func dialects(t testing.TB, trusted []byte) []dialect {
	client := func(speak func(*http.Protocols)) *http.Client {
		transport := &http.Transport{Protocols: new(http.Protocols), TLSClientConfig: trusting(trusted)}
		speak(transport.Protocols)
		return clientOf(t, transport)
	}
	http1 := func(p *http.Protocols) { p.SetHTTP1(true) }
	return []dialect{
		{"HTTP/1.1", "HTTP/1.1", client(http1), false},
		{"HTTP/1.0", "HTTP/1.0", &http.Client{Transport: oldHTTP{}}, false},
		{"HTTP/2 in the clear", "HTTP/2.0", client(func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) }), false},
		{"HTTP/1.1 over TLS", "HTTP/1.1", client(http1), true},
		{"HTTP/2 over TLS", "HTTP/2.0", client(func(p *http.Protocols) { p.SetHTTP2(true) }), true},
	}
}

// trusting trusts one certificate, as PEM.
func trusting(cert []byte) *tls.Config {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(cert)
	return &tls.Config{RootCAs: roots}
}

// newClient returns an HTTP/1.1 client.
func newClient(t testing.TB) *http.Client { return clientOf(t, &http.Transport{}) }

func clientOf(t testing.TB, transport *http.Transport) *http.Client {
	transport.DisableCompression = true
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// oldHTTP speaks HTTP/1.0, where the end of the connection is the end of the
// body.
type oldHTTP struct{}

func (oldHTTP) RoundTrip(r *http.Request) (*http.Response, error) {
	conn, err := net.Dial("tcp", r.URL.Host)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(r.Context(), func() { conn.Close() })
	fmt.Fprintf(conn, "%s %s HTTP/1.0\r\nHost: %s\r\n", r.Method, r.URL.RequestURI(), r.URL.Host)
	r.Header.Write(conn)
	if _, err := io.WriteString(conn, "\r\n"); err != nil {
		return nil, err
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), r)
	if err != nil {
		conn.Close()
		return nil, err
	}
	response.Body = connBody{response.Body, conn}
	return response, nil
}

// connBody is a body that ends its connection.
type connBody struct {
	io.Reader
	io.Closer
}
