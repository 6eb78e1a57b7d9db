package main

import (
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/holdfast-proxy/holdfast/internal/browsertest"
	"github.com/holdfast-proxy/holdfast/internal/config"
)

// afterwards is how long a browser would take to come back, if it did: it is told to
// wait 1 to 3 seconds. It is real time.
const afterwards = 4 * time.Second

// TestABrowserThatIsRevokedComesBackOnceAndGivesUp: on Holdfast's own site as on
// another, with credentials. Without CORS fields on the 204 it would try for ever.
func TestABrowserThatIsRevokedComesBackOnceAndGivesUp(t *testing.T) {
	for name, host := range map[string]string{"page on the same site": "127.0.0.1", "page on another site": "localhost"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := browsertest.New(t)
			var asked atomic.Int32
			n := startNode(t, func(cfg *config.Config) { cfg.Origin = startOrigin(t, revokedOrigin(&asked)) })
			address := n.clients.Addrs()[0].String()
			_, port, err := net.SplitHostPort(address)
			if err != nil {
				t.Fatal(err)
			}
			browsertest.Do(ctx, t, chromedp.Navigate("http://"+address+"/?http://"+host+":"+port))
			waitFor(ctx, t, `log.includes("open")`)
			post(t, "http://"+n.ways[0].Addr().String()+"/revoke", `{"user":"alice"}`)
			waitFor(ctx, t, `source.readyState === EventSource.CLOSED`)
			waitFor(ctx, t, `log.includes("end")`)
			time.Sleep(afterwards)
			if got := asked.Load(); got != 2 {
				t.Errorf("it has asked %d times, want once to open the stream and once to be turned away", got)
			}
		})
	}
}

const revokedPage = `<!doctype html><title>revoked</title><script>
const log = [];
const source = new EventSource(location.search.slice(1) + "/events", {withCredentials: true});
source.onopen = () => log.push("open");
source.onerror = () => log.push("error");
source.addEventListener("end", () => log.push("end"));
</script>`

// revokedOrigin serves a page, and its streams to alice, and counts these.
func revokedOrigin(asked *atomic.Int32) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, revokedPage)
	})
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Content-Type", "text/event-stream")
		h.Set("Grip-Hold", "stream")
		h.Set("Grip-Channel", "news")
		h.Set("Grip-Set-Meta", "user=alice")
	})
	return mux
}
