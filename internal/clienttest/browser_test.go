package clienttest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/holdfast-proxy/holdfast/internal/browsertest"
	"github.com/holdfast-proxy/holdfast/internal/servetest"
)

// browserClients are those of page.html. fetch-event-source is made for browsers,
// and what its Last-Event-ID needs of CORS is seen here alone.
var browserClients = [...]string{"EventSource", "fetch-event-source"}

// missNothingInABrowser is missNothing for the clients of a page on another site.
func missNothingInABrowser(t *testing.T, holdfast servetest.Program) {
	ctx := browsertest.New(t)
	browsertest.Do(ctx, t,
		chromedp.Navigate(startPage(t)+"/page.html"),
		chromedp.Poll[chromedp.Void](`window.follow !== undefined`))
	proxy := holdfast.Start(t, startOrigin(t), "")
	for _, client := range browserClients {
		for _, loss := range losses {
			t.Run(client+" "+loss.name, func(t *testing.T) {
				comeBack(t, proxy, loss, func(url string) follower {
					return followInBrowser(ctx, t, client, url)
				})
			})
		}
	}
}

// startPage serves page.html and the module that it imports, which leaves the
// ends of file names to others.
func startPage(t *testing.T) string {
	mux := http.NewServeMux()
	mux.Handle("GET /page.html", http.FileServer(http.Dir("testdata")))
	mux.HandleFunc("GET /fetch-event-source/{module}", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, path.Join(programs, "node_modules/@microsoft/fetch-event-source/lib/esm", r.PathValue("module")+".js"))
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// pageFollower is a client on the page.
type pageFollower struct {
	ctx context.Context
	t   *testing.T
	url string
	n   int // how much next has returned
}

func followInBrowser(ctx context.Context, t *testing.T, client, url string) follower {
	browsertest.Do(ctx, t, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`follow(%q, %q)`, client, url)))
	return &pageFollower{ctx: ctx, t: t, url: url}
}

func (f *pageFollower) next() string {
	f.t.Helper()
	item := fmt.Sprintf(`received(%q, %d)`, f.url, f.n)
	browsertest.Do(f.ctx, f.t, chromedp.Poll[chromedp.Void](item+` !== null`))
	f.n++
	return browsertest.Value(f.ctx, f.t, chromedp.Evaluate[string](item))
}
