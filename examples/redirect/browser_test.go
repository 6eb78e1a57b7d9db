package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/holdfast-proxy/holdfast/internal/browsertest"
	"github.com/holdfast-proxy/holdfast/internal/servetest"
)

// start runs the example: the page and the API on localhost, the proxy on
// 127.0.0.1. It returns the page's site.
func start(t *testing.T) string {
	var h http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	proxy := servetest.Start(t, server.URL)
	site := onHost("localhost", server)
	h = newAPI(site, proxy.URL, proxy.ControlURL).routes()
	return site
}

// onHost is the server's URL under another name of this machine.
func onHost(host string, server *httptest.Server) string {
	return fmt.Sprintf("http://%s:%d", host, server.Listener.Addr().(*net.TCPAddr).Port)
}

// logged waits until the n-th line of the page's log is text.
func logged(ctx context.Context, t *testing.T, n int, text string) {
	t.Helper()
	browsertest.Do(ctx, t, chromedp.Poll[chromedp.Void](
		fmt.Sprintf(`document.querySelector("#log li:nth-child(%d)")?.textContent.startsWith(%q)`, n, text)))
}

func TestThePageOnAnotherSiteGetsItsEvents(t *testing.T) {
	for name, credentials := range map[string]string{"without credentials": "", "with credentials": "include"} {
		t.Run(name, func(t *testing.T) {
			ctx := browsertest.New(t)
			browsertest.Do(ctx, t, chromedp.Navigate(start(t)+"/"))
			logged(ctx, t, 1, "welcome, guest-")
			if credentials != "" {
				browsertest.Do(ctx, t, chromedp.Click(chromedp.CSS("#mode [value=include]")))
				logged(ctx, t, 2, "welcome, guest-")
			}
			browsertest.Do(ctx, t, chromedp.Click(chromedp.CSS("#publish button")))
			browsertest.Do(ctx, t, chromedp.Poll[chromedp.Void](`document.querySelector("#log li:last-child").textContent === "Hello"`))
		})
	}
}

func TestAFetchWithLastEventIDIsAllowedByThePreflight(t *testing.T) {
	ctx := browsertest.New(t)
	browsertest.Do(ctx, t, chromedp.Navigate(start(t)+"/"))
	logged(ctx, t, 1, "welcome, guest-")
	text := browsertest.Value(ctx, t, chromedp.Evaluate[string](`(async () => {
		const response = await fetch("/live", {headers: {"Last-Event-ID": "x"}});
		const {value} = await response.body.getReader().read();
		return new TextDecoder().decode(value).slice(0, 11);
	})()`, chromedp.EvalAwaitPromise))
	if text != "retry: 1000" {
		t.Errorf("the stream begins with %q", text)
	}
}

// What the README says cannot be done: page, API and Holdfast on three sites,
// with credentials. The API's redirect leads from one foreign site to another,
// and the browser no longer says where the request comes from.
func TestOnThreeSitesTheBrowserDoesNotNameThePage(t *testing.T) {
	var mu sync.Mutex
	var origins []string
	third := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		origins = append(origins, r.Header.Get("Origin"))
		mu.Unlock()
		newAPI("http://page", "", "").allow(w, r)
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: 1\n\n")
	}))
	defer third.Close()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		http.Redirect(w, r, third.URL, http.StatusTemporaryRedirect)
	}))
	defer api.Close()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<p>page") }))
	defer page.Close()

	ctx := browsertest.New(t)
	browsertest.Do(ctx, t, chromedp.Navigate(onHost("page.localhost", page)))
	for credentials, want := range map[bool]string{false: "open", true: "refused"} {
		got := browsertest.Value(ctx, t, chromedp.Evaluate[string](fmt.Sprintf(`new Promise((done) => {
			const source = new EventSource(%q, {withCredentials: %v});
			source.onopen = () => { source.close(); done("open") };
			source.onerror = () => { source.close(); done("refused") };
		})`, onHost("localhost", api), credentials), chromedp.EvalAwaitPromise))
		if got != want {
			t.Errorf("credentials %v: %s, want %s", credentials, got, want)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(origins, []string{"null", "null"}) {
		t.Errorf("the third site was told the origins %q", origins)
	}
}
