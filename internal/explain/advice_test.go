package explain

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/leaktest"
	"github.com/holdfast-proxy/holdfast/proxy"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// origin that answers with header lines and a body. A body that ends in "…" does
// not end.
func answering(t *testing.T, status int, lines, body string) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"], w.Header()["Date"] = nil, nil
		for line := range strings.Lines(lines) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			w.Header().Add(name, value)
		}
		w.WriteHeader(status)
		body, endless := strings.CutSuffix(body, "…")
		io.WriteString(w, body)
		if endless {
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// explained asks one origin for http://api.test/x.
func explained(t *testing.T, origin string, lines []string, edit ...func(*proxy.Options)) *Report {
	t.Helper()
	return explainedWithin(t, time.Minute, origin, lines, edit...)
}

// patienceFor is how long to wait for the end of a body of answering.
func patienceFor(body string) time.Duration {
	if strings.HasSuffix(body, "…") {
		return 200 * time.Millisecond
	}
	return time.Minute
}

// explainedWithin is explained where the body may not end.
func explainedWithin(t *testing.T, patience time.Duration, origin string, lines []string, edit ...func(*proxy.Options)) *Report {
	t.Helper()
	u, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	o := proxy.Options{Routes: []proxy.Route{{Origins: []*url.URL{u}}}}
	o.Holding.MaxChannels, o.Holding.ResumeParameters = 2, []string{"lastEventId"}
	for _, e := range edit {
		e(&o)
	}
	r, err := NewRequest(http.MethodGet, "http://api.test/x", lines)
	if err != nil {
		t.Fatal(err)
	}
	report, err := run(t.Context(), o, r, patience)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// held are the headers of an answer that nothing is wrong with.
const held = "Grip-Hold: stream\nGrip-Channel: c\nContent-Type: text/event-stream\n"

func TestMistakesAreFoundWithTheirRemedies(t *testing.T) {
	const json = `{"hold": {"mode": "stream", "channels": [{"name": "c"}]}, "response": {"headers": {"Content-Type": "text/event-stream"}}}`
	tests := []struct {
		name          string
		lines, body   string
		request       []string
		problem, cure string // of the first finding; none if empty
	}{
		{"nothing", held, ": hi\n\n", nil, "", ""},
		{"nothing in JSON", "Content-Type: application/grip-instruct", json, nil, "", ""},
		{"an ordinary answer", "Content-Type: text/html", "<p>", nil, "", ""},
		{"Grip-Hold misspelt", "Grip-Holds: stream\nGrip-Channel: c", "", nil, "Grip-Holds is not a header of GRIP", "write Grip-Hold"},
		{"Grip-Channel misspelt", "Grip-Hold: stream\nGrip-Chanel: c", "", nil, "Grip-Chanel is not", "write Grip-Channel"},
		{"a header that only looks like one", "X-Grip-Hold: stream", "", nil, "X-Grip-Hold is not a header of GRIP: it is no instruction", "write Grip-Hold"},
		{"a header of requests", "Grip-Sig: x", "", nil, "Grip-Sig belongs to requests", "leave it out"},
		{"a header that nobody knows", "Grip-Whatever-Else: x", "", nil, "Grip-Whatever-Else is not", "leave it out"},
		{"a kind of hold in capitals", "Grip-Hold: Stream\nGrip-Channel: c", "", nil, "Grip-Hold must be set to", "in lower case"},
		{"a channel without a name", "Grip-Hold: stream\nGrip-Channel: ; prev-id=1", "", nil, `channel name "": is empty`, "name the channel"},
		{"too many channels", "Grip-Hold: stream\nGrip-Channel: a, b, c", "", nil, "3 channels, at most 2", "raise max_channels_per_stream"},
		{"a timeout in words", held + "Grip-Timeout: soon", "", nil, "Grip-Timeout must be", "Grip-Timeout: 25"},
		{"a keep-alive without data", held + "Grip-Keep-Alive: ; timeout=5", "", nil, "Grip-Keep-Alive: has no data", "write data first"},
		{"a link without brackets", held + "Grip-Link: /x; rel=next", "", nil, "Grip-Link with rel=next", "Grip-Link: </path>"},
		{"a link to a stranger", held + "Grip-Link: <http://evil.test/>; rel=next", "", nil, `"http://evil.test" is not an origin of the route`, "to the route's origins"},
		{"a link that is not for HTTP", held + "Grip-Link: <ftp://api.test/>; rel=next", "", nil, "is not an http or https URL", "link to a path of this API"},
		{"a session", held + "Grip-Session-Id: 1", "", nil, "Grip-Session-Id is not supported", "Last-Event-ID"},
		{"a short name that is none", "Grip-Foo: 1", "", nil, "Grip-Foo is not", "leave it out"},
		{"a short name with two letters of another", "Grip-Hlod: stream", "", nil, "Grip-Hlod is not", "write Grip-Hold"},
		{"a replay without a unit", "Grip-Hold: stream\nGrip-Channel: c; replay=30", "", nil, "replay must be 'off' or a duration", "replay=30s"},
		{"a filter of Pushpin's", "Grip-Hold: stream\nGrip-Channel: c; filter=http-check", "", nil, "unknown filter", "leave the filter out"},
		{"an unknown escape", held + `Grip-Keep-Alive: :\q; format=cstring`, "", nil, `unknown escape \q`, `\xHH`},
		{"a status that cannot be held", held + "Grip-Status: 204", "", nil, "cannot be held open", "answer 200"},
		{"a link of no known relation", held + "Grip-Link: </x>; rel=prev", "", nil, "no relation that is known", "rel=next"},
		{"meta without a value", held + "Grip-Set-Meta: user", "", nil, "Grip-Set-Meta must be key=value", "Grip-Set-Meta: key=value"},
		{"a status that is none", held + "Grip-Status: 99", "", nil, "Grip-Status: status 99", "from 200 to 599"},
		{"bad JSON", "Content-Type: application/grip-instruct", "{", nil, "instruct is not valid JSON", `{"hold"`},
		{"JSON that is not marked", "Content-Type: application/json", json, nil, "looks like an instruction", "application/grip-instruct"},
		{"channels without a hold", "Grip-Channel: c", "", nil, "nothing is held without Grip-Hold", "add 'Grip-Hold"},
		{"a hold without channels", "Grip-Hold: stream\nContent-Type: text/event-stream", "", nil, "nobody can publish to it", "add 'Grip-Channel"},
		{"a channel that is named again", held + "Grip-Channel: c; filter=skip-self", "", nil, "c is named more than once, differently", "once"},
		{"a channel that is named again alike", held + "Grip-Channel: c", "", nil, "", ""},
		{"escapes without a format", held + `Grip-Keep-Alive: :\n\n; timeout=5`, "", nil, "escapes but no format", "format=cstring"},
		{"escapes with their format", held + `Grip-Keep-Alive: :\n\n; format=cstring`, "", nil, "", ""},
		{"a keep-alive that is no event", held + "Grip-Keep-Alive: ping", "", nil, "does not end with a blank line", "format=cstring"},
		{"a keep-alive of a plain stream", "Grip-Hold: stream\nGrip-Channel: c\nContent-Type: text/plain\nGrip-Keep-Alive: ping", "", nil, "", ""},
		{"a timeout that is too short", "Grip-Hold: response\nGrip-Channel: c\nGrip-Timeout: 1", "", nil, "is taken as 5s", "5 or more"},
		{"a timeout on a stream", held + "Grip-Timeout: 20", "", nil, "no effect on a stream", "Grip-Keep-Alive"},
		{"a keep-alive on a response", "Grip-Hold: response\nGrip-Channel: c\nGrip-Keep-Alive: x", "", nil, "no effect on a held response", "Grip-Timeout"},
		{"an expiry on a response", "Grip-Hold: response\nGrip-Channel: c\nGrip-Expires: 60", "", nil, "no effect on a held response", "leave it out"},
		{"no type for an EventSource", "Grip-Hold: stream\nGrip-Channel: c", "", []string{"Accept: text/event-stream"}, "an EventSource refuses it", "text/event-stream"},
		{"another type for an EventSource", "Grip-Hold: stream\nGrip-Channel: c\nContent-Type: text/plain", "", []string{"Accept: text/event-stream"}, `is "text/plain"`, "text/event-stream"},
		{"no type at all", "Grip-Hold: stream\nGrip-Channel: c", "", nil, "has no Content-Type", "if it is one"},
		{"a hidden type", held + "Grip-Expose-Headers: X-A", "", nil, "keeps Content-Type from the client", "name Content-Type"},
		{"an error status on an event stream", held + "Grip-Status: 404", "", nil, "gives up for good", "answer 200"},
		{"an initial body inside an event", held, "data: hi", nil, "ends inside an event", "blank line"},
		{"a length of a stream in JSON", "Content-Type: application/grip-instruct", strings.Replace(json, `{"Content-Type"`, `{"Content-Length": "5", "Content-Type"`, 1), nil, "which has no length", "leave it out"},
		{"a compressed answer", held + "Content-Encoding: gzip", "\x1f\x8b\b\x00\x00\x00\x00\x00\x00\xff\x01\x00\x00\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00", nil, "the answer is compressed (gzip)", "do not compress"},
		{"a coding that nobody knows", held + "Content-Encoding: zip", "x", nil, "bad_encoding", "without Content-Encoding"},
		{"a stream that caches keep", held + "Cache-Control: public, max-age=60", "", nil, "lets caches keep", "no-store"},
		{"a stream that caches do not keep", held + "Cache-Control: no-store, no-transform", "", nil, "", ""},
		{"a stream that proxies may change", held + "Cache-Control: no-store", "", nil, "lets proxies compress", "no-transform"},
		{"a stream that nginx collects", held + "X-Accel-Buffering: yes", "", nil, "X-Accel-Buffering: yes", "leave it out"},
		{"an origin that streams by itself", "Content-Type: text/event-stream", "data: 1\n\n…", nil, "keeps the connection open by itself", "Grip-Hold: stream"},
		{"an event stream without an instruction", "Content-Type: text/event-stream", "data: 1\n\n", nil, "without an instruction", "Grip-Hold: stream"},
		{"an instruction that does not end", held, ": hi\n\n…", nil, "does not end its body", "end the response"},
		{"the same of a response", "Grip-Hold: response\nGrip-Channel: c", "x…", nil, "does not end its body", "end the response"},
		{"no CORS for another site", held, "", []string{"Origin: http://page.test"}, "a page of http://page.test may not read", "Access-Control-Allow-Origin: http://page.test"},
		{"none needed for the same site", held, "", []string{"Origin: http://api.test"}, "", ""},
		{"CORS for everybody", held + "Access-Control-Allow-Origin: *", "", []string{"Origin: http://page.test"}, "", ""},
		{"CORS for everybody, with cookies", held + "Access-Control-Allow-Origin: *", "", []string{"Origin: http://page.test", "Cookie: a=b"}, "does not count", "instead of *"},
		{"CORS without credentials", held + "Access-Control-Allow-Origin: http://page.test", "", []string{"Origin: http://page.test", "Cookie: a=b"}, "does not allow them", "Allow-Credentials: true"},
		{"CORS beside an instruction in JSON", "Content-Type: application/grip-instruct\nAccess-Control-Allow-Origin: *", json, []string{"Origin: http://page.test"}, "does not reach the client", "response.headers"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := explainedWithin(t, patienceFor(tt.body), answering(t, http.StatusOK, tt.lines, tt.body), tt.request).Findings
			if tt.problem == "" {
				if len(got) > 0 {
					t.Errorf("found %+v", got)
				}
				return
			}
			for _, f := range got {
				if strings.Contains(f.Problem, tt.problem) && strings.Contains(f.Remedy, tt.cure) {
					return
				}
			}
			t.Errorf("found %+v", got)
		})
	}
}

func TestThePagesThatARouteLeavesOutAreExplained(t *testing.T) {
	allow := func(o *proxy.Options) {
		o.Routes[0].CORS.Origins, o.Routes[0].CheckOrigin = []string{"https://page.test"}, true
	}
	tests := []struct {
		name, origin  string
		lines         []string
		problem, cure string
	}{
		{"a page of the list", held, []string{"Origin: https://page.test"}, "", ""},
		{"a page of no list", held, []string{"Origin: https://other.test"}, "not in the route's cors.origins", "name it in"},
		{"a page of no list that the origin lets in", held + "Access-Control-Allow-Origin: *", []string{"Origin: https://other.test"}, "not in the route's cors.origins", "name it in"},
		{"cookies of a page of no list", held, []string{"Origin: https://other.test", "Cookie: a=b"}, "foreign_origin", "cors.origins"},
		{"cookies where the list is without", held, []string{"Origin: https://page.test", "Cookie: a=b"}, "does not allow them", "cors.credentials"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := explained(t, answering(t, http.StatusOK, tt.origin, ""), tt.lines, allow).Findings
			if tt.problem == "" && len(got) == 0 {
				return
			}
			if len(got) != 1 || !strings.Contains(got[0].Problem, tt.problem) || !strings.Contains(got[0].Remedy, tt.cure) {
				t.Errorf("found %+v", got)
			}
		})
	}
}

func TestFailuresAreExplained(t *testing.T) {
	refusing := answering(t, http.StatusForbidden, "", "")
	down := "http://127.0.0.1:1"
	tests := []struct {
		name, origin  string
		edit          func(*proxy.Options)
		problem, cure string
	}{
		{"no route", down, func(o *proxy.Options) { o.Routes[0].Host = "other.test" }, "no route takes api.test /x", "add a route"},
		{"no origin", down, func(*proxy.Options) {}, "origin_unreachable: 127.0.0.1:1: ", "start the origin"},
		{"an answer that may want a signature", refusing, func(*proxy.Options) {}, "no Grip-Sig", "grip.sig_key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := explained(t, tt.origin, nil, tt.edit).Findings
			if len(got) != 1 || !strings.Contains(got[0].Problem, tt.problem) || !strings.Contains(got[0].Remedy, tt.cure) {
				t.Errorf("found %+v", got)
			}
		})
	}
}

func TestEveryReasonOfAnAnswerThatFailsHasARemedy(t *testing.T) {
	for _, reason := range []proxy.Reason{
		proxy.WrongMethod, proxy.ChannelDenied, proxy.LinkFailed,
		proxy.OriginUnreachable, proxy.OriginTimeout, proxy.OriginBroken, proxy.OriginBusy, proxy.OriginCut,
		proxy.BadEncoding, proxy.BodyTooLarge, proxy.BadMethod, proxy.HeadTooLarge, proxy.PreflightRefused, proxy.ForeignOrigin,
	} {
		if remedy(reason) == "" {
			t.Errorf("%s has none", reason)
		}
	}
}
