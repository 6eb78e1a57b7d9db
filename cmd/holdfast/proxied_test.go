package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/zap"
)

// balanced connects to the server as a balancer does for a client, and over TLS if
// config is not nil.
func balanced(t *testing.T, address, header string, config *tls.Config) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := io.WriteString(c, header); err != nil {
		t.Fatal(err)
	}
	if config == nil {
		return c
	}
	config = config.Clone()
	config.ServerName = "127.0.0.1"
	return tls.Client(c, config)
}

// openOn asks for a stream on c, and reads up to its welcome.
func openOn(t *testing.T, c net.Conn, path string) *subscriber {
	t.Helper()
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n", path)
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &subscriber{t: t, response: response, body: bufio.NewReader(response.Body), leave: func() { c.Close() }}
	if b := s.next(); b.comment != "welcome" {
		t.Fatalf("the stream begins with %+v (%s)", b, response.Status)
	}
	return s
}

// The streams that come with a PROXY header are held as all others are: on Linux
// by an event loop, which needs the bare socket with nothing read from it.
func TestStreamsBehindABalancerAreHeldAsAllOthers(t *testing.T) {
	origin := holding()
	origin.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Header.Get("X-Forwarded-For")) })
	cert := newCertificate(t)
	s := startServer(t, "origin: "+startOrigin(t, origin)+"\nproxy_protocol: true\ntrusted_proxies: [127.0.0.1]\n"+cert.yaml())
	headers := map[string]string{
		"text":   "PROXY TCP4 192.0.2.7 198.51.100.1 1000 443\r\n",
		"binary": "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x07\xc6\x33\x64\x01\x03\xe8\x01\xbb",
	}
	trust := trusting(cert.pem)
	var streams []*subscriber
	for name, header := range headers {
		for way, config := range map[string]*tls.Config{"in the clear": nil, "over TLS": trust} {
			address := s.address
			if config != nil {
				address = strings.TrimPrefix(s.secureURL, "https://")
			}
			c := balanced(t, address, header, config)
			io.WriteString(c, "GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n")
			response, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			if client, err := io.ReadAll(response.Body); string(client) != "192.0.2.7" {
				t.Errorf("%s, %s: the client is %q (%v)", name, way, client, err)
			}
			streams = append(streams, openOn(t, balanced(t, address, header, config), "/stream?channel=a"))
		}
	}
	s.holds(len(streams))
	s.publish(message("a", "", "hello"), message("a", "", "again"))
	for _, stream := range streams {
		stream.wantData("hello", "again")
	}
	stacks := make([]byte, 4<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	if runtime.GOOS == "linux" && strings.Contains(string(stacks), "hold.(*socket).watch") {
		t.Error("streams are held with goroutines")
	}
	for _, stream := range streams {
		stream.leave()
	}
	s.holds(0)
}

func TestClientsGoThroughTheBalancer(t *testing.T) {
	s := startLogging(t, "origin: "+startOrigin(t, holding())+"\nproxy_protocol: true\ntrusted_proxies: [127.0.0.2]\n", zap.NewNop())
	if response, err := newClient(t).Get(s.URL + "/poll"); err == nil {
		response.Body.Close()
		t.Errorf("a client that comes directly gets %s", response.Status)
	}
	if n := s.metrics()[`holdfast_connections_refused_total{reason="not_a_trusted_proxy"}`]; n == 0 {
		t.Error("it is not counted")
	}
}

// TestTheBalancersChange: whoever came through one that is no longer trusted stays.
func TestTheBalancersChange(t *testing.T) {
	const header = "PROXY TCP4 192.0.2.7 198.51.100.1 1000 443\r\n"
	file := func(trusted string) string {
		return "origin: " + startOrigin(t, holding()) + "\nproxy_protocol: true\ntrusted_proxies: [" + trusted + "]\n"
	}
	s := startReloadable(t, file("127.0.0.1"))
	stream := openOn(t, balanced(t, s.address, header, nil), "/stream?channel=a")
	s.mustReload(file("127.0.0.2"))
	refused := balanced(t, s.address, header+"GET / HTTP/1.0\r\n\r\n", nil)
	if n, err := refused.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Error("a balancer that is trusted no more is let in")
	}
	s.publish(message("a", "", "hello"))
	stream.wantData("hello")
	if status, said := s.reload("origin: " + unusedURL + "\nproxy_protocol: true\n"); status != http.StatusUnprocessableEntity {
		t.Errorf("nobody is trusted: %d %+v", status, said)
	}
	s.mustReload(file("127.0.0.1"))
	openOn(t, balanced(t, s.address, header, nil), "/stream?channel=a").leave()
}

// With the PROXY protocol clients are told apart by its word, also where one of them
// says another address in X-Forwarded-For.
func TestQuotasBehindABalancerAreThoseOfItsClients(t *testing.T) {
	s := startServer(t, "origin: "+startOrigin(t, holding())+"\nproxy_protocol: true\ntrusted_proxies: [127.0.0.1]\n"+
		"limits: {streams_per_address: 1, connections_per_address: 2}\n")
	from := func(client string) string { return "PROXY TCP4 " + client + " 198.51.100.1 1000 443\r\n" }
	openOn(t, balanced(t, s.address, from("192.0.2.7"), nil), "/stream?channel=a")
	openOn(t, balanced(t, s.address, from("192.0.2.8"), nil), "/stream?channel=a")
	c := balanced(t, s.address, from("192.0.2.7"), nil)
	fmt.Fprint(c, "GET /stream?channel=a HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.99\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || response.StatusCode != http.StatusTooManyRequests {
		t.Errorf("the second stream of a client: %v, %v", response, err)
	}
	if n, err := balanced(t, s.address, from("192.0.2.7")+"GET / HTTP/1.0\r\n\r\n", nil).Read(make([]byte, 1)); n > 0 || err == nil {
		t.Error("a third connection of a client is let in")
	}
}
