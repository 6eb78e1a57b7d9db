package explain

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/holdfast-proxy/holdfast/proxy"
)

var update = flag.Bool("update", false, "write the golden files in testdata anew")

// golden compares a report's text with a file, or writes the file. The address
// of the origin is not the same twice.
func golden(t *testing.T, name, origin string, r *Report) {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	got := strings.ReplaceAll(b.String(), strings.TrimPrefix(origin, "http://"), "origin.test")
	path := "testdata/" + name + ".txt"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs; look at it and run go test -update\n%s", path, diff)
	}
}

type signature string

func (s signature) Header(time.Time) (string, error) { return string(s), nil }

func TestReports(t *testing.T) {
	tests := []struct {
		name, lines, body string
		request           []string
		edit              func(*proxy.Options)
	}{
		{"stream", held + "Grip-Channel: d; prev-id=7; replay=off\nGrip-Keep-Alive: :\\n\\n; format=cstring; timeout=20\nGrip-Expires: 900", ": welcome\n\n",
			[]string{"Accept: text/event-stream", "Last-Event-ID: 17", "Grip-Sig: forged", "Host: Shop.test"},
			func(o *proxy.Options) {
				o.Feature, o.Signer = "status", signature("signed")
				rt := &o.Routes[0]
				rt.Host, rt.RewritePrefix, rt.ChannelPrefix, rt.Subscribe = "shop.test", "/api", "p-", []string{"all"}
				o.Holding.MaxChannels = 5
			}},
		{"poll", "Content-Type: application/grip-instruct", `{"hold": {"channels": [{"name": "c", "filters": []}], "timeout": 25, "meta": {"user": "al"}},
			"response": {"code": 203, "headers": {"X-A": "1"}, "body": "none\n"}}`, nil, func(*proxy.Options) {}},
		{"relayed", "Content-Type: text/plain", "\x1b[31mhello\nworld\xff", nil, func(*proxy.Options) {}},
		{"refused", "Grip-Hold: banana", "", nil, func(o *proxy.Options) { o.Routes[0].Debug = true }},
		{"endless", "Content-Type: text/event-stream", "data: 1\n\n…", nil, func(*proxy.Options) {}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			origin := answering(t, http.StatusOK, tt.lines, tt.body)
			golden(t, tt.name, origin, explainedWithin(t, patienceFor(tt.body), origin, tt.request, tt.edit))
		})
	}
}

func TestAReportOfNoRoute(t *testing.T) {
	down := "http://127.0.0.1:1"
	golden(t, "no-route", down, explained(t, down, nil, func(o *proxy.Options) { o.Routes[0].Host = "other.test" }))
}

func TestAReportOfSeveralOrigins(t *testing.T) {
	origin := answering(t, http.StatusOK, held, "")
	r := explained(t, "http://127.0.0.1:1", nil, func(o *proxy.Options) {
		u := *o.Routes[0].Origins[0]
		u.Host = strings.TrimPrefix(origin, "http://")
		o.Routes[0].Origins = append(o.Routes[0].Origins, &u)
	})
	if len(r.Attempts) != 2 || r.Attempts[0].Error == "" || r.Attempts[1].Answer == nil || r.Failure != nil {
		t.Errorf("attempts %+v, failure %v", r.Attempts, r.Failure)
	}
}

func TestTheJSONOfAReport(t *testing.T) {
	origin := answering(t, http.StatusOK, held+"Grip-Holds: x", ": hi\n\n")
	text, err := json.Marshal(explained(t, origin, nil))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]any{
		"request.target": "/x", "route.name": "*/", "instruction.hold": "stream", "hold.kind": "stream",
		"hold.event_stream": true, "client.status": "200 OK", "client.body": ": hi\n\n",
	} {
		section, key, _ := strings.Cut(path, ".")
		if value := got[section].(map[string]any)[key]; value != want {
			t.Errorf("%s is %v, want %v", path, value, want)
		}
	}
	if n := len(got["findings"].([]any)); n != 1 {
		t.Errorf("%d findings", n)
	}
}

func TestALongBodyIsNotReadToItsEnd(t *testing.T) {
	origin := answering(t, http.StatusOK, "Content-Type: text/plain", strings.Repeat("x", 3*maxBody))
	r := explained(t, origin, nil)
	if !strings.HasPrefix(r.Client.Ending, "there is more than") || len(r.Client.Body) != maxShown {
		t.Errorf("%q, %d bytes", r.Client.Ending, len(r.Client.Body))
	}
}

func TestRequestsThatAreNone(t *testing.T) {
	tests := []struct {
		name, method, url string
		lines             []string
		want              string
	}{
		{"a user in the URL", "GET", "http://user:secret@api.test/x", nil, "http://user:xxxxx@api.test/x has a user"},
		{"no scheme", "GET", "api.test/x", nil, "is not a URL with http or https"},
		{"another scheme", "GET", "ftp://api.test/x", nil, "is not a URL with http or https"},
		{"no host", "GET", "http:///x", nil, "is not a URL with http or https"},
		{"a URL that cannot be read", "GET", "http://a b/", nil, "invalid character"},
		{"no method", "", "http://a", nil, "is not a method"},
		{"a method with a blank", "G T", "http://a", nil, "is not a method"},
		{"a switch of protocols", "GET", "http://a", []string{"Upgrade: websocket"}, "cannot be explained"},
		{"a header without a colon", "GET", "http://a", []string{"X"}, "is not a header"},
		{"a header without a name", "GET", "http://a", []string{": x"}, "is not a header"},
		{"a header with a line break", "GET", "http://a", []string{"X: a\nb"}, "is not a header"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := NewRequest(tt.method, tt.url, tt.lines); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestARequestIsAsAServerWouldReadIt(t *testing.T) {
	r, err := NewRequest("POST", "https://api.test:81/a%2Fb//c?x=1&y", []string{"X-A: 1", "x-a:2", "host: b.test"})
	if err != nil {
		t.Fatal(err)
	}
	if r.RequestURI != "/a%2Fb//c?x=1&y" || r.Host != "b.test" || r.TLS == nil || strings.Join(r.Header["X-A"], ",") != "1,2" {
		t.Errorf("%+v", r)
	}
}
