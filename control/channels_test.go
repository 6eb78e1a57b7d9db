package control_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// page is what GET /channels answers.
type page struct {
	Total, Offset, Limit int
	Channels             []struct {
		Name                        string
		Subscribers, Entries, Bytes int
		First, Last                 string
	}
}

// list gets a page of channels.
func list(t *testing.T, e *env, query string) page {
	t.Helper()
	w := request{method: "GET", path: "/channels" + query, status: 200, answer: "*"}.check(t, e)
	var p page
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return p
}

// names are the channels on a page.
func (p page) names() string {
	var names []string
	for _, c := range p.Channels {
		names = append(names, c.Name)
	}
	return strings.Join(names, " ")
}

// send publishes an event with the curl-friendly endpoint.
func send(t testing.TB, e *env, channel, data string) {
	t.Helper()
	request{method: "POST", path: "/channels/" + url.PathEscape(channel), body: data,
		status: 200, answer: "Published\n"}.check(t, e)
}

func TestChannelsAreListedTheMostSubscribedFirst(t *testing.T) {
	e := newEnv(t)
	if p := list(t, e, ""); p.Total != 0 || p.Channels == nil {
		t.Errorf("an empty hub lists %+v", p)
	}
	e.follow(t, "news")
	e.follow(t, "news")
	e.follow(t, "user-1")
	for _, channel := range []string{"user-2", "user-1", "user-1"} {
		send(t, e, channel, "x")
	}
	p := list(t, e, "")
	if p.names() != "news user-1 user-2" || p.Total != 3 || p.Limit != 100 {
		t.Errorf("%+v", p)
	}
	c := p.Channels[1]
	if c.Subscribers != 1 || c.Entries != 2 || c.Bytes <= 0 || c.First == "" || c.First == c.Last {
		t.Errorf("%+v", c)
	}
	if c := p.Channels[0]; c.Subscribers != 2 || c.Entries != 0 || c.First != "" || c.Last != "" {
		t.Errorf("%+v", c)
	}
	for query, want := range map[string]string{
		"?limit=1":                        "news",
		"?limit=1&offset=1":               "user-1",
		"?offset=3":                       "",
		"?prefix=user-":                   "user-1 user-2",
		"?prefix=user-&offset=1&limit=10": "user-2",
	} {
		if got := list(t, e, query).names(); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

func TestQueryParametersAreChecked(t *testing.T) {
	const limit = "Parameter \"limit\" must be a whole number from 1 to 1000.\n"
	e := newEnv(t)
	for query, want := range map[string]string{
		"?limit=0":         limit,
		"?limit=1001":      limit,
		"?limit=-1":        limit,
		"?limit=ten":       limit,
		"?limit=":          limit,
		"?offset=-1":       "Parameter \"offset\" must be a whole number from 0 to 2147483647.\n",
		"?limit=1&limit=2": "Parameter \"limit\" is given 2 times.\n",
		"?limt=1":          "Unknown parameter \"limt\"; there are: limit, offset, prefix, scope.\n",
		"?limit=%zz":       "The query is malformed: invalid URL escape \"%zz\".\n",
		"?limit=1;offset=": "The query is malformed: invalid semicolon separator in query.\n",
	} {
		request{method: "GET", path: "/channels" + query, status: 400, answer: want}.check(t, e)
	}
	request{method: "GET", path: "/channels/a?x", status: 400, answer: "Unknown parameter \"x\"; there are: scope.\n"}.check(t, e)
	request{method: "DELETE", path: "/channels/a?x", status: 400, answer: "Unknown parameter \"x\"; there are none.\n"}.check(t, e)
}

func TestOneChannel(t *testing.T) {
	e := newEnv(t)
	missing := request{method: "GET", path: "/channels/a%2Fb%20%C3%A4", status: 404,
		answer: "Channel \"a/b ä\" has no subscribers and no entries.\n"}
	missing.check(t, e)
	send(t, e, "a/b ä", "x")
	w := request{method: "GET", path: missing.path, status: 200, answer: "*"}.check(t, e)
	var got struct{ Name string }
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Name != "a/b ä" {
		t.Errorf("%s", w.Body)
	}
}

func TestLegalNamesAreReachable(t *testing.T) {
	e := newEnv(t)
	for _, name := range []string{"/", "//", "a/", "/a", "a b", "a+b", "a%2Fb", "?", "#", "a?b=c", "..%2f", "ü", "a;b", strings.Repeat("n", 255)} {
		c := e.follow(t, name)
		send(t, e, name, "for "+name)
		if got := read(t, c); !strings.Contains(got, "for "+name) {
			t.Errorf("%q got %q", name, got)
		}
		request{method: "GET", path: "/channels/" + url.PathEscape(name), status: 200, answer: "*"}.check(t, e)
		// One that only dots are escaped of is reachable too.
		request{method: "GET", path: "/channels/" + url.PathEscape(name) + "/", status: 200, answer: "*"}.check(t, e)
	}
	dots := e.follow(t, "..")
	request{method: "POST", path: "/channels/%2e%2e", body: "x", status: 200, answer: "Published\n"}.check(t, e)
	if got := read(t, dots); !strings.Contains(got, "data: x") {
		t.Errorf("the channel .. got %q", got)
	}
}

func TestIllegalNamesAreRefused(t *testing.T) {
	e := newEnv(t)
	for name, problem := range map[string]string{
		"%00":                    "control character",
		"a%0Ab":                  "control character",
		"%FF":                    "UTF-8",
		strings.Repeat("n", 256): "256 bytes",
	} {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			w := request{method: method, path: "/channels/" + name, status: 400, answer: "*"}.check(t, e)
			if !strings.Contains(w.Body.String(), problem) || !strings.HasPrefix(w.Body.String(), "Invalid format: ") {
				t.Errorf("%s: %s", method, w.Body)
			}
		}
	}
	request{method: "POST", path: "/channels/", body: "x", status: 405, answer: "*"}.check(t, e)
}

func TestDeleteEndsTheStreamsOfAChannel(t *testing.T) {
	e := newEnv(t)
	path := "/channels/a"
	request{method: "DELETE", path: path, status: 404,
		answer: "Channel \"a\" has no subscribers and no entries.\n"}.check(t, e)
	send(t, e, "a", "x")
	request{method: "DELETE", path: path, status: 200, answer: "Closed 0\n"}.check(t, e)
	first, second, other := e.follow(t, "a"), e.follow(t, "a"), e.follow(t, "b")
	send(t, e, "a", "before")
	request{method: "DELETE", path: path, header: accepts("application/json"), status: 200,
		answer: "{\"message\":\"Closed\",\"subscribers\":2}\n"}.check(t, e)
	for i, got := range []string{read(t, first), read(t, second)} {
		if !strings.HasPrefix(got, "data: before\nid: ") || !strings.HasSuffix(got, "\n\n<action>") {
			t.Errorf("stream %d got %q", i, got)
		}
	}
	if got := read(t, other); got != "" {
		t.Errorf("the stream of another channel got %q", got)
	}
}

func TestClosedHubIsUnavailable(t *testing.T) {
	e := newEnv(t)
	e.follow(t, "a")
	e.hub.Close()
	for _, q := range []request{
		{method: "POST", path: "/channels/a", body: "x"},
		{method: "POST", path: "/publish/", body: fmt.Sprintf(`{"items":[%s]}`, streamItem("a", "x"))},
	} {
		q.status, q.answer = 503, "Shutting down.\n"
		if got := q.check(t, e).Header().Get("Retry-After"); got != "1" {
			t.Errorf("Retry-After: %q", got)
		}
	}
}

// streamItem is an http-stream item as JSON.
func streamItem(channel, content string) string {
	b, err := json.Marshal(map[string]any{
		"channel": channel,
		"formats": map[string]any{"http-stream": map[string]string{"content": content}},
	})
	if err != nil {
		panic(err)
	}
	return string(b)
}
