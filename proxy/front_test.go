package proxy

import (
	"crypto/tls"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/websocket"
)

// changing is a Front on a real socket.
type changing struct {
	*Front
	url     string
	options Options
	metrics *prometheus.Registry
}

func newChanging(t *testing.T, routes ...Route) *changing {
	t.Helper()
	reg := prometheus.NewRegistry()
	o := Options{Head: func() channels.Position { return channels.Position{} }, Log: zap.NewNop(), Metrics: NewMetrics(reg), Routes: routes}
	o.Limits = Limits{Queue: 100, NewStreams: 1000, Patience: patience}
	o.Holding.Counts, o.Holding.SocketMetrics = hold.NewMetrics(reg), websocket.NewMetrics(reg)
	f, err := NewFront(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return &changing{f, "http://" + serve(t, ServerOptions{Handler: f, Listen: []string{"127.0.0.1:0"}}), o, reg}
}

// routed is a route with a name.
func routed(name, prefix string, origins ...string) Route {
	rt := routeTo(origins...)
	rt.Name, rt.PathPrefix = name, prefix
	return rt
}

// replace has these routes served.
func (c *changing) replace(t *testing.T, routes ...Route) {
	t.Helper()
	c.options.Routes = routes
	if err := c.Replace(c.options); err != nil {
		t.Fatal(err)
	}
}

// current is the handler for new requests.
func (c *changing) current() *Handler { return c.line.current.Load() }

// ask returns the status and the body of an answer.
func (c *changing) ask(t *testing.T, path string) (int, string) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(c.url + path)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return resp.StatusCode, string(body)
}

// labels returns the values that a label has in all metrics.
func (c *changing) labels(t *testing.T, name string) []string {
	families, err := c.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for _, family := range families {
		for _, m := range family.GetMetric() {
			for _, label := range m.GetLabel() {
				if label.GetName() == name {
					values = append(values, label.GetValue())
				}
			}
		}
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// becomes waits for what the end of a handler does.
func becomes(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

func TestNewRequestsGetTheNewRoutes(t *testing.T) {
	say := func(text string) string {
		return newOrigin(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) }).URL
	}
	one, two := say("one"), say("two")
	c := newChanging(t, routed("a", "/a", one), routed("b", "/b", one))
	c.replace(t, routed("b", "/b", two), routed("c", "/c", one))
	for path, want := range map[string]string{"/b": "two", "/c": "one"} {
		if status, got := c.ask(t, path); status != http.StatusOK || got != want {
			t.Errorf("%s: %d %q, want %q", path, status, got, want)
		}
	}
	if status, _ := c.ask(t, "/a"); status != http.StatusNotFound {
		t.Errorf("a route that is gone: %d", status)
	}
}

func TestRoutesThatAreRefusedChangeNothing(t *testing.T) {
	origin := newOrigin(t, func(http.ResponseWriter, *http.Request) {}).URL
	c := newChanging(t, routed("a", "/a", origin))
	was := c.current()
	c.options.Routes = []Route{routed("new", "/a", origin), routed("other", "/a", origin)}
	if err := c.Replace(c.options); err == nil {
		t.Error("two routes that take the same are taken")
	}
	if c.current() != was || slices.Contains(c.labels(t, "route"), "new") {
		t.Error("something has changed")
	}
}

func TestARequestUnderWayKeepsItsRouteAndTheRouteItsMetrics(t *testing.T) {
	asked, goOn := make(chan struct{}), make(chan struct{})
	slow := newOrigin(t, func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-goOn
		io.WriteString(w, "slow")
	}).URL
	c := newChanging(t, routed("gone", "/gone", slow), routed("stays", "/stays", slow))
	answer := make(chan string, 1)
	go func() {
		_, body := c.ask(t, "/gone")
		answer <- body
	}()
	<-asked
	c.replace(t, routed("stays", "/stays", slow))
	c.replace(t, routed("stays", "/stays", slow))
	if !slices.Contains(c.labels(t, "route"), "gone") {
		t.Error("a route with a request is not in the metrics")
	}
	close(goOn)
	if got := within(t, answer, "the answer"); got != "slow" {
		t.Errorf("got %q", got)
	}
	becomes(t, "the metrics forget the route", func() bool { return !slices.Contains(c.labels(t, "route"), "gone") })
	if !slices.Contains(c.labels(t, "route"), "stays") {
		t.Error("they have forgotten another")
	}
	becomes(t, "the handlers before are gone", func() bool {
		c.line.mu.Lock()
		defer c.line.mu.Unlock()
		return len(c.line.alive) == 1
	})
}

func TestTheMetricsForgetAnOriginThatIsGone(t *testing.T) {
	c := newChanging(t, routed("a", "/a", "http://one.test", "http://two.test"))
	c.replace(t, routed("a", "/a", "http://two.test", "http://three.test"))
	becomes(t, "the first origin is forgotten", func() bool {
		return slices.Equal(c.labels(t, "origin"), []string{"three.test", "two.test"})
	})
}

func TestARouteKeepsItsWayUnlessASettingIsAnother(t *testing.T) {
	sameTLS := &showing{&tls.Config{}}
	tests := []struct {
		name string
		edit func(*Options)
		want bool
	}{
		{"nothing", func(*Options) {}, true},
		{"another signer", func(o *Options) { o.Routes[0].Signer = signature("new") }, true},
		{"another route", func(o *Options) { o.Routes = append(o.Routes, routed("b", "/b", "http://o.test")) }, true},
		{"another origin", func(o *Options) { o.Routes[0] = routed("a", "/", "http://p.test") }, false},
		{"another timeout", func(o *Options) { o.Routes[0].ConnectTimeout = time.Second }, false},
		{"the same TLS", func(o *Options) { o.Routes[0].OriginTLS = sameTLS }, true},
		{"other TLS", func(o *Options) { o.Routes[0].OriginTLS = &showing{&tls.Config{}} }, false},
		{"another queue", func(o *Options) { o.Limits.Queue++ }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			first := routed("a", "/", "http://o.test")
			first.OriginTLS = sameTLS
			c := newChanging(t, first)
			was := c.current().routes.named["a"]
			o := c.options
			o.Routes = []Route{routed("a", "/", "http://o.test")}
			o.Routes[0].OriginTLS = sameTLS
			tt.edit(&o)
			if err := c.Replace(o); err != nil {
				t.Fatal(err)
			}
			is := c.current().routes.named["a"]
			if kept := is.asks == was.asks; kept != tt.want {
				t.Errorf("kept is %v", kept)
			}
			if same := is.Origins[0] == was.Origins[0]; same != tt.want {
				t.Errorf("its way does not know its origins")
			}
		})
	}
}

func TestThePaceOfNewStreamsIsKeptWhileItIsTheSame(t *testing.T) {
	c := newChanging(t, routed("a", "/", "http://o.test"))
	was := c.current().newStreams
	c.replace(t, routed("b", "/", "http://p.test"))
	if c.current().newStreams != was {
		t.Error("there is another pace for the same limits")
	}
	c.options.Limits.NewStreams = 1
	c.replace(t, routed("b", "/", "http://p.test"))
	if c.current().newStreams == was {
		t.Error("other limits have the pace of before")
	}
}

// signature is a Signer.
type signature string

func (s signature) Header(time.Time) (string, error) { return string(s), nil }

func TestAHandlerOfBeforeSignsWithTheKeyOfNow(t *testing.T) {
	c := newChanging(t, routed("own", "/own", "http://o.test"), routed("shared", "/shared", "http://o.test"), routed("gone", "/gone", "http://o.test"))
	was := c.current()
	c.options.Signer = signature("everybody's")
	own := routed("own", "/own", "http://o.test")
	own.Signer = signature("its own")
	c.replace(t, own, routed("shared", "/shared", "http://o.test"))
	for name, want := range map[string]string{"own": "its own", "shared": "everybody's", "gone": "everybody's"} {
		header := http.Header{}
		was.sign(header, was.routes.named[name])
		if got := header.Get("Grip-Sig"); got != want {
			t.Errorf("route %s signs %q, want %q", name, got, want)
		}
	}
}

func TestUsersCannotEnterWhenAllHaveLeft(t *testing.T) {
	var u users
	u.first()
	if !u.enter() || u.leave() || !u.leave() {
		t.Error("the second of two users is not the last")
	}
	if u.enter() {
		t.Error("somebody entered after the last")
	}
}

func TestAFrontThatIsClosedIsNotReplaced(t *testing.T) {
	c := newChanging(t, routed("a", "/", "http://o.test"))
	was := c.current()
	c.Close()
	if err := c.Replace(c.options); err == nil || c.current() != was {
		t.Errorf("it is replaced: %v", err)
	}
}
