package main

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestAStreamIsHeldByTokenAlone: nobody is behind, and yet events arrive, keep-alives
// are sent, filters know the user, and who comes back misses nothing.
func TestAStreamIsHeldByTokenAlone(t *testing.T) {
	for name, file := range map[string]string{
		"loops":      "",
		"goroutines": "hold: {engine: goroutines}\n",
		"a stream":   "nats: {embedded: {store_dir: '" + t.TempDir() + "'}}\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := startServer(t, tokenRouteFile("keys: ["+tokenSecret+"]", "channel_prefix: app-", "subscribe: [all]", "retry: 2s")+file)
			eventually(t, "ready", func() bool { status, _ := s.ask("GET", "/readyz"); return status == 200 })
			s.publish(message("app-news", "before", "before"))
			text := newIssuer(t, tokenSecret).issue(claimsFor("news", map[string]any{"name": "mine", "filters": []string{"skip-self"}}))
			address := withToken(s, text)

			first := subscribe(t, newClient(t), address, "")
			if h := first.response.Header; h.Get("Content-Type") != "text/event-stream" || h.Get("Cache-Control") != "no-store, no-transform" {
				t.Errorf("header %v", h)
			}
			if b := first.next(); b.retry != "2000" {
				t.Errorf("it begins with %+v", b)
			}
			s.publish(message("app-news", "1", "one"))
			first.wantData("one")
			s.publish(message("news", "2", "without the prefix"), message("all", "3", "to all"))
			s.publish(fmt.Sprintf(`{"channel":"app-mine","meta":{"sender":%q},"formats":{"sse":{"data":"my own"}}}`, "alice"))
			s.publish(`{"channel":"app-mine","meta":{"sender":"bob"},"formats":{"sse":{"data":"bob's"}}}`)
			first.wantData("to all", "bob's")
			first.leave()

			s.publish(message("app-news", "4", "meanwhile"))
			again := subscribe(t, newClient(t), address, first.lastID)
			again.next() // retry
			again.wantData("meanwhile")
		})
	}
}

func TestATokenHoldsOverEveryProtocol(t *testing.T) {
	cert := newCertificate(t)
	s := startServer(t, tokenRouteFile("keys: ["+tokenSecret+"]")+cert.yaml())
	text := newIssuer(t, tokenSecret).issue(claimsFor("news"))
	for _, d := range dialects(t, cert.pem) {
		stream := subscribe(t, d.client, d.url(s)+"/events?token="+text, "")
		if stream.response.Proto != d.protocol {
			t.Errorf("%s: %s", d.name, stream.response.Proto)
		}
		s.publish(message("news", "", d.name))
		stream.wantData(d.name)
		stream.leave()
	}
}

// TestAPrevIDOfATokenIsForTheFirstTime: a browser comes back with the same token.
func TestAPrevIDOfATokenIsForTheFirstTime(t *testing.T) {
	s := startServer(t, tokenRouteFile("keys: ["+tokenSecret+"]"))
	s.publish(message("news", "1", "one"), message("news", "2", "two"), message("news", "3", "three"))
	address := withToken(s, newIssuer(t, tokenSecret).issue(claimsFor(map[string]any{"name": "news", "prev-id": "1"})))
	subscribe(t, newClient(t), address, "").wantData("two", "three")
	subscribe(t, newClient(t), address, "2").wantData("three")
}

func TestWhoHasNoGoodTokenIsTold(t *testing.T) {
	s := startServer(t, tokenRouteFile("keys: ["+tokenSecret+"]\nissuer: idp\naudience: holdfast\nmax_length: 1KiB\ncookie: stream", "channel_prefix: "+strings.Repeat("p", 250)))
	issuer := newIssuer(t, tokenSecret)
	claims := with(claimsFor("news"), map[string]any{"iss": "idp", "aud": "holdfast"})
	good := issuer.issue(claims)
	unsigned := "eyJhbGciOiJub25lIn0." + strings.Split(good, ".")[1] + "."
	many := make([]any, 101)
	for i := range many {
		many[i] = strconv.FormatInt(int64(i), 36) // short: the token has a limit too
	}
	for name, c := range map[string]struct {
		query, authorization, cookie string

		status    int
		challenge string
	}{
		"no token":                {"", "", "", 401, "Bearer"},
		"an empty token":          {"token=", "Bearer ", "stream=", 401, "Bearer"},
		"other credentials":       {"", "Basic YTpi", "session=1", 401, "Bearer"},
		"rubbish":                 {"token=rubbish", "", "", 401, `Bearer error="invalid_token", error_description="the token is not in compact form`},
		"alg none":                {"token=" + unsigned, "", "", 401, `Bearer error="invalid_token"`},
		"expired":                 {"token=" + issuer.issue(with(claims, map[string]any{"exp": time.Now().Add(-time.Minute).Unix()})), "", "", 401, `Bearer error="invalid_token", error_description="the token has expired"`},
		"another issuer":          {"token=" + issuer.issue(with(claims, map[string]any{"iss": "mallory"})), "", "", 401, `Bearer error="invalid_token"`},
		"another audience":        {"", "Bearer " + issuer.issue(with(claims, map[string]any{"aud": "mallory"})), "", 401, `Bearer error="invalid_token"`},
		"too long":                {"token=" + strings.Repeat("a", 1025), "", "", 401, `Bearer error="invalid_token", error_description="the token is too long"`},
		"twice in the query":      {"token=" + good + "&token=" + good, "", "", 400, `Bearer error="invalid_request"`},
		"in two places":           {"token=" + good, "Bearer " + good, "", 400, `Bearer error="invalid_request"`},
		"two cookies":             {"", "", "stream=a; stream=b", 400, `Bearer error="invalid_request"`},
		"no claim":                {"token=" + issuer.issue(with(claims, map[string]any{"grip": nil})), "", "", 403, `Bearer error="insufficient_scope"`},
		"no channel":              {"token=" + issuer.issue(with(claims, claimsFor())), "", "", 403, `Bearer error="insufficient_scope"`},
		"a name that is too long": {"token=" + issuer.issue(with(claims, claimsFor("sixsix"))), "", "", 403, `Bearer error="insufficient_scope"`},
		"a name without a letter": {"token=" + issuer.issue(with(claims, claimsFor(""))), "", "", 403, `Bearer error="insufficient_scope"`},
		"too many channels":       {"token=" + issuer.issue(with(claims, claimsFor(many...))), "", "", 403, `Bearer error="insufficient_scope"`},
		"good":                    {"token=" + good, "", "stream=other", 200, ""},
		"good, in the header":     {"", "bearer " + good, "", 200, ""},
		"good, in the cookie":     {"", "Basic YTpi", "stream=" + good, 200, ""},
	} {
		header := http.Header{"Accept": {"text/event-stream"}}
		for field, value := range map[string]string{"Authorization": c.authorization, "Cookie": c.cookie} {
			if value != "" {
				header.Set(field, value)
			}
		}
		resp := reply(t, http.MethodGet, s.URL+"/events?"+c.query, header)
		if got := resp.Header.Get("WWW-Authenticate"); resp.StatusCode != c.status || !strings.HasPrefix(got, c.challenge) || (c.challenge == "") != (got == "") {
			t.Errorf("%s: %s, %s", name, resp.Status, got)
		}
	}
}

func TestOtherMethodsOfARouteThatHoldsByTokenAreAnswered(t *testing.T) {
	s := startServer(t, tokenRouteFile("keys: ["+tokenSecret+"]"))
	good := withToken(s, newIssuer(t, tokenSecret).issue(claimsFor("news")))
	for _, c := range []struct {
		method, address string
		status          int
		allow           string
	}{
		{http.MethodHead, good, 200, ""},
		{http.MethodHead, s.URL + "/events", 401, ""},
		{http.MethodOptions, s.URL + "/events", 204, "GET, HEAD, OPTIONS"},
		{http.MethodPost, good, 405, "GET, HEAD, OPTIONS"},
		{http.MethodDelete, s.URL + "/events", 405, "GET, HEAD, OPTIONS"},
	} {
		resp := reply(t, c.method, c.address, http.Header{"Content-Type": {"text/plain"}})
		if resp.StatusCode != c.status || resp.Header.Get("Allow") != c.allow {
			t.Errorf("%s: %s, Allow: %s", c.method, resp.Status, resp.Header.Get("Allow"))
		}
		if c.status == 200 && resp.Header.Get("Content-Type") != "text/event-stream" {
			t.Errorf("%s: header %v", c.method, resp.Header)
		}
	}
	s.holds(0)
}

func TestATokenIsFoundWhereTheRouteLooksOnly(t *testing.T) {
	s := startServer(t, tokenRouteFile("keys: ["+tokenSecret+"]\nquery: ''\nbearer: false\ncookie: stream"))
	good := newIssuer(t, tokenSecret).issue(claimsFor("news"))
	for _, header := range []http.Header{{}, {"Authorization": {"Bearer " + good}}} {
		if resp := reply(t, http.MethodGet, withToken(s, good), header); resp.StatusCode != 401 {
			t.Errorf("%v: %s", header, resp.Status)
		}
	}
	if resp := reply(t, http.MethodGet, withToken(s, good), http.Header{"Cookie": {"stream=" + good}}); resp.StatusCode != 200 {
		t.Errorf("in the cookie: %s", resp.Status)
	}
}

// TestAnEncryptedTokenHolds: what is in the URL tells nobody who the user is.
func TestAnEncryptedTokenHolds(t *testing.T) {
	s := startServer(t, tokenRouteFile("keys: ["+tokenSecret+"]\nencryption_keys: ["+tokenCipher+"]"))
	issuer := newIssuer(t, tokenSecret)
	stream := subscribe(t, newClient(t), withToken(s, issuer.seal(claimsFor("news"), []byte(tokenCipher))), "")
	s.publish(message("news", "", "one"))
	stream.wantData("one")
	if resp := reply(t, http.MethodGet, withToken(s, issuer.issue(claimsFor("news"))), nil); resp.StatusCode != 401 {
		t.Errorf("in the clear: %s", resp.Status)
	}
}
