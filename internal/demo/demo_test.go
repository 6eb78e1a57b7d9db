package demo_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-proxy/holdfast/internal/demo"
)

// ask sends one request to an origin and returns its answer.
func ask(h http.Handler, method, target string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestAHoldIsInstructedByHeaders(t *testing.T) {
	tests := map[string]struct {
		path string
		want map[string]string
	}{
		"a stream": {"/events?user=alice", map[string]string{
			"Content-Type":  "text/event-stream",
			"Grip-Hold":     "stream",
			"Grip-Channel":  "public, user-alice",
			"Grip-Set-Meta": "user=alice",
		}},
		"a long poll": {"/poll?user=bob", map[string]string{
			"Content-Type":  "application/json",
			"Grip-Hold":     "response",
			"Grip-Channel":  "public, user-bob",
			"Grip-Set-Meta": "user=bob",
			"Grip-Timeout":  "25",
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := ask(demo.New(demo.Options{}), "GET", tt.path, nil)
			for name, want := range tt.want {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if w.Code != http.StatusOK || w.Body.Len() == 0 {
				t.Errorf("status %d, %d bytes", w.Code, w.Body.Len())
			}
		})
	}
}

func TestAStreamOpensWithoutAnID(t *testing.T) {
	body := ask(demo.New(demo.Options{}), "GET", "/events?user=alice", nil).Body.String()
	if !strings.HasSuffix(body, "\n\n") || strings.Contains(body, "\nid:") {
		t.Errorf("the opening must be whole events without an id:\n%s", body)
	}
}

func TestTheRedirectedSetUpAnswersTheHold(t *testing.T) {
	h := demo.New(demo.Options{PublicURL: "https://live.example/"})
	w := ask(h, "GET", "/connect?user=alice", nil)
	location, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusTemporaryRedirect {
		t.Fatalf("status %d, location %v", w.Code, err)
	}
	if location.Host != "live.example" || strings.Contains(location.RawQuery, "alice") {
		t.Errorf("location %s", location)
	}
	w = ask(h, "GET", location.RequestURI(), nil)
	var got struct {
		Hold struct {
			Mode     string
			Channels []struct{ Name string }
			Meta     map[string]string
		}
		Response struct {
			Headers map[string]string
			Body    string
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if w.Header().Get("Content-Type") != "application/grip-instruct" || got.Hold.Mode != "stream" {
		t.Errorf("not an instruction: %s", w.Body)
	}
	if len(got.Hold.Channels) != 2 || got.Hold.Channels[1].Name != "user-alice" || got.Hold.Meta["user"] != "alice" {
		t.Errorf("hold %+v", got.Hold)
	}
	if got.Response.Headers["Access-Control-Allow-Origin"] != "*" || got.Response.Body == "" {
		t.Errorf("response %+v", got.Response)
	}
}

func TestWhatIsNotRightIsRefused(t *testing.T) {
	long := url.Values{"to": {"public"}, "text": {strings.Repeat("x", 3000)}}
	tests := map[string]struct {
		method, target string
		form           url.Values
		want           int
	}{
		"a stream without a user":        {"GET", "/events", nil, 400},
		"a user that is no channel name": {"GET", "/events?user=a,public", nil, 400},
		"a set-up without a token":       {"GET", "/setup", nil, 403},
		"a set-up with a made-up token":  {"GET", "/setup?token=abc", nil, 403},
		"a text that is too long":        {"POST", "/publish", long, 400},
		"no text":                        {"POST", "/publish", url.Values{"to": {"public"}}, 400},
		"no receiver":                    {"POST", "/publish", url.Values{"text": {"x"}}, 400},
		"publishing by GET":              {"GET", "/publish?to=public&text=x", nil, 404},
		"a file that is not there":       {"GET", "/nothing", nil, 404},
	}
	h := demo.New(demo.Options{})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if w := ask(h, tt.method, tt.target, tt.form); w.Code != tt.want {
				t.Errorf("status %d, want %d", w.Code, tt.want)
			}
		})
	}
}

func TestAnotherSiteCannotPublish(t *testing.T) {
	r := httptest.NewRequest("POST", "/publish?to=public&text=x", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	demo.New(demo.Options{}).ServeHTTP(w, r)
	if w.Code != http.StatusForbidden {
		t.Errorf("status %d", w.Code)
	}
}

func TestThePageIsServedWithItsFiles(t *testing.T) {
	h := demo.New(demo.Options{})
	for _, path := range []string{"/", "/app.js", "/style.css", "/icon.svg"} {
		if w := ask(h, "GET", path, nil); w.Code != 200 || w.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%s: status %d, headers %v", path, w.Code, w.Header())
		}
	}
}

// control is a control endpoint that keeps the last request.
type control struct {
	*httptest.Server
	path, auth string
	items      []map[string]any
}

func newControl(t *testing.T, status int, answer string) *control {
	c := &control{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Items []map[string]any }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		c.path, c.auth, c.items = r.URL.Path, r.Header.Get("Authorization"), body.Items
		w.WriteHeader(status)
		io.WriteString(w, answer)
	}))
	t.Cleanup(c.Close)
	return c
}

func TestPublishingSendsOneItemInTwoFormats(t *testing.T) {
	c := newControl(t, 200, "Published\n")
	h := demo.New(demo.Options{ControlURL: c.URL, Token: "secret"})
	w := ask(h, "POST", "/publish", url.Values{"to": {"bob"}, "text": {"two\nlines"}})
	if w.Code != http.StatusNoContent || c.path != "/publish/" || c.auth != "Bearer secret" || len(c.items) != 1 {
		t.Fatalf("status %d, %s %q %v", w.Code, c.path, c.auth, c.items)
	}
	item := c.items[0]
	formats := item["formats"].(map[string]any)
	content := formats["http-stream"].(map[string]any)["content"].(string)
	id, _ := item["id"].(string)
	if item["channel"] != "user-bob" || !strings.HasPrefix(content, "data: {") || !strings.HasSuffix(content, "}\nid: "+id+"\n\n") {
		t.Errorf("item %v", item)
	}
	if strings.Count(content, "\n") != 3 {
		t.Errorf("a line break of the text must not end the data line: %q", content)
	}
	if _, ok := formats["http-response"]; !ok {
		t.Errorf("long polls get nothing: %v", formats)
	}
}

func TestNoTwoEventsHaveTheSameID(t *testing.T) {
	c := newControl(t, 200, "Published\n")
	seen := map[any]bool{}
	for range 2 {
		h := demo.New(demo.Options{ControlURL: c.URL})
		for _, to := range []string{"public", "alice"} {
			ask(h, "POST", "/publish", url.Values{"to": {to}, "text": {"x"}})
			seen[c.items[0]["id"]] = true
		}
	}
	if len(seen) != 4 {
		t.Errorf("%d ids for 4 events: %v", len(seen), seen)
	}
}

func TestACutSaysWhenToReturnAndThenCloses(t *testing.T) {
	c := newControl(t, 200, "Published\n")
	w := ask(demo.New(demo.Options{ControlURL: c.URL}), "POST", "/cut", url.Values{"user": {"alice"}})
	if w.Code != http.StatusNoContent || len(c.items) != 2 {
		t.Fatalf("status %d, items %v", w.Code, c.items)
	}
	first := c.items[0]["formats"].(map[string]any)["http-stream"].(map[string]any)["content"].(string)
	for _, want := range []string{"id: ", "\nevent: cut\n", "\nretry: 5000\n", "\ndata: "} {
		if !strings.Contains(first, want) {
			t.Errorf("%q is not in %q", want, first)
		}
	}
	want := map[string]any{"http-stream": map[string]any{"action": "close"}}
	if diff := cmp.Diff(want, c.items[1]["formats"]); diff != "" {
		t.Errorf("second item (-want +got):\n%s", diff)
	}
}

func TestAFailedPublicationTellsWhy(t *testing.T) {
	c := newControl(t, 403, "a token is needed\n")
	w := ask(demo.New(demo.Options{ControlURL: c.URL}), "POST", "/publish", url.Values{"to": {"bob"}, "text": {"x"}})
	if w.Code != http.StatusBadGateway || !strings.Contains(w.Body.String(), "403 Forbidden: a token is needed") {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}

func TestTheBannerNamesWhatToTry(t *testing.T) {
	var b strings.Builder
	err := demo.Banner(&b, demo.URLs{Page: "http://127.0.0.1:7999/", Control: "http://127.0.0.1:5561", Token: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Open     http://127.0.0.1:7999/\n",
		"curl -N 'http://127.0.0.1:7999/events?user=alice'\n",
		"curl -H 'Authorization: Bearer secret' -d 'hello, everybody' http://127.0.0.1:5561/channels/public\n",
		"curl -H 'Authorization: Bearer secret' 'http://127.0.0.1:5561/streams?user=alice'\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
}
