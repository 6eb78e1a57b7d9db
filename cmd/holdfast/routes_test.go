package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// named is an origin that tells its name, and what it was asked, as JSON.
func named(name string) http.Handler {
	mux := holding()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", name)
		json.NewEncoder(w).Encode(request{name, r.Host, r.RequestURI, r.Header})
	})
	return mux
}

// request is what an origin was asked.
type request struct {
	Origin, Host, Target string
	Header               http.Header
}

// unusedURL is where nobody listens: a port below those that systems give away, so
// that no other server of a test gets it meanwhile.
const unusedURL = "http://127.0.0.1:1"

// routed serves several routes and the short form of one more.
func routed(t *testing.T) *server {
	return startServer(t, `
origin: `+startOrigin(t, named("short form"))+`
routes:
  - {host: a.example, origins: ["`+startOrigin(t, named("a"))+`"], channel_prefix: "a:"}
  - {host: a.example, path_prefix: /deep, rewrite_prefix: /, origins: ["`+startOrigin(t, named("deep"))+`"]}
  - {path_prefix: /failover, origins: ["`+unusedURL+`", "`+startOrigin(t, named("second"))+`"]}
  - {path_prefix: /order, origins: ["`+startOrigin(t, named("first"))+`", "`+startOrigin(t, named("second"))+`"]}
  - path_prefix: /edits
    origins: ["`+startOrigin(t, named("edits"))+`"]
    request_headers: {set: ["X-Set: one", "Host: api.internal"], remove: [Cookie]}
    response_headers: {set: ["X-Frame-Options: DENY"], remove: [Server]}
  - {path_prefix: /ws, origins: ["`+startOrigin(t, named("plain"))+`"]}
  - {host: b.example, path_prefix: /ws, protocol: websocket, origins: ["`+startOrigin(t, named("websockets"))+`"]}
  - {path_prefix: /secure, tls: only, origins: ["`+startOrigin(t, named("over TLS"))+`"]}
  - {path_prefix: /turns, balance: round_robin, origins: ["`+startOrigin(t, named("one"))+`", "`+startOrigin(t, named("two"))+`"]}
  - {path_prefix: /own, sig_key: "a key of this route, of thirty-two bytes", sig_iss: me, cors: {origins: ["*"], credentials: true}, origins: ["`+startOrigin(t, named("own"))+`"]}
  - {name: debug, path_prefix: /debug, debug: true, origins: ["`+unusedURL+`"]}
  - {path_prefix: /implicit, rewrite_prefix: /, subscribe: [everyone], origins: ["`+startOrigin(t, named("implicit"))+`"]}
  - {name: down, path_prefix: /down, origins: ["`+unusedURL+`"]}
grip: {sig_key: "a key of at least thirty-two bytes"}
`)
}

// get asks for a path of a host. Fields are names and values in turn.
func get(t *testing.T, client *http.Client, s *server, host, path string, fields ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

// asking is get in the background, for an EventSource. The channel yields the
// body, or nothing but an empty string after a failure.
func asking(t *testing.T, client *http.Client, s *server, path string) <-chan string {
	answer := make(chan string, 1)
	go func() {
		body := ""
		defer func() { answer <- body }() // get may end this goroutine
		_, body = get(t, client, s, "", path, "Accept", "text/event-stream")
	}()
	return answer
}

func TestRoutesOfAFile(t *testing.T) {
	s := routed(t)
	tests := []struct {
		name, host, path string
		origin, target   string
	}{
		{"a host has its route", "a.example", "/x?q=1", "a", "/x?q=1"},
		{"in any case and with any port", "A.Example:7999", "/x", "a", "/x"},
		{"the longer prefix comes first, and is rewritten", "a.example", "/deep/x", "deep", "/x"},
		{"prefixes are whole segments", "a.example", "/deeper", "a", "/deeper"},
		{"the second origin answers when the first cannot be reached", "b.example", "/failover/x", "second", "/failover/x"},
		{"the first origin comes first", "b.example", "/order", "first", "/order"},
		{"a route for WebSockets does not take others", "b.example", "/ws", "plain", "/ws"},
		{"a route for TLS does not take what is in the clear", "b.example", "/secure", "short form", "/secure"},
		{"the first of the turns", "b.example", "/turns", "one", "/turns"},
		{"the second of the turns", "b.example", "/turns", "two", "/turns"},
		{"the short form takes what is left", "b.example", "/x", "short form", "/x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, body := get(t, newClient(t), s, tt.host, tt.path)
			var got request
			if err := json.Unmarshal([]byte(body), &got); err != nil {
				t.Fatalf("%v: %s", err, body)
			}
			if got.Origin != tt.origin || got.Target != tt.target || got.Host != tt.host {
				t.Errorf("%q was asked for %q of %q", got.Origin, got.Target, got.Host)
			}
			if got.Header.Get("Grip-Sig") == "" {
				t.Error("the request is not signed")
			}
		})
	}
}

func TestHeaderEditsOfAFile(t *testing.T) {
	s := routed(t)
	response, body := get(t, newClient(t), s, "b.example", "/edits/", "Cookie", "secret", "X-Set", "theirs")
	var got request
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if got.Host != "api.internal" || got.Header.Get("X-Set") != "one" || got.Header.Get("Cookie") != "" {
		t.Errorf("the origin got %+v", got)
	}
	if h := response.Header; h.Get("X-Frame-Options") != "DENY" || h.Get("Server") != "" {
		t.Errorf("the client got %v", h)
	}
}

func TestAWebSocketHasItsOwnRoute(t *testing.T) {
	s := routed(t)
	_, body := get(t, newClient(t), s, "b.example", "/ws", "Connection", "Upgrade", "Upgrade", "websocket")
	if !strings.Contains(body, `"Origin":"websockets"`) {
		t.Errorf("the answer is %s", body)
	}
}

func TestARouteSignsByItsOwnKeyAndAllowsPages(t *testing.T) {
	s := routed(t)
	response, body := get(t, newClient(t), s, "b.example", "/own", "Origin", "https://page.example")
	var got request
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(got.Header.Get("Grip-Sig"), claims, func(*jwt.Token) (any, error) {
		return []byte("a key of this route, of thirty-two bytes"), nil
	})
	if err != nil || claims["iss"] != "me" {
		t.Errorf("the signature says %v, %v", claims, err)
	}
	if got := response.Header.Get("Access-Control-Allow-Origin"); got != "https://page.example" {
		t.Errorf("pages of %q are allowed", got)
	}
}

func TestARouteForFindingFaultsTellsThem(t *testing.T) {
	s := routed(t)
	if _, body := get(t, newClient(t), s, "b.example", "/debug"); !strings.Contains(body, "connection refused") {
		t.Errorf("the client is told %q", body)
	}
}

func TestARouteSubscribesItsHolds(t *testing.T) {
	s := routed(t)
	all := s.followAt(t, newClient(t), "b.example", "/implicit/stream?channel=x")
	s.publish(message("everyone", "", "hello"))
	all.wantData("hello")
}

// TestChannelPrefixKeepsRoutesApart also shows that publishers name the whole
// channel.
func TestChannelPrefixKeepsRoutesApart(t *testing.T) {
	s := routed(t)
	client := newClient(t)
	prefixed := s.followAt(t, client, "a.example", "/stream?channel=x")
	plain := s.followAt(t, client, "b.example", "/stream?channel=x")
	s.publish(message("x", "", "plain"), message("a:x", "", "prefixed"))
	prefixed.wantData("prefixed")
	plain.wantData("plain")
}

// followAt opens a stream of holding on a host.
func (s *server) followAt(t *testing.T, client *http.Client, host, path string) *subscriber {
	t.Helper()
	at := *client
	at.Transport = hostTransport{client.Transport, host}
	return follow(t, &at, s.URL+path, "")
}

// hostTransport asks for a host that the connection does not lead to.
type hostTransport struct {
	http.RoundTripper
	host string
}

func (h hostTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Host = h.host
	return h.RoundTripper.RoundTrip(r)
}

// TestOriginDown: only an EventSource is told to come back, as any other
// status would make it give up for good.
func TestOriginDown(t *testing.T) {
	s := routed(t)
	response, body := get(t, newClient(t), s, "b.example", "/down/x", "Accept", "text/event-stream")
	if response.StatusCode != http.StatusOK || !strings.HasPrefix(body, "retry: ") {
		t.Errorf("an EventSource gets %s, %q", response.Status, body)
	}
	response, body = get(t, newClient(t), s, "b.example", "/down/x", "Accept", "application/json")
	if response.StatusCode != http.StatusBadGateway || !strings.Contains(body, `"origin_unreachable"`) {
		t.Errorf("others get %s, %q", response.Status, body)
	}
	if got := s.metrics()[`holdfast_request_failures_total{reason="origin_unreachable",route="down"}`]; got != 2 {
		t.Errorf("%v failures are counted, want 2", got)
	}
}
