package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
)

// challengeAtOnce is what a route with tokens needs to challenge every stream at once.
const challengeAtOnce = "reauthorize: {before: 3h, patience: 3h}"

// challengeEvent is the data of a challenge.
type challengeEvent struct {
	Method    string            `json:"method"`
	Headers   map[string]string `json:"headers"`
	ExpiresIn int               `json:"expires_in"`
}

// wantChallenge reads the next block, which must be a challenge.
func (s *subscriber) wantChallenge() challengeEvent {
	s.t.Helper()
	return parseChallenge(s.t, s.next())
}

// parseChallenge reads a challenge.
func parseChallenge(t testing.TB, b block) (c challengeEvent) {
	t.Helper()
	if err := json.Unmarshal([]byte(b.data), &c); b.event != "challenge" || b.id != "" || err != nil {
		t.Fatalf("got %+v (%v), want a challenge without an id", b, err)
	}
	return c
}

// answer answers a challenge at address, which has the new credentials.
func (c challengeEvent) answer(t testing.TB, client *http.Client, address string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), c.Method, address, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range c.Headers {
		r.Header.Set(name, value)
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// TestAChallengeIsAnsweredOverAnyConnection: the stream on one, the new token on
// another, of whatever protocol; the token changes the channels, and nothing is lost.
func TestAChallengeIsAnsweredOverAnyConnection(t *testing.T) {
	cert := newCertificate(t)
	s := startServer(t, tokenRouteFile("keys: ["+tokenSecret+"]", challengeAtOnce)+cert.yaml())
	issuer := newIssuer(t, tokenSecret)
	for _, held := range dialects(t, cert.pem) {
		for _, other := range dialects(t, cert.pem) {
			t.Run(held.name+" answered by "+other.name, func(t *testing.T) {
				stream := subscribe(t, held.client, held.url(s)+"/events?token="+issuer.issue(claimsFor("news", "old")), "")
				defer stream.leave()
				asked := stream.wantChallenge()
				s.publish(message("news", "", "meanwhile"))
				stream.wantData("meanwhile")
				renewed := issuer.issue(with(claimsFor("news", "new"), map[string]any{"exp": time.Now().Add(2 * time.Hour).Unix(), "jti": "token-2"}))
				if status, body := asked.answer(t, other.client, other.url(s)+"/events?token="+renewed); status != 200 || !strings.HasPrefix(body, `{"status":"accepted","expires_in":7`) {
					t.Fatalf("answered %d %q", status, body)
				}
				if b := stream.next(); b.event != "reauthorized" || !strings.HasPrefix(b.data, `{"expires_in":7`) {
					t.Fatalf("got %+v", b)
				}
				stream.wantChallenge()
				s.publish(message("old", "", "not this"), message("new", "", "gained"), message("news", "", "kept"))
				stream.wantData("gained", "kept")
			})
		}
	}
}

func TestANewTokenMustBeGoodAndTheSameUsers(t *testing.T) {
	s := startServer(t, tokenRouteFile("keys: ["+tokenSecret+"]", challengeAtOnce))
	issuer := newIssuer(t, tokenSecret)
	stream := subscribe(t, newClient(t), withToken(s, issuer.issue(claimsFor("news"))), "")
	asked := stream.wantChallenge()
	for name, c := range map[string]struct {
		claims map[string]any
		status int
	}{
		"another user's": {with(claimsFor("news"), map[string]any{"sub": "bob"}), 403},
		"nobody's":       {with(claimsFor("news"), map[string]any{"sub": ""}), 403},
		"expired":        {with(claimsFor("news"), map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}), 401},
		"no channels":    {claimsFor(), 403},
	} {
		if status, body := asked.answer(t, newClient(t), withToken(s, issuer.issue(c.claims))); status != c.status {
			t.Errorf("%s: answered %d %q", name, status, body)
		}
	}
	if status, body := asked.answer(t, newClient(t), s.URL+"/events"); status != 401 {
		t.Errorf("no token: answered %d %q", status, body)
	}
	s.publish(message("news", "", "still here"))
	stream.wantData("still here")
	if status, _ := asked.answer(t, newClient(t), withToken(s, issuer.issue(claimsFor("news")))); status != 200 {
		t.Errorf("a good one at last: answered %d", status)
	}
	if n := s.metrics()[`holdfast_reauthorizations_total{result="refused",route="events"}`]; n != 5 {
		t.Errorf("%v refusals are counted", n)
	}
}

func TestAStreamEndsWithItsTokenAndGoesOnWithANewOne(t *testing.T) {
	s := startServer(t, tokenRouteFile("keys: ["+tokenSecret+"]\nleeway: 0s"))
	issuer := newIssuer(t, tokenSecret)
	short := withToken(s, issuer.issue(with(claimsFor("news"), map[string]any{"exp": time.Now().Add(2 * time.Second).Unix()})))
	stream := subscribe(t, newClient(t), short, "")
	s.publish(message("news", "1", "one"))
	var last block
	for !strings.Contains(last.data, "expired") { // after the event and a challenge
		last = stream.next()
	}
	if last.event != "end" || last.retry == "" || stream.lastID != "1" {
		t.Errorf("it ends with %+v, after %q", last, stream.lastID)
	}
	s.publish(message("news", "2", "two"))
	if resp := reply(t, http.MethodGet, short, http.Header{"Accept": {"text/event-stream"}}); resp.StatusCode != 401 {
		t.Errorf("the old token is answered %d", resp.StatusCode)
	}
	subscribe(t, newClient(t), withToken(s, issuer.issue(claimsFor("news"))), stream.lastID).wantData("two")
}

// TestAChallengeIsAnsweredAtAnotherNode: behind a load balancer the answer comes to
// whichever node it likes.
func TestAChallengeIsAnsweredAtAnotherNode(t *testing.T) {
	broker := natstest.Start(t)
	file := tokenRouteFile("keys: ["+tokenSecret+"]", challengeAtOnce) + "nats: {url: '" + broker.URL + "'}\n"
	a, b := startServer(t, file), startServer(t, file)
	a.natsReady(true)
	b.natsReady(true)
	issuer := newIssuer(t, tokenSecret)
	stream := subscribe(t, newClient(t), withToken(a, issuer.issue(claimsFor("news"))), "")
	asked := stream.wantChallenge()
	eventually(t, "the nodes know each other", func() bool {
		status, _ := asked.answer(t, newClient(t), withToken(b, issuer.issue(with(claimsFor("news"), map[string]any{"sub": "bob"}))))
		return status == http.StatusForbidden
	})
	if status, body := asked.answer(t, newClient(t), withToken(b, issuer.issue(claimsFor("news", "more")))); status != http.StatusOK {
		t.Fatalf("answered %d %q", status, body)
	}
	if b := stream.next(); b.event != "reauthorized" {
		t.Fatalf("got %+v", b)
	}
	stream.wantChallenge()
	b.publish(message("more", "", "on the new channel"))
	stream.wantData("on the new channel")
	if status, _ := asked.answer(t, newClient(t), withToken(b, issuer.issue(claimsFor("news")))); status != http.StatusNotFound {
		t.Errorf("the same challenge again: %d", status)
	}
}

// TestATokenIsHonouredForTheLeeway: what is taken until then holds a stream until then.
// A client that comes back when its stream ends is not let in once more for a moment.
func TestATokenIsHonouredForTheLeeway(t *testing.T) {
	s := startServer(t, tokenRouteFile("keys: ["+tokenSecret+"]"))
	issuer := newIssuer(t, tokenSecret)
	over := time.Now().Add(-20 * time.Second)
	old := withToken(s, issuer.issue(with(claimsFor("news"), map[string]any{"exp": over.Unix()})))
	stream := subscribe(t, newClient(t), old, "")
	asked := stream.wantChallenge()
	if status, body := asked.answer(t, newClient(t), old); status != http.StatusOK {
		t.Errorf("while it is honoured the challenge is answered with it: %d %q", status, body)
	}
	var last block
	for last.event != "end" { // after reauthorized and a challenge
		last = stream.next()
	}
	if !strings.Contains(last.data, "expired") {
		t.Errorf("it ends with %+v", last)
	}
	if early := time.Until(over.Truncate(time.Second).Add(30 * time.Second)); early > 0 {
		t.Errorf("the stream ends %v before its token is refused", early)
	}
	if resp := reply(t, http.MethodGet, old, http.Header{"Accept": {"text/event-stream"}}); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("then the token is answered %d", resp.StatusCode)
	}
}
