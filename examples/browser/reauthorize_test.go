package browser_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/holdfast-proxy/holdfast/internal/browsertest"
	"github.com/holdfast-proxy/holdfast/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// stage is a page with the module, and a server that does what a case says.
type stage struct {
	t   *testing.T
	ctx context.Context // of the browser

	mu    sync.Mutex // guards what follows
	asked []string   // requests for the stream and answers to challenges
}

// act does something with the n-th request of its kind, from 1.
type act func(w http.ResponseWriter, r *http.Request, n int)

const page = `<!doctype html><title>page</title><script type="module">
import { AuthorizedEventSource } from "./reauthorize.js";
window.log = [];
window.start = (options) => {
	let tokens = 0;
	window.source = new AuthorizedEventSource({
		url: async () => "/events?token=" + ++tokens,
		credentials: async () => ({headers: {Authorization: "Bearer new"}, query: {token: "new"}}),
		minDelay: 10,
		...options,
	});
	for (const type of ["message", "news"]) source.addEventListener(type, (e) => log.push(type + " " + e.data + " " + e.lastEventId));
	for (const type of ["reauthorized", "unauthorized", "gone"]) source.addEventListener(type, (e) => log.push(type + " " + (e.detail?.status ?? "")));
	source.addEventListener("error", (e) => { if (e.detail?.error) log.push("error " + e.detail.error.message); });
};
</script>`

// startStage opens the page and starts the module with these options, in
// JavaScript.
func startStage(t *testing.T, options string, events, answers act) *stage {
	s := &stage{t: t}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, page)
	})
	mux.HandleFunc("GET /reauthorize.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, "reauthorize.js") })
	mux.HandleFunc("/events", s.counting(events))
	mux.HandleFunc("/answer", s.counting(answers))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.ctx = browsertest.New(t) // ends first, or its streams would keep the server
	browsertest.Do(s.ctx, t, chromedp.Navigate(server.URL), chromedp.Poll[chromedp.Void](`window.start !== undefined`),
		chromedp.Evaluate[chromedp.Void](`start(`+options+`)`))
	return s
}

func (s *stage) counting(do act) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, strings.TrimSpace(fmt.Sprintln(r.Method, r.URL.RequestURI(),
			r.Header.Get("Content-Type"), r.Header.Get("Holdfast-Challenge"), r.Header.Get("Authorization"))))
		n := 0
		for _, line := range s.asked {
			if strings.Contains(line, " "+r.URL.Path) {
				n++
			}
		}
		s.mu.Unlock()
		do(w, r, n)
	}
}

// logged waits until the page's log is these lines.
func (s *stage) logged(lines ...string) {
	s.t.Helper()
	browsertest.Do(s.ctx, s.t, chromedp.Poll[chromedp.Void](fmt.Sprintf(`log.length >= %d`, len(lines))))
	got := browsertest.Value(s.ctx, s.t, chromedp.Evaluate[string](`log.map((line) => line.trim()).join("\n")`))
	if got != strings.Join(lines, "\n") {
		s.t.Errorf("the page's log is %q, want %q", got, lines)
	}
}

func (s *stage) wasAsked(lines ...string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.asked, lines) {
		s.t.Errorf("the server was asked %q, want %q", s.asked, lines)
	}
}

// says is a stream that says this and stays open.
func says(text string) act {
	return func(w http.ResponseWriter, r *http.Request, _ int) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, text)
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
}

// statuses answers with these, in turn.
func statuses(codes ...int) act {
	return func(w http.ResponseWriter, _ *http.Request, n int) { w.WriteHeader(codes[n-1]) }
}

// challenge is the event that asks for credentials at a URL.
func challenge(name, url string) string {
	return "event: " + name + "\n" +
		`data: {"method":"PUT","headers":{"content-type":"application/x-challenge-response","holdfast-challenge":"SECRET"},"url":"` + url + `","expires_in":30}` + "\n\n"
}

const answered = "PUT /answer?x=1&token=new application/x-challenge-response SECRET Bearer new"

func TestAChallengeIsAnsweredAsItSays(t *testing.T) {
	s := startStage(t, `{}`, says("data: a\n\n"+challenge("challenge", "/answer?x=1")), statuses(204))
	s.logged("message a", "reauthorized 204")
	s.wasAsked("GET /events?token=1", answered)
}

func TestAChallengeMayHaveAnotherName(t *testing.T) {
	s := startStage(t, `{challengeEvent: "news"}`, says(challenge("news", "/answer?x=1")), statuses(200))
	s.logged("news "+strings.TrimPrefix(strings.Split(challenge("news", "/answer?x=1"), "\n")[1], "data: "), "reauthorized 200")
	s.wasAsked("GET /events?token=1", answered)
}

func TestAnAnswerThatIsRefusedIsTold(t *testing.T) {
	s := startStage(t, `{}`, says(challenge("challenge", "/answer?x=1")), statuses(403))
	s.logged("unauthorized 403")
	s.wasAsked("GET /events?token=1", answered)
}

func TestAnAnswerThatFailsIsTriedAgain(t *testing.T) {
	s := startStage(t, `{}`, says(challenge("challenge", "/answer?x=1")), statuses(503, 429, 200))
	s.logged("reauthorized 200")
	s.wasAsked("GET /events?token=1", answered, answered, answered)
}

// Nobody has said that the credentials are no good.
func TestAChallengeThatIsNoMoreIsNoRefusal(t *testing.T) {
	s := startStage(t, `{}`, says(challenge("challenge", "/answer?x=1")+challenge("challenge", "/answer?x=1")), statuses(404, 200))
	s.logged("reauthorized 200")
	s.wasAsked("GET /events?token=1", answered, answered)
}

func TestCredentialsGoToTheSiteOfTheStreamOnly(t *testing.T) {
	s := startStage(t, `{}`, says(challenge("challenge", "https://evil.test/answer")), statuses())
	browsertest.Do(s.ctx, t, chromedp.Poll[chromedp.Void](`log.length > 0`))
	if got := browsertest.Value(s.ctx, t, chromedp.Evaluate[string](`log.join()`)); !strings.Contains(got, "wants the credentials at https://evil.test") {
		t.Errorf("the page's log is %q", got)
	}
	s.wasAsked("GET /events?token=1")
}

// The browser comes back to a stream that has ended, with the old URL, and gives
// up when that is refused.
func TestAStreamWhoseTokenHasExpiredIsOpenedAnewAfterItsLastEvent(t *testing.T) {
	s := startStage(t, `{}`, func(w http.ResponseWriter, r *http.Request, n int) {
		switch n {
		case 1:
			w.Header().Set("Content-Type", "text/event-stream")
			io.WriteString(w, "retry: 10\nid: 7\ndata: a\n\n")
		case 2, 3:
			w.WriteHeader(http.StatusUnauthorized)
		default:
			says("event: news\ndata: b\n\n")(w, r, n)
		}
	}, nil)
	s.logged("message a 7", "unauthorized 401", "news b")
	s.wasAsked("GET /events?token=1", "GET /events?token=1", "GET /events?token=1", "GET /events?token=2&lastEventId=7")
}

func TestAStreamThatMustNotComeBackDoesNot(t *testing.T) {
	s := startStage(t, `{}`, statuses(204, 204), nil)
	s.logged("gone")
	if closed := browsertest.Value(s.ctx, t, chromedp.Evaluate[bool](`source.readyState === EventSource.CLOSED`)); !closed {
		t.Error("it is not closed")
	}
	s.wasAsked("GET /events?token=1", "GET /events?token=1")
}

func TestAStreamThatCannotBeHadIsTriedUntilItCan(t *testing.T) {
	s := startStage(t, `{}`, func(w http.ResponseWriter, r *http.Request, n int) {
		if n < 6 { // each refusal is asked for once more
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		says("id: 1\ndata: a\n\n")(w, r, n)
	}, nil)
	s.logged("message a 1")
}
