package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/coder/websocket"

	"github.com/holdfast-proxy/holdfast/internal/browsertest"
)

// cookieAPI is an API that knows its users by a cookie, and nothing of CORS.
type cookieAPI struct {
	mu    sync.Mutex
	asked []string // methods and paths
}

func (a *cookieAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.asked = append(a.asked, r.Method+" "+r.URL.Path)
	a.mu.Unlock()
	user, err := r.Cookie("user")
	switch {
	case err != nil:
		http.Error(w, "who are you?", http.StatusUnauthorized)
	case r.URL.Path == "/api/gone":
		w.WriteHeader(http.StatusNoContent)
	case r.URL.Path == "/api/events":
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Grip-Hold", "stream")
		w.Header().Set("Grip-Channel", user.Value)
	case r.URL.Path == "/api/socket":
		greet(w, r, user.Value)
	default:
		w.Header().Set("X-Total", "7")
		io.WriteString(w, r.Method+" of "+user.Value+" with "+r.Header.Get("X-App"))
	}
}

// greet accepts a WebSocket from whatever page, as careless APIs do.
func greet(w http.ResponseWriter, r *http.Request, user string) {
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer c.CloseNow()
	if c.Write(r.Context(), websocket.MessageText, []byte("hello, "+user)) == nil {
		c.Read(r.Context()) // until the page closes it
	}
}

// reached reports whether a request has come to the API.
func (a *cookieAPI) reached(line string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Contains(strings.Join(a.asked, "\n"), line)
}

// twoPages are a page that the route lists, one that it does not list, and what is
// between them and the API. All are on one host, which has the cookie.
type twoPages struct {
	*server
	api            *cookieAPI
	site           string // of Holdfast
	listed, others string
}

func startTwoPages(t *testing.T) *twoPages {
	page := func() string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<!doctype html><title>page</title>")
		}))
		t.Cleanup(s.Close)
		return "http://" + onLocalhost(s.Listener.Addr().String())
	}
	p := &twoPages{api: &cookieAPI{}, listed: page(), others: page()}
	cors := `cors: {origins: ["` + p.listed + `"], credentials: true, methods: [PUT], headers: [X-App], expose: [X-Total]}`
	p.server = startServer(t, `
routes:
  - {path_prefix: /api, origins: ["`+startOrigin(t, p.api)+`"], check_origin: true, `+cors+`}
  - {path_prefix: /open, rewrite_prefix: /api, origins: ["`+startOrigin(t, p.api)+`"], `+cors+`}
  - {path_prefix: /down, origins: ["`+unusedURL+`"], `+cors+`}
`)
	p.site = "http://" + onLocalhost(p.address)
	return p
}

func onLocalhost(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return "localhost:" + port
}

// run evaluates a script on a page, with site and a user's cookie. It returns what
// its promise yields, or the name of the error.
func (p *twoPages) run(ctx context.Context, t *testing.T, script string) string {
	t.Helper()
	return browsertest.Value(ctx, t, chromedp.Evaluate[string](fmt.Sprintf(`(async () => {
		const site = %q;
		document.cookie = "user=ann";
		return String(await (async () => { %s })().catch((e) => e.name));
	})()`, p.site, script), chromedp.EvalAwaitPromise))
}

const (
	readStatus = `const a = await fetch(site + %q, {credentials: %q}); return a.status + " " + (await a.text()).trim();`
	openStream = `return new Promise((done) => {
		const source = new EventSource(site + %q, {withCredentials: true});
		source.onopen = () => done("open");
		source.onerror = () => { if (source.readyState === EventSource.CLOSED) done("closed for good"); };
		window.news = new Promise((got) => { source.onmessage = (e) => got(e.data); });
	});`
	openSocket = `return new Promise((done) => {
		const socket = new WebSocket(site.replace("http", "ws") + %q);
		socket.onmessage = (e) => { done(e.data); socket.close(); };
		socket.onerror = () => done("refused");
	});`
	save = `const a = await fetch(site + "/api/save", {method: "PUT", credentials: "include", headers: {"X-App": "x"}});
		return await a.text() + ", " + a.headers.get("X-Total");`
)

func TestAPageOfTheListReadsEverything(t *testing.T) {
	p := startTwoPages(t)
	ctx := browsertest.New(t)
	browsertest.Do(ctx, t, chromedp.Navigate(p.listed))
	for _, tt := range []struct{ name, script, want string }{
		{"a stream with cookies", fmt.Sprintf(openStream, "/api/events"), "open"},
		{"a request with a preflight", save, "PUT of ann with x, 7"},
		{"the same, whose preflight the browser remembers", save, "PUT of ann with x, 7"},
		{"a refusal of the API", fmt.Sprintf(readStatus, "/api/x", "omit"), "401 who are you?"},
		{"an error of ours", fmt.Sprintf(readStatus, "/down", "include"), "502 Error while proxying to origin."},
		{"a 204", fmt.Sprintf(readStatus, "/api/gone", "include"), "204"},
		{"a 204 to an EventSource, which does not come back", fmt.Sprintf(openStream, "/api/gone"), "closed for good"},
		{"a WebSocket", fmt.Sprintf(openSocket, "/api/socket"), "hello, ann"},
	} {
		if got := strings.TrimSpace(p.run(ctx, t, tt.script)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if p.api.reached("OPTIONS") {
		t.Error("a preflight has reached the API")
	}
	if n := p.metrics()[`holdfast_requests_total{outcome="preflight",protocol="1.1",route="/api"}`]; n != 1 {
		t.Errorf("%v preflights were answered", n)
	}
}

func TestAPageOfTheListGetsWhatIsPublished(t *testing.T) {
	p := startTwoPages(t)
	ctx := browsertest.New(t)
	browsertest.Do(ctx, t, chromedp.Navigate(p.listed))
	if got := p.run(ctx, t, fmt.Sprintf(openStream, "/api/events")); got != "open" {
		t.Fatalf("the stream is %s", got)
	}
	p.publish(message("ann", "1", "for ann"))
	if got := p.run(ctx, t, `return window.news;`); got != "for ann" {
		t.Errorf("the page got %q", got)
	}
}

func TestAPageOutsideTheListReadsNothing(t *testing.T) {
	p := startTwoPages(t)
	ctx := browsertest.New(t)
	browsertest.Do(ctx, t, chromedp.Navigate(p.others))
	for _, tt := range []struct{ name, script, want string }{
		{"a stream with cookies", fmt.Sprintf(openStream, "/api/events"), "closed for good"},
		{"a stream that is not checked", fmt.Sprintf(openStream, "/open/events"), "closed for good"},
		{"a request with a preflight", save, "TypeError"},
		{"a request without one", fmt.Sprintf(readStatus, "/open/x", "include"), "TypeError"},
		{"an error of ours", fmt.Sprintf(readStatus, "/down", "include"), "TypeError"},
		{"a WebSocket", fmt.Sprintf(openSocket, "/api/socket"), "refused"},
		{"a WebSocket that is not checked, which is the danger", fmt.Sprintf(openSocket, "/open/socket"), "hello, ann"},
	} {
		if got := p.run(ctx, t, tt.script); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	for _, line := range []string{"PUT /api/save", "OPTIONS"} {
		if p.api.reached(line) {
			t.Errorf("%s has reached the API", line)
		}
	}
	if n := p.metrics()[`holdfast_request_failures_total{reason="foreign_origin",route="/api"}`]; n != 2 {
		t.Errorf("%v requests were refused", n)
	}
}
