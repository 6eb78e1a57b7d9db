package arrival

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// patience bounds what must happen at once, so that a failure is not a hang.
const patience = 10 * time.Second

// house is a server behind a door. It answers with the address that it sees.
type house struct {
	t       *testing.T
	addr    string
	metrics *Metrics
	log     *observer.ObservedLogs
	tls     *tls.Config // of clients; nil: in the clear
}

func newHouse(t *testing.T, o Options, secure bool) *house {
	t.Helper()
	core, log := observer.New(zap.DebugLevel)
	h := &house{t: t, metrics: NewMetrics(prometheus.NewRegistry()), log: log}
	o.Metrics, o.Log = h.metrics, zap.New(core)
	if o.HeaderTimeout == 0 {
		o.HeaderTimeout = patience
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.RemoteAddr)
	}))
	s.Listener = New(o).Listen(s.Listener)
	h.addr = s.Listener.Addr().String()
	if secure {
		s.StartTLS()
		h.tls = s.Client().Transport.(*http.Transport).TLSClientConfig
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return h
}

// guest is a client's connection.
type guest struct {
	*house
	net.Conn
	r *bufio.Reader
}

// knock connects and says something before anything else.
func (h *house) knock(pieces ...string) *guest {
	h.t.Helper()
	c, err := net.Dial("tcp", h.addr)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	for _, piece := range pieces {
		if _, err := io.WriteString(c, piece); err != nil && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
			h.t.Fatal(err)
		}
	}
	if h.tls != nil {
		config := h.tls.Clone()
		config.ServerName = "example.com"
		c = tls.Client(c, config)
	}
	return &guest{h, c, bufio.NewReader(c)}
}

// ask asks who the server takes the client for.
func (g *guest) ask() (string, error) {
	if _, err := io.WriteString(g, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		return "", err
	}
	response, err := http.ReadResponse(g.r, nil)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

// wantAddress asks, and wants the answer to begin so.
func (g *guest) wantAddress(want string) {
	g.t.Helper()
	if got, err := g.ask(); err != nil || !strings.HasPrefix(got, want) {
		g.t.Errorf("the server sees %q (%v), want %q", got, err, want)
	}
}

// wantClosed wants the connection to have ended without an answer.
func (g *guest) wantClosed() {
	g.t.Helper()
	if answer, err := g.ask(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		g.t.Errorf("the server answers %q", answer)
	}
}

// waitRefused waits until so many are counted.
func (h *house) waitRefused(reason Reason, n float64) {
	h.t.Helper()
	got := -1.0
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if got = testutil.ToFloat64(h.metrics.refused.WithLabelValues(string(reason))); got == n {
			return
		}
	}
	h.t.Errorf("%v are counted as %s, want %v", got, reason, n)
}

func loopback() []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }

func behindProxies() Options { return Options{Proxied: true, Trusted: loopback()} }

const fromClient = "PROXY TCP4 192.0.2.1 198.51.100.1 1000 443\r\n"

func TestTheClientIsWhomTheProxyNames(t *testing.T) {
	for _, secure := range []bool{false, true} {
		name := map[bool]string{false: "in the clear", true: "over TLS"}[secure]
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, behindProxies(), secure)
			h.knock(fromClient).wantAddress("192.0.2.1:1000")
			h.knock(strings.Split(fromClient, "")...).wantAddress("192.0.2.1:1000")
			h.knock(binaryHeader(proxied, overTCP4, fourAddresses()...)).wantAddress("192.0.2.1:1000")
			h.knock("PROXY TCP6 2001:db8::1 2001:db8::2 1000 443\r\n").wantAddress("[2001:db8::1]:1000")
			h.knock(binaryHeader(local, 0)).wantAddress("127.0.0.1:")
			h.knock("PROXY UNKNOWN\r\n").wantAddress("127.0.0.1:")
		})
	}
}

func TestASecondHeaderIsNotRead(t *testing.T) {
	h := newHouse(t, behindProxies(), false)
	g := h.knock(fromClient + "PROXY TCP4 203.0.113.9 198.51.100.1 1 2\r\n")
	if got, err := g.ask(); err == nil && got != "" && !strings.HasPrefix(got, "400") {
		t.Errorf("the server answers %q", got)
	}
}

func TestWhoIsNotLetInIsClosedAndCounted(t *testing.T) {
	tests := []struct {
		name   string
		o      Options
		says   string
		reason Reason
	}{
		{"who does not come through a proxy", Options{Proxied: true, Trusted: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}, fromClient, NotTrusted},
		{"a proxy that says nothing of its client", behindProxies(), "", BadHeader},
		{"a proxy that is not understood", behindProxies(), "PROXY SCTP a b c d\r\n", BadHeader},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, tt.o, false)
			for range 3 {
				h.knock(tt.says).wantClosed()
			}
			h.waitRefused(tt.reason, 3)
			if n := h.log.FilterMessage("connection refused").Len(); n != 1 {
				t.Errorf("logged %d times", n)
			}
		})
	}
}

func TestAHeaderThatDoesNotComeIsNotWaitedFor(t *testing.T) {
	o := behindProxies()
	o.HeaderTimeout = 20 * time.Millisecond
	h := newHouse(t, o, false)
	h.knock("PROXY TCP4 1.1").wantEnd()
	h.waitRefused(SlowHeader, 1)
}

// wantEnd reads until the connection ends, which it must have without an answer.
func (g *guest) wantEnd() {
	g.t.Helper()
	if answer, err := io.ReadAll(g.r); len(answer) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		g.t.Errorf("the server answers %q, %v", answer, err)
	}
}

// TestOneThatSaysNothingKeepsNobodyWaiting: the header is not read in Accept.
func TestOneThatSaysNothingKeepsNobodyWaiting(t *testing.T) {
	h := newHouse(t, behindProxies(), false)
	for range 20 {
		h.knock("PROXY")
	}
	h.knock(fromClient).wantAddress("192.0.2.1:1000")
}

func TestABalancerMayLookWhetherWeAreThere(t *testing.T) {
	h := newHouse(t, behindProxies(), false)
	for range 3 {
		h.knock().Close()
	}
	h.knock(fromClient).wantAddress("192.0.2.1:1000")
	for _, reason := range reasons() {
		h.waitRefused(reason, 0)
	}
}

func TestAnAddressHasNoMoreConnectionsThanItMay(t *testing.T) {
	h := newHouse(t, Options{PerAddress: 2}, false)
	first, second := h.knock(), h.knock()
	first.wantAddress("127.0.0.1:")
	second.wantAddress("127.0.0.1:")
	h.knock().wantClosed()
	h.waitRefused(TooMany, 1)
	first.Close()
	h.waitFree(func(g *guest) error { _, err := g.ask(); return err })
	second.wantAddress("127.0.0.1:")
}

// waitFree waits until there is a place.
func (h *house) waitFree(try func(*guest) error, says ...string) {
	h.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		g := h.knock(says...)
		err := try(g)
		if err == nil {
			return
		}
		g.Close()
		if time.Now().After(deadline) {
			h.t.Fatalf("nothing has come free: %v", err)
		}
	}
}

func TestConnectionsBehindAProxyCountForTheirClients(t *testing.T) {
	o := behindProxies()
	o.PerAddress = 1
	h := newHouse(t, o, false)
	one := h.knock(fromClient)
	one.wantAddress("192.0.2.1:1000")
	h.knock("PROXY TCP4 192.0.2.2 198.51.100.1 1000 443\r\n").wantAddress("192.0.2.2:1000")
	h.knock(fromClient).wantClosed()
	h.waitRefused(TooMany, 1)
	six := h.knock("PROXY TCP6 2001:db8::1 2001:db8::2 1000 443\r\n")
	six.wantAddress("[2001:db8::1]:1000")
	h.knock("PROXY TCP6 2001:db8::5 2001:db8::2 1000 443\r\n").wantClosed() // the same /64
	for range 3 {
		h.knock("PROXY UNKNOWN\r\n").wantAddress("127.0.0.1:") // the proxy's own
	}
	one.Close()
	h.waitFree(func(g *guest) error { _, err := g.ask(); return err }, fromClient)
}

func TestProxiesOfHTTPMayHaveAnyNumberOfConnections(t *testing.T) {
	h := newHouse(t, Options{Trusted: loopback(), PerAddress: 1}, false)
	for range 3 {
		h.knock().wantAddress("127.0.0.1:")
	}
}

// pair is two ends of a connection in memory, the first of which has come through d.
func pair(t *testing.T, d *Door) (*Conn, net.Conn) {
	inside, outside := net.Pipe()
	t.Cleanup(func() { inside.Close(); outside.Close() })
	c, reason := d.let(inside)
	if reason != "" {
		t.Fatal(reason)
	}
	return c, outside
}

func newDoor(o Options) *Door {
	o.Metrics, o.Log = NewMetrics(prometheus.NewRegistry()), zap.NewNop()
	return New(o)
}

func TestAPlaceIsGivenBackOnce(t *testing.T) {
	d := newDoor(Options{PerAddress: 1})
	nobody := netip.Addr{} // who all connections in memory are from
	c, _ := pair(t, d)
	for range 3 {
		c.Close()
	}
	if d.counts.Full(nobody) {
		t.Error("a closed connection has a place")
	}
	c, _ = pair(t, d)
	place := c.Detach()
	c.Close()
	if !d.counts.Full(nobody) || c.Detach() != nil {
		t.Error("what was detached went with the connection")
	}
	place.Leave()
	if d.counts.Full(nobody) {
		t.Error("a detached place does not come back")
	}
}

func TestAConnectionThatIsClosedWhileItArrivesKeepsNoPlace(t *testing.T) {
	d := newDoor(Options{PerAddress: 1})
	c := &Conn{door: d}
	c.closed.Store(true)
	d.counts.Take(netip.Addr{})
	c.sit(&Place{d.counts, netip.Addr{}})
	if d.counts.Full(netip.Addr{}) {
		t.Error("it keeps one")
	}
}

func TestNoDoorIsOpen(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if got := New(Options{Trusted: loopback()}).Listen(l); got != l {
		t.Errorf("it wraps the listener in %T", got)
	}
}
