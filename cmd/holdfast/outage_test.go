package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/browsertest"
	"github.com/holdfast-proxy/holdfast/internal/config"
)

// outage is how long the origin is down. It is real time: a browser waits it
// out.
const outage = 10 * time.Second

// Invariant 11: an EventSource gives up for good on any status but 200, so
// while the origin is down it must be told to come back instead. The page
// recovers by itself and has missed nothing, on Holdfast's own site as on
// another, with credentials.
func TestAPageRecoversFromAnOutageOfTheOrigin(t *testing.T) {
	t.Run("page on the same site", func(t *testing.T) {
		t.Parallel()
		recovers(t, func(n *node, _ string) (page, stream string) {
			site := "http://" + reachable(n.clients.Addrs()[0])
			return site, site
		})
	})
	t.Run("page on another site", func(t *testing.T) {
		t.Parallel()
		recovers(t, func(n *node, page string) (string, string) {
			_, port, _ := net.SplitHostPort(n.clients.Addrs()[0].String())
			return page, "http://localhost:" + port
		})
	})
}

// recovers takes a page through an outage. sites says where the page comes
// from and where its stream, given a server that is never down.
func recovers(t *testing.T, sites func(n *node, pages string) (page, stream string)) {
	ctx := browsertest.New(t)
	origin := startOutageOrigin(t, "127.0.0.1:0")
	n := startNode(t, func(cfg *config.Config) { cfg.Origin = "http://" + origin.Addr })
	page, stream := sites(n, "http://"+startOutageOrigin(t, "127.0.0.1:0").Addr)
	browsertest.Do(ctx, t, chromedp.Navigate(page+"/?"+stream))
	waitFor(ctx, t, `log.includes("open")`)
	control := "http://" + reachable(n.ways[0].Addr())
	post(t, control+"/channels/news", "before")
	waitFor(ctx, t, `log.includes("before")`)

	origin.Close()
	end, err := http.NewRequest(http.MethodDelete, control+"/channels/news", nil)
	if err != nil {
		t.Fatal(err)
	}
	do(t, end)
	post(t, control+"/channels/news", "during")
	time.Sleep(outage)
	if refused := browsertest.Value(ctx, t, chromedp.Evaluate[bool](`source.readyState === EventSource.CLOSED`)); refused {
		t.Fatal("the browser has given up")
	}

	startOutageOrigin(t, origin.Addr)
	waitFor(ctx, t, `log.includes("during")`)
	post(t, control+"/channels/news", "after")
	waitFor(ctx, t, `log.includes("after")`)
	got := browsertest.Value(ctx, t, chromedp.Evaluate[string](`log.filter(l => l !== "open" && l !== "error").join(" ")`))
	if got != "before during after" {
		t.Errorf("the page got %q", got)
	}
}

const outagePage = `<!doctype html><title>outage</title><script>
const log = [];
const source = new EventSource(location.search.slice(1) + "/events", {withCredentials: true});
source.onopen = () => log.push("open");
source.onerror = () => log.push("error");
source.onmessage = (e) => log.push(e.data);
</script>`

// startOutageOrigin serves a page and its stream until it or t is closed.
func startOutageOrigin(t *testing.T, addr string) *http.Server {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, outagePage)
	})
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Content-Type", "text/event-stream")
		h.Set("Grip-Hold", "stream")
		h.Set("Grip-Channel", "news")
	})
	server := &http.Server{Addr: l.Addr().String(), Handler: mux}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Close()
		<-done
	})
	return server
}

// startNode runs a node on free ports until t ends. change, if not nil, sets
// what is not the default.
func startNode(t testing.TB, change func(*config.Config)) *node {
	cfg := config.Default()
	cfg.Listen, cfg.Control.Listen = []string{"127.0.0.1:0"}, []string{"127.0.0.1:0"}
	cfg.Drain.Window = 0
	change(&cfg)
	n, err := newNode(cfg, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return n
}

func waitFor(ctx context.Context, t *testing.T, condition string) {
	t.Helper()
	browsertest.Do(ctx, t, chromedp.Poll[chromedp.Void](condition))
}

func post(t *testing.T, url, body string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	do(t, r)
}

func do(t *testing.T, r *http.Request) {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
		t.Fatal(fmt.Errorf("%s %s: %s %s", r.Method, r.URL, resp.Status, body))
	}
}
