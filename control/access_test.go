package control_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/access"
)

// bearer is the header of a request with a token.
func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

func only(t testing.TB, texts ...string) channels.Patterns {
	t.Helper()
	ps, err := channels.ParsePatterns(texts)
	if err != nil {
		t.Fatal(err)
	}
	return ps
}

func TestEachEndpointNeedsItsRight(t *testing.T) {
	e := newEnv(t, withService("abc"), withProfiling, withAccess(
		access.Terms{Name: "publish", Rights: access.Publish},
		access.Terms{Name: "read", Rights: access.Read},
		access.Terms{Name: "admin", Rights: access.Admin},
		access.Terms{Name: "none"},
	))
	e.follow(t, "c")
	tests := []struct{ method, path, right string }{
		{"POST", "/publish/", "publish"},
		{"POST", "/service/abc/publish", "publish"},
		{"POST", "/channels/c", "publish"},
		{"POST", "/recover/", "publish"},
		{"GET", "/channels", "read"},
		{"HEAD", "/channels", "read"},
		{"GET", "/channels?scope=cluster", "read"},
		{"GET", "/channels/c", "read"},
		{"GET", "/channels/c?scope=cluster", "read"},
		{"GET", "/metrics", "read"},
		{"DELETE", "/channels/c", "admin"},
		{"GET", "/streams", "admin"},
		{"GET", "/debug/pprof/", "admin"},
		{"GET", "/debug/pprof/cmdline", "admin"},
		{"GET", "/", ""},
		{"GET", "/openapi.yaml", ""},
		{"GET", "/healthz", ""},
		{"GET", "/readyz", ""},
	}
	for _, tt := range tests {
		for _, token := range []string{"publish", "read", "admin", "none"} {
			t.Run(fmt.Sprintf("%s %s with the right %s", tt.method, tt.path, token), func(t *testing.T) {
				q := request{method: tt.method, path: tt.path, header: bearer(token), body: batch(streamItem("c", "x")), status: 200, answer: "*"}
				allowed := tt.right == "" || tt.right == token
				if !allowed {
					q.status = 403
				}
				want := ""
				if !allowed {
					want = fmt.Sprintf(`Bearer realm="holdfast", error="insufficient_scope", scope="%s"`, tt.right)
				}
				if got := q.check(t, e).Header().Get("WWW-Authenticate"); got != want {
					t.Errorf("WWW-Authenticate: %s", got)
				}
			})
		}
	}
	for path, status := range map[string]int{"/nothing": 404, "/publish": 405} {
		request{method: "GET", path: path, header: bearer("none"), status: status, answer: "*"}.check(t, e)
	}
}

func TestWhatIsWrongWithATokenIsSaid(t *testing.T) {
	soon, past := time.Now().Add(time.Hour).Unix(), time.Now().Add(-time.Hour).Unix()
	e := newEnv(t, withKeys("k"))
	invalid := `Bearer realm="holdfast", error="invalid_token"`
	tests := []struct {
		name                 string
		authorization        []string
		answer, authenticate string
	}{
		{"none", nil, "A valid token is needed: Authorization: Bearer TOKEN.\n", `Bearer realm="holdfast"`},
		{"unknown", []string{"Bearer x"}, "A valid token is needed: Authorization: Bearer TOKEN.\n", invalid},
		{"expired", claiming(t, "k", jwt.MapClaims{"exp": past}), "The token has expired.\n", invalid},
		{"a clients' token", claiming(t, "k", jwt.MapClaims{"exp": soon, "channels": []string{"c"}}),
			"The token is not good: the claim \"channels\" stands without \"rights\".\n", invalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := request{method: "GET", path: "/", header: http.Header{"Authorization": tt.authorization}, status: 401, answer: tt.answer}.check(t, e)
			if got := w.Header().Get("WWW-Authenticate"); got != tt.authenticate {
				t.Errorf("WWW-Authenticate: %s", got)
			}
		})
	}
}

func TestATokenForSomeChannelsIsForNoOthers(t *testing.T) {
	e := newEnv(t, withAccess(access.Terms{Name: "n", Rights: access.All, Channels: only(t, "user-*", "news")}))
	for _, name := range []string{"user-1", "news", "admin"} {
		e.follow(t, name)
	}
	good, bad := e.follow(t, "user-1"), e.follow(t, "admin")
	const other = "The token is not for channel \"admin\".\n"
	tests := []struct {
		name, method, path, body, answer string
	}{
		{"publishing an item", "POST", "/publish/", batch(streamItem("admin", "x")), other},
		{"publishing an item among others", "POST", "/publish/", batch(streamItem("user-1", "x"), streamItem("news", "x"), streamItem("admin", "x")), "Item 2: " + other},
		{"publishing an event", "POST", "/channels/admin", "x", other},
		{"looking", "GET", "/channels/admin", "", other},
		{"looking at all nodes", "GET", "/channels/admin?scope=cluster", "", other},
		{"looking at what nobody follows", "GET", "/channels/nobody", "", "The token is not for channel \"nobody\".\n"},
		{"ending", "DELETE", "/channels/admin", "", other},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := request{method: tt.method, path: tt.path, body: tt.body, header: bearer("n"), status: 403, answer: tt.answer}.check(t, e)
			if got := w.Header().Get("WWW-Authenticate"); got != `Bearer realm="holdfast", error="insufficient_scope"` {
				t.Errorf("WWW-Authenticate: %s", got)
			}
		})
	}
	if a, b := read(t, good), read(t, bad); a != "" || b != "" {
		t.Errorf("published %q and %q", a, b)
	}
	for _, q := range []request{
		{method: "POST", path: "/publish/", body: batch(streamItem("user-1", "x"), streamItem("news", "x")), answer: "Published\n"},
		{method: "POST", path: "/channels/news", body: "x", answer: "Published\n"},
		{method: "GET", path: "/channels/user-1", answer: "*"},
		{method: "DELETE", path: "/channels/user-1", answer: "Closed 2\n"},
	} {
		q.header, q.status = bearer("n"), 200
		q.check(t, e)
	}
}

func TestListingsShowOnlyWhatIsAllowed(t *testing.T) {
	e := newEnv(t, withAccess(
		access.Terms{Name: "some", Rights: access.Read, Channels: only(t, "user-*", "news")},
		access.Terms{Name: "all", Rights: access.Read},
	))
	for _, name := range []string{"user-1", "news", "user-2", "admin", "usage"} {
		e.follow(t, name)
	}
	tests := []struct {
		name, token, query, want string
	}{
		{"all", "all", "", `{"total":5,"offset":0,"limit":100,"channels":admin news usage user-1 user-2`},
		{"those of the token", "some", "", `{"total":3,"offset":0,"limit":100,"channels":news user-1 user-2`},
		{"a page of them", "some", "?limit=1&offset=1", `{"total":3,"offset":1,"limit":1,"channels":user-1`},
		{"a prefix within", "some", "?prefix=us", `{"total":2,"offset":0,"limit":100,"channels":user-1 user-2`},
		{"a prefix beside", "some", "?prefix=ad", `{"total":0,"offset":0,"limit":100,"channels":`},
		{"of all nodes", "some", "?scope=cluster", `{"limit":100,"channels":news user-1 user-2 {"name":"one","channels":3,"subscribers":3}`},
		{"a page of all nodes", "some", "?scope=cluster&limit=1", `{"limit":1,"next":"news","channels":news {"name":"one","channels":3,"subscribers":3}`},
		{"the next page of all nodes", "some", "?scope=cluster&limit=1&after=news", `{"limit":1,"next":"user-1","channels":user-1 {"name":"one","channels":3,"subscribers":3}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := request{method: "GET", path: "/channels" + tt.query, header: bearer(tt.token), status: 200, answer: "*"}.check(t, e)
			if got := listing(w.Body.String()); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// listing shortens a listing: the names of the channels stand for them.
func listing(text string) string {
	head, rest, _ := strings.Cut(text, "[")
	page, nodes, _ := strings.Cut(rest, "]")
	var words []string
	for _, part := range strings.Split(page, `"name":"`)[1:] {
		name, _, _ := strings.Cut(part, `"`)
		words = append(words, name)
	}
	if _, node, found := strings.Cut(nodes, "["); found {
		node, _, _ = strings.Cut(node, "]")
		words = append(words, node)
	}
	return head + strings.Join(words, " ")
}

func TestClaimsMakeLessOfASignedToken(t *testing.T) {
	e := newEnv(t, withKeys("k"))
	c := e.follow(t, "user-1")
	token := claiming(t, "k", jwt.MapClaims{
		"iss": "backend", "exp": time.Now().Add(time.Hour).Unix(), "rights": []string{"publish"}, "channels": []string{"user-*"},
	})
	for _, q := range []request{
		{method: "POST", path: "/channels/user-1", body: "x", status: 200, answer: "Published\n"},
		{method: "POST", path: "/channels/news", body: "x", status: 403, answer: "The token is not for channel \"news\".\n"},
		{method: "GET", path: "/channels", status: 403, answer: "The token does not have the right to do this: read.\n"},
	} {
		q.header = http.Header{"Authorization": token}
		q.check(t, e)
	}
	if read(t, c) == "" {
		t.Error("nothing was published")
	}
}

func TestWhoPublishesTooFastIsToldWhenToGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEnv(t, withAccess(access.Terms{Name: "n", Rights: access.Publish, PerSecond: 2, Burst: 4}))
		c := e.follow(t, "c")
		send := func(items, status int, retryAfter string) {
			t.Helper()
			all := make([]string, items)
			for i := range all {
				all[i] = streamItem("c", "x")
			}
			q := request{method: "POST", path: "/publish/", header: bearer("n"), body: batch(all...), status: status, answer: "*"}
			if got := q.check(t, e).Header().Get("Retry-After"); got != retryAfter {
				t.Errorf("%d items: Retry-After %q, want %q", items, got, retryAfter)
			}
			want := ""
			if status == 200 {
				want = strings.Repeat("x", items)
			}
			if got := read(t, c); got != want {
				t.Errorf("%d items: published %q", items, got)
			}
		}
		send(3, 200, "")
		send(4, 429, "2") // in 1.5 s
		send(5, 413, "")
		event := request{method: "POST", path: "/channels/d", header: bearer("n"), body: "x", status: 200, answer: "*"}
		event.check(t, e)
		event.status = 429
		event.check(t, e)
		send(2, 429, "1")
		time.Sleep(time.Second)
		send(2, 200, "")
		malformed := request{method: "POST", path: "/publish/", header: bearer("n"), body: batch("{}"), status: 400, answer: "*"}
		for range 10 { // counts for nothing
			malformed.check(t, e)
		}
		time.Sleep(500 * time.Millisecond)
		send(1, 200, "")
	})
}

func TestWhoGuessesTokensIsSlowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEnv(t, withTokens("good"), withService("abc"))
		guess := func(i int, status int) string {
			q := request{method: "GET", path: "/", header: bearer(fmt.Sprint("guess-", i)), status: status, answer: "*"}
			if i%2 == 1 {
				q.method, q.path, q.header = "POST", "/service/abc/publish/", http.Header{"Fastly-Key": {fmt.Sprint("guess-", i)}}
			}
			return q.check(t, e).Header().Get("Retry-After")
		}
		for i := range 10 {
			guess(i, 401)
		}
		if got := guess(10, 429); got != "1" {
			t.Errorf("Retry-After: %q", got)
		}
		request{method: "GET", path: "/", header: bearer("good"), status: 429, answer: "*"}.check(t, e)
		elsewhere := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.RemoteAddr = "[2001:db8::1]:1234"
			e.ServeHTTP(w, r)
		})
		request{method: "GET", path: "/", header: bearer("good"), status: 200, answer: "*"}.check(t, elsewhere)
		request{method: "GET", path: "/", status: 401, answer: "*"}.check(t, e)
		request{method: "GET", path: "/healthz", status: 200, answer: "*"}.check(t, e)
		time.Sleep(time.Second)
		request{method: "GET", path: "/", header: bearer("good"), status: 200, answer: "*"}.check(t, e)
		guess(11, 401)
		if got := guess(12, 429); got != "2" {
			t.Errorf("Retry-After: %q", got)
		}
		request{method: "GET", path: "/", header: bearer("good"), status: 200, answer: "*"}.check(t, e)
	})
}

func TestPublishingWithAccessAllocatesAtMostOnceMore(t *testing.T) {
	allocs := func(e *env, header http.Header) float64 {
		publish := publisherOf(e, batch(streamItem("c", "x")), header)
		return testing.AllocsPerRun(200, publish)
	}
	open := allocs(newEnv(t), nil)
	bound := allocs(newEnv(t, withAccess(access.Terms{
		Name: "n", Rights: access.Publish, Channels: only(t, "a*", "c"), PerSecond: 1 << 30,
	})), bearer("n"))
	if bound > open+1 { // under the race detector pools lose some
		t.Errorf("%v allocations, and %v without", bound, open)
	}
}
