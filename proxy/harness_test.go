package proxy

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// patience bounds what must happen at once, so that a failure is not a hang.
const patience = 10 * time.Second

// front is a proxy on a real socket.
type front struct {
	handler *Handler
	addr    string
	url     string
	metrics *prometheus.Registry
}

// newFront starts a proxy whose options edit has completed.
func newFront(t *testing.T, edit func(*Options)) *front {
	t.Helper()
	reg := prometheus.NewRegistry()
	o := Options{Head: func() channels.Position { return channels.Position{} }, Log: zap.NewNop(), Metrics: NewMetrics(reg)}
	o.Limits.Queue = 100
	o.Holding.Counts, o.Holding.SocketMetrics = hold.NewMetrics(reg), websocket.NewMetrics(reg)
	edit(&o)
	h, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	addr := serve(t, ServerOptions{Handler: h, Listen: []string{"127.0.0.1:0"}, WrapListener: hold.Listen, ConnContext: hold.ConnContext})
	t.Cleanup(h.Close)
	return &front{h, addr, "http://" + addr, reg}
}

// to is the edit for one route to the given origins.
func to(origins ...string) func(*Options) {
	return func(o *Options) { o.Routes = []Route{routeTo(origins...)} }
}

func routeTo(origins ...string) Route {
	var r Route
	for _, origin := range origins {
		u, err := url.Parse(origin)
		if err != nil {
			panic(err)
		}
		r.Origins = append(r.Origins, u)
	}
	return r
}

// serve runs a Server until the test ends and returns its first address.
func serve(t *testing.T, o ServerOptions) string {
	t.Helper()
	o.Log = zap.NewNop()
	s, err := NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // do not wait for what tests left open
		s.Shutdown(ctx)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s.Addrs()[0].String()
}

// newOrigin starts an origin.
func newOrigin(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
	})
	return srv
}

// rawOrigin starts an origin that gives every connection to serve, and closes
// it afterwards.
func rawOrigin(t *testing.T, serve func(c net.Conn, r *bufio.Reader)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.SetDeadline(time.Now().Add(patience))
			serve(c, bufio.NewReader(c))
			c.Close()
		}
	}()
	return "http://" + l.Addr().String()
}

// unusedAddr is an address where nobody listens: a port below those that
// systems give away, so that no other test gets it meanwhile.
const unusedAddr = "127.0.0.1:1"

// readHead reads a message's head, without the empty line.
func readHead(r *bufio.Reader) string {
	var head strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil || line == "\r\n" {
			return head.String()
		}
		head.WriteString(line)
	}
}

// rawClient is a client that sees bytes.
type rawClient struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func dialWire(t *testing.T, addr string) *rawClient {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return &rawClient{t, c, bufio.NewReader(c)}
}

// send writes s.
func (w *rawClient) send(s string) {
	w.t.Helper()
	if _, err := io.WriteString(w, s); err != nil {
		w.t.Fatal(err)
	}
}

// want reads exactly s.
func (w *rawClient) want(s string) {
	w.t.Helper()
	got := make([]byte, len(s))
	n, err := io.ReadFull(w.r, got)
	if string(got[:n]) != s {
		w.t.Fatalf("read %q (%v), want %q", got[:n], err, s)
	}
}

// head reads the head of an answer.
func (w *rawClient) head() string {
	w.t.Helper()
	head := readHead(w.r)
	if head == "" {
		w.t.Fatal("connection ended before an answer")
	}
	return head
}

// rest reads until the end and tells whether it was an orderly one.
func (w *rawClient) rest() (string, error) {
	b, err := io.ReadAll(w.r)
	return string(b), err
}

// within fails the test if ch yields nothing in good time.
func within[T any](t *testing.T, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatalf("%s: nothing happened", what)
		panic("unreachable")
	}
}

// get asks for url with the header fields given in pairs.
func get(t *testing.T, c *http.Client, url string, fields ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		req.Header.Add(fields[i], fields[i+1])
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// client returns an HTTP/1.1 client without redirects and compression.
func client(t *testing.T) *http.Client {
	tr := &http.Transport{DisableCompression: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// count returns the sum of a metric's counters or gauges that have all of these
// label values.
func (f *front) count(t *testing.T, metric string, labels ...string) float64 {
	t.Helper()
	families, err := f.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var sum float64
	for _, family := range families {
		for _, m := range family.GetMetric() {
			var values []string
			for _, pair := range m.GetLabel() {
				values = append(values, pair.GetValue())
			}
			missing := slices.ContainsFunc(labels, func(l string) bool { return !slices.Contains(values, l) })
			if family.GetName() == metric && !missing {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

// waitCount waits until count is at least 1. A request is counted after the
// client has its answer.
func (f *front) waitCount(t *testing.T, metric string, labels ...string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if f.count(t, metric, labels...) > 0 {
			return
		}
	}
	t.Errorf("%s %v is not counted", metric, labels)
}
