package proxy

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestWire plays testdata/*.txt: what clients send, what the origin gets and
// answers, what is published, what the clients get, all in bytes.
func TestWire(t *testing.T) {
	for file, scripts := range readScripts(t, "testdata/*.txt") {
		for _, s := range scripts {
			t.Run(filepath.Base(file)+"/"+s.name, func(t *testing.T) {
				if !s.originIsDown() { // or its address could become another case's
					t.Parallel() // some wait for a keep-alive
				}
				play(t, file, s)
			})
		}
	}
}

// player plays one script. It is the clients, the origin and the publisher.
type player struct {
	t        *testing.T
	station  *station
	listener net.Listener     // of the origin
	clients  map[string]*peer // by what stands after "client"; made when used
	current  string           // whose step it is
	origin   *peer            // nil until used, or after it has closed
	asked    *http.Request    // what the origin answered last
}

// peer is an end of a connection.
type peer struct {
	net.Conn
	r *bufio.Reader
}

func newPeer(c net.Conn) *peer {
	c.SetDeadline(time.Now().Add(patience))
	return &peer{c, bufio.NewReader(c)}
}

// steps are the steps of scripts by name. Where there are several clients
// they have a number: "client 2 gets".
func (p *player) steps() map[string]func(*step) error {
	steps := map[string]func(*step) error{
		"client sends":       func(s *step) error { return p.theClient().send(s) },
		"client sends bytes": func(s *step) error { return p.theClient().sendBytes(s) },
		"client gets":        func(s *step) error { return p.theClient().get(s) },
		"client gets bytes":  func(s *step) error { return p.theClient().getBytes(s) },
		"client sees end":    func(*step) error { return p.theClient().seeEnd() },
		"client is cut":      func(*step) error { return p.theClient().seeCut() },
		"client closes":      func(*step) error { return p.theClient().Close() },
		"client again":       func(*step) error { delete(p.clients, p.current); return nil },
		"origin gets":        func(s *step) error { return p.theOrigin().get(s) },
		"origin gets bytes":  func(s *step) error { return p.theOrigin().getBytes(s) },
		"origin sends":       func(s *step) error { return p.theOrigin().send(s) },
		"origin sends bytes": func(s *step) error { return p.theOrigin().sendBytes(s) },
		"origin sees end":    func(*step) error { return p.theOrigin().seeEnd() },
		"origin closes":      p.originCloses,
	}
	maps.Copy(steps, p.holdSteps())
	return steps
}

// settings are what "with" can set.
func settings() map[string]setting {
	settings := map[string]setting{
		"host":           func(_ *stationOptions, rt *Route, v string) { rt.Host = v },
		"prefix":         func(_ *stationOptions, rt *Route, v string) { rt.PathPrefix = v },
		"rewrite":        func(_ *stationOptions, rt *Route, v string) { rt.RewritePrefix = v },
		"on_unavailable": func(_ *stationOptions, rt *Route, v string) { rt.OnUnavailable = OnUnavailable(v) },
		"header_timeout": func(_ *stationOptions, rt *Route, v string) { rt.ResponseHeaderTimeout, _ = time.ParseDuration(v) },
		"trust": func(o *stationOptions, _ *Route, v string) {
			o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix(v)}
		},
		"feature":        func(o *stationOptions, _ *Route, v string) { o.Feature = v },
		"key":            func(o *stationOptions, _ *Route, v string) { o.Signer = fixedSigner(v) },
		"upstream":       func(o *stationOptions, _ *Route, v string) { o.Upstream = fixedSigner(v) },
		"set_request":    func(_ *stationOptions, rt *Route, v string) { rt.Request.Set = append(rt.Request.Set, fieldOf(v)) },
		"set_response":   func(_ *stationOptions, rt *Route, v string) { rt.Response.Set = append(rt.Response.Set, fieldOf(v)) },
		"remove_request": func(_ *stationOptions, rt *Route, v string) { rt.Request.Remove = append(rt.Request.Remove, v) },
		"origin":         func(*stationOptions, *Route, string) {}, // "down": see play
	}
	maps.Copy(settings, holdSettings())
	maps.Copy(settings, routeSettings())
	return settings
}

type setting = func(o *stationOptions, rt *Route, value string)

func fieldOf(s string) Field {
	name, value, _ := strings.Cut(s, ":")
	return Field{name, value}
}

// fixedSigner signs with itself. It is a Verifier too.
type fixedSigner string

func (f fixedSigner) Header(time.Time) (string, error) { return string(f), nil }

// Verify believes what it would sign.
func (f fixedSigner) Verify(signature string, _ time.Time) error {
	if signature != string(f) {
		return errors.New("not signed with this")
	}
	return nil
}

// originIsDown: nobody listens where the route leads.
func (s *script) originIsDown() bool { return slices.Contains(s.with, [2]string{"origin", "down"}) }

func play(t *testing.T, file string, s script) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	origin := l.Addr().String()
	if s.originIsDown() {
		origin = unusedAddr
	}
	p := &player{t: t, listener: l, clients: map[string]*peer{}}
	rt := routeTo("http://" + origin)
	p.station = newStation(t, func(o *stationOptions) {
		for _, with := range s.with {
			set := settings()[with[0]]
			if set == nil {
				t.Fatalf("%s:%d: no setting %q", file, s.line, with[0])
			}
			set(o, &rt, with[1])
		}
		o.Routes = append(o.Routes, rt)
	})
	defer p.close()
	for _, step := range s.steps {
		do := p.steps()[p.turn(step.name)]
		if do == nil {
			t.Fatalf("%s:%d: no step %q", file, step.line, step.name)
		}
		if err := do(&step); err != nil {
			t.Fatalf("%s:%d: %s: %v", file, step.line, step.name, err)
		}
	}
}

// turn gives the turn to the client of a step and returns the step's name
// without its number.
func (p *player) turn(name string) string {
	if rest, ok := strings.CutPrefix(name, "client "); ok {
		number, rest, _ := strings.Cut(rest, " ")
		if _, err := strconv.Atoi(number); err == nil {
			p.current = number
			return "client " + rest
		}
		p.current = ""
	}
	return name
}

func (p *player) theClient() *peer {
	if p.clients[p.current] == nil {
		p.clients[p.current] = newPeer(dialWire(p.t, p.station.addr).Conn)
	}
	return p.clients[p.current]
}

func (p *player) theOrigin() *peer {
	if p.origin == nil {
		p.listener.(*net.TCPListener).SetDeadline(time.Now().Add(patience))
		c, err := p.listener.Accept()
		if err != nil {
			p.t.Fatalf("origin is not asked: %v", err)
		}
		p.origin = newPeer(c)
		p.origin.r.Peek(1) // it answers what it was asked
	}
	return p.origin
}

func (p *player) originCloses(*step) error {
	err := p.theOrigin().Close()
	p.origin = nil
	return err
}

func (p *player) close() {
	for _, client := range p.clients {
		client.Close()
	}
	if p.origin != nil {
		p.origin.Close()
	}
}

// send sends a message. Its head must have an end.
func (p *peer) send(s *step) error {
	head, body, ok := s.message()
	if !ok {
		return errors.New("the head has no end")
	}
	_, err := io.WriteString(p, strings.Join(append(head, "", ""), "\r\n")+body)
	return err
}

func (p *peer) sendBytes(s *step) error {
	_, err := io.WriteString(p, s.bytes())
	return err
}

// get reads a head, and as many bytes as the expected body has.
func (p *peer) get(s *step) error {
	want, body, _ := s.message()
	head := readHead(p.r)
	if head == "" {
		return errors.New("the connection ended before a head")
	}
	if err := diffHead(strings.Split(strings.TrimSuffix(head, "\r\n"), "\r\n"), want); err != nil {
		return err
	}
	return p.read(body)
}

func (p *peer) getBytes(s *step) error { return p.read(s.bytes()) }

func (p *peer) read(want string) error {
	got := make([]byte, len(want))
	n, err := io.ReadFull(p.r, got)
	if !matches(string(got[:n]), want) {
		return fmt.Errorf("read %q (%v), want %q", got[:n], err, want)
	}
	return nil
}

// seeEnd wants an orderly end and nothing before it.
func (p *peer) seeEnd() error {
	rest, err := io.ReadAll(p.r)
	if err != nil || len(rest) > 0 {
		return fmt.Errorf("read %q and %v, want the end", rest, err)
	}
	return nil
}

// seeCut wants the connection to end, in whatever way, and nothing before it.
func (p *peer) seeCut() error {
	rest, err := io.ReadAll(p.r)
	var timeout net.Error
	if len(rest) > 0 || errors.As(err, &timeout) && timeout.Timeout() {
		return fmt.Errorf("read %q and %v, want a cut", rest, err)
	}
	return nil
}
