package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/holdfast-proxy/holdfast/internal/browsertest"
)

// wakefulPage keeps a stream with tokens that are good for seconds. While it is
// asleep it does nothing at all.
const wakefulPage = `<!doctype html><title>page</title><script type="module">
import { AuthorizedEventSource } from "./reauthorize.js";
window.log = [];
let wakeUp, awake = Promise.resolve();
window.sleep = () => { awake = new Promise((done) => { wakeUp = done; }); };
window.wake = () => wakeUp();
const newToken = async () => { await awake; return (await fetch("/token")).text(); };
window.start = () => {
	const source = new AuthorizedEventSource({
		url: async () => "/events?token=" + await newToken(),
		credentials: async () => ({ query: { token: await newToken() } }),
		minDelay: 10,
	});
	source.addEventListener("message", (e) => log.push(e.data));
	for (const type of ["reauthorized", "unauthorized"]) source.addEventListener(type, (e) => log.push(type + " " + e.detail.status));
};
window.heard = (line) => log.includes(line);
</script>`

// servePage serves it, its module and tokens of alice.
func servePage(issuer tokenIssuer) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, wakefulPage)
	})
	mux.HandleFunc("GET /reauthorize.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, "../../examples/browser/reauthorize.js")
	})
	mux.HandleFunc("GET /token", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, issuer.issue(with(claimsFor("news"), map[string]any{"exp": time.Now().Add(6 * time.Second).Unix()})))
	})
	return mux
}

// A page in a browser keeps its stream over the end of its tokens, and comes back after
// it has slept through the end of one, without a loss and without a repetition.
func TestAPageKeepsItsStreamBeyondItsTokens(t *testing.T) {
	cert := newCertificate(t)
	origin := startOrigin(t, servePage(newIssuer(t, tokenSecret)))
	file := tokenRouteFile("keys: ["+tokenSecret+"]\nleeway: 0s", "reauthorize: {before: 4s, patience: 2s}") +
		"  - {name: page, origins: [" + origin + "]}\n" + cert.yaml()
	for protocol, secure := range map[string]bool{"http/1.1": false, "h2": true} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, file)
			ctx := browsertest.New(t, chromedp.Flag("ignore-certificate-errors", true))
			site := s.URL
			if secure {
				site = s.secureURL
			}
			browsertest.Do(ctx, t, chromedp.Navigate(site), chromedp.Poll[chromedp.Void](`window.start !== undefined`), chromedp.Evaluate[chromedp.Void](`start()`))
			s.holds(1)
			s.publish(message("news", "1", "one"))
			hears(ctx, t, "reauthorized 200")
			s.publish(message("news", "2", "two"))
			hears(ctx, t, "two")
			browsertest.Do(ctx, t, chromedp.Evaluate[chromedp.Void](`sleep()`))
			s.publish(message("news", "3", "three"))
			eventually(t, "the stream has expired", func() bool {
				return s.metrics()[`holdfast_streams_ended_total{protocol="`+wireName(secure)+`",reason="expired",route="events"}`] == 1
			})
			s.publish(message("news", "4", "four"), message("news", "5", "five"))
			browsertest.Do(ctx, t, chromedp.Evaluate[chromedp.Void](`wake()`))
			hears(ctx, t, "five")
			var events []string
			lines := strings.Split(browsertest.Value(ctx, t, chromedp.Evaluate[string](`log.join("\n")`)), "\n")
			for _, line := range lines {
				if !strings.Contains(line, "authorized") {
					events = append(events, line)
				}
			}
			if got := strings.Join(events, " "); got != "one two three four five" || !strings.Contains(strings.Join(lines, " "), "unauthorized 401") {
				t.Errorf("the page hears %q", lines)
			}
			const spoken = `performance.getEntriesByType("resource").find((e) => e.name.endsWith("/token")).nextHopProtocol`
			if got := browsertest.Value(ctx, t, chromedp.Evaluate[string](spoken)); got != protocol {
				t.Errorf("the browser speaks %s", got)
			}
		})
	}
}

func wireName(secure bool) string {
	if secure {
		return "http/2"
	}
	return "http/1.1"
}

// hears waits until the page's log has a line.
func hears(ctx context.Context, t *testing.T, line string) {
	t.Helper()
	browsertest.Do(ctx, t, chromedp.Poll[chromedp.Void](fmt.Sprintf(`heard(%q)`, line)))
}
