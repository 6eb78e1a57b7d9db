package proxy

import (
	"crypto/tls"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

func TestRouteOfRequest(t *testing.T) {
	var routes []*route
	for _, r := range []Route{
		{Name: "all", PathPrefix: "/"},
		{Name: "api", PathPrefix: "/api"},
		{Name: "slash", PathPrefix: "/dir/"},
		{Name: "escaped", PathPrefix: "/a%2Fb"},
		{Name: "host", Host: "API.test", PathPrefix: "/v1"},
		{Name: "host deep", Host: "api.test.", PathPrefix: "/v1/users"},
		{Name: "ip", Host: "[::1]", PathPrefix: "/"},
		{Name: "bare ip", Host: "2001:DB8::0:1", PathPrefix: "/"},
	} {
		routes = append(routes, &route{Route: r.withDefaults()})
	}
	rs, err := newRouter(routes)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, host, path, want string }{
		{"anything else", "x", "/", "all"},
		{"the prefix itself", "x", "/api", "api"},
		{"below the prefix", "x", "/api/y", "api"},
		{"the prefix and a slash", "x", "/api/", "api"},
		{"the prefix within a segment", "x", "/apix", "all"},
		{"a prefix with a slash, without it", "x", "/dir", "all"},
		{"a prefix with a slash, with it", "x", "/dir/", "slash"},
		{"a prefix with a slash, below it", "x", "/dir/y", "slash"},
		{"escapes are not undone", "x", "/a/b", "all"},
		{"escapes are compared as they are", "x", "/a%2Fb/c", "escaped"},
		{"dot segments within the prefix", "x", "/api/y/../z", "api"},
		{"dot segments that lead to another route", "x", "/y/../api", ""},
		{"the host in another case, with a port", "Api.Test:80", "/v1", "host"},
		{"the host with a dot", "api.test.:80", "/v1", "host"},
		{"the longest prefix of the host", "api.test", "/v1/users/7", "host deep"},
		{"a path that the host does not have", "api.test", "/api/z", "api"},
		{"another host of the same end", "x.api.test", "/v1", "all"},
		{"an IPv6 address with a port", "[::1]:80", "/", "ip"},
		{"an IPv6 address", "[::1]", "/", "ip"},
		{"an IPv6 address in another form", "[0:0::0001]:80", "/", "ip"},
		{"an IPv6 address of a route without brackets", "[2001:db8::1]:7999", "/", "bare ip"},
		{"another IPv6 address", "[::2]", "/", "all"},
		{"a colon for a host", ":", "/", "all"},
		{"no host", "", "/", "all"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := rs.find(incoming{host: tt.host, path: tt.path, protocol: ProtocolHTTP, tls: TLSNever})
			if got == nil && tt.want != "" || got != nil && got.Name != tt.want {
				t.Errorf("got %+v, want %q", got, tt.want)
			}
		})
	}
}

func TestRouteOfProtocolAndConnection(t *testing.T) {
	var routes []*route
	for _, r := range []Route{
		{Name: "rest"},
		{Name: "deep", PathPrefix: "/deep"},
		{Name: "deep tls", PathPrefix: "/deep", TLS: TLSOnly},
		{Name: "ws", Protocol: ProtocolWebSocket},
		{Name: "clear", Host: "h", TLS: TLSNever},
		{Name: "http", Host: "p", Protocol: ProtocolHTTP},
	} {
		routes = append(routes, &route{Route: r.withDefaults()})
	}
	rs, err := newRouter(routes)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, host, path string
		protocol         Protocol
		tls              TLS
		want             string
	}{
		{"what no other takes", "x", "/", ProtocolHTTP, TLSOnly, "rest"},
		{"a WebSocket", "x", "/", ProtocolWebSocket, TLSNever, "ws"},
		{"the protocol comes before the path", "x", "/deep", ProtocolWebSocket, TLSOnly, "ws"},
		{"the kind of connection comes after the path", "x", "/deep", ProtocolHTTP, TLSOnly, "deep tls"},
		{"TLS that is not there", "x", "/deep", ProtocolHTTP, TLSNever, "deep"},
		{"a host in the clear only", "h", "/", ProtocolHTTP, TLSNever, "clear"},
		{"over TLS it has no route of its own", "h", "/", ProtocolHTTP, TLSOnly, "rest"},
		{"a host without WebSockets", "p", "/", ProtocolWebSocket, TLSNever, "ws"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := rs.find(incoming{host: tt.host, path: tt.path, protocol: tt.protocol, tls: tt.tls}); got == nil || got.Name != tt.want {
				t.Errorf("got %+v, want %s", got, tt.want)
			}
		})
	}
}

func TestWhatARequestIsForRouting(t *testing.T) {
	trusted := trustedPeers{netip.MustParsePrefix("10.0.0.0/8")}
	tests := []struct {
		name, method, peer string
		secure             bool
		fields             map[string]string
		protocol           Protocol
		tls                TLS
	}{
		{"an ordinary request", "GET", "10.0.0.1:1", false, nil, ProtocolHTTP, TLSNever},
		{"over TLS", "GET", "10.0.0.1:1", true, nil, ProtocolHTTP, TLSOnly},
		{"over TLS to a trusted proxy", "GET", "10.0.0.1:1", false, map[string]string{"X-Forwarded-Proto": "https"}, ProtocolHTTP, TLSOnly},
		{"a WebSocket by its word", "GET", "10.0.0.1:1", false, map[string]string{"X-Forwarded-Proto": "wss"}, ProtocolHTTP, TLSOnly},
		{"in the clear to a trusted proxy", "GET", "10.0.0.1:1", true, map[string]string{"X-Forwarded-Proto": "http"}, ProtocolHTTP, TLSNever},
		{"TLS by a stranger's word", "GET", "11.0.0.1:1", false, map[string]string{"X-Forwarded-Proto": "https"}, ProtocolHTTP, TLSNever},
		{"a WebSocket", "GET", "", false, map[string]string{"Connection": "keep-alive, Upgrade", "Upgrade": "WebSocket"}, ProtocolWebSocket, TLSNever},
		{"another upgrade", "GET", "", false, map[string]string{"Connection": "Upgrade", "Upgrade": "h2c"}, ProtocolHTTP, TLSNever},
		{"an upgrade that is not announced", "GET", "", false, map[string]string{"Upgrade": "websocket"}, ProtocolHTTP, TLSNever},
		{"an upgrade of another method", "POST", "", false, map[string]string{"Connection": "Upgrade", "Upgrade": "websocket"}, ProtocolHTTP, TLSNever},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, "/x", nil)
			r.RemoteAddr = tt.peer
			if tt.secure {
				r.TLS = &tls.ConnectionState{}
			}
			for name, value := range tt.fields {
				r.Header.Set(name, value)
			}
			if got := trusted.incomingOf(r); got.protocol != tt.protocol || got.tls != tt.tls {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestNewRefusesRoutesThatCannotWork(t *testing.T) {
	good := routeTo("http://o.test")
	with := func(edit func(*Route)) []Route {
		r := good
		edit(&r)
		return []Route{r}
	}
	tests := []struct {
		name   string
		routes []Route
		want   string
	}{
		{"no routes", nil, "no routes"},
		{"no origins", with(func(r *Route) { r.Origins = nil }), `route "*/": no origins`},
		{"an origin with a path", []Route{routeTo("http://o.test/base")}, "only scheme, host and port"},
		{"an origin of another scheme", []Route{routeTo("ftp://o.test")}, "the scheme must be http or https"},
		{"an origin without a host", []Route{routeTo("http://")}, "no host"},
		{"a password in an origin is not told", []Route{routeTo("http://u:secret@o.test")}, "u:xxxxx@o.test"},
		{"a prefix without a slash", with(func(r *Route) { r.PathPrefix = "api" }), `path prefix "api"`},
		{"a rewritten prefix without a slash", with(func(r *Route) { r.RewritePrefix = "api" }), `rewritten prefix "api"`},
		{"two of the same host and prefix", []Route{good, good}, "another route"},
		{"two of the same name", append(with(func(r *Route) { r.Name, r.Host = "n", "a" }), with(func(r *Route) { r.Name, r.Host = "n", "b" })...), "another route"},
		{"an edit of framing", with(func(r *Route) { r.Request.Remove = []string{"content-length"} }), `request header "content-length"`},
		{"an edit of GRIP", with(func(r *Route) { r.Response.Set = []Field{{"Grip-Hold", "x"}} }), `response header "Grip-Hold"`},
		{"an edit that is no name", with(func(r *Route) { r.Request.Set = []Field{{"a b", "x"}} }), `request header "a b"`},
		{"an edit with a line break", with(func(r *Route) { r.Response.Set = []Field{{"A", "x\r\ny"}} }), "control characters"},
		{"a protocol that is none", with(func(r *Route) { r.Protocol = "ftp" }), `protocol "ftp"`},
		{"a way to balance that is none", with(func(r *Route) { r.Balance = "best" }), `balance "best"`},
		{"a channel without a name", with(func(r *Route) { r.Subscribe = []string{""} }), "is empty"},
		{"an on_unavailable that is none", with(func(r *Route) { r.OnUnavailable = "never" }), `on_unavailable "never"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(Options{Routes: tt.routes, Log: zap.NewNop(), Metrics: NewMetrics(prometheus.NewRegistry())})
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
