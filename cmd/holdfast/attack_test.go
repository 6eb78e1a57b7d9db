package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// What is on the control endpoint is nowhere on the listener for clients, neither for
// a route nor without one.
func TestClientsDoNotReachWhatIsForOperators(t *testing.T) {
	origin := startOrigin(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Origin", "yes")
		io.WriteString(w, "the origin's")
	}))
	s := startServer(t, "routes: [{host: routed.example, origins: ["+origin+"]}]")
	for _, path := range []string{"/metrics", "/debug/pprof/", "/debug/pprof/cmdline", "/publish/", "/channels", "/channels/c",
		"/streams", "/recover/", "/reload", "/healthz", "/readyz", "/openapi.yaml"} {
		for _, host := range []string{"routed.example", "other.example"} {
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
				r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Host = host
				resp, err := newClient(t).Do(r)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if ours := resp.Header.Get("X-Origin") == ""; ours != (host == "other.example") || ours && resp.StatusCode != http.StatusNotFound {
					t.Errorf("%s %s of %s is answered %s", method, path, host, resp.Status)
				}
			}
		}
	}
}

// Bob knows every id and every position of Alice's stream, and gets nothing of hers by
// them: not on opening a stream, nor on coming back, nor by answering his challenge.
func TestAStreamIsGivenWhatItsOwnTokenNamesAlone(t *testing.T) {
	for _, resume := range []string{"ids", "positions"} {
		t.Run(resume, func(t *testing.T) {
			s := startServer(t, tokenRouteFile("keys: ["+tokenSecret+"]", "resume: "+resume, challengeAtOnce))
			issuer := newIssuer(t, tokenSecret)
			of := func(user string, channels ...any) string {
				return withToken(s, issuer.issue(with(claimsFor(channels...), map[string]any{"sub": user})))
			}
			alice := subscribe(t, newClient(t), of("alice", "alices"), "")
			defer alice.leave()
			var stolen []string
			for _, id := range []string{"first", ""} { // with an id, and with a position for one
				s.publish(message("alices", id, "secret"))
				b := alice.next()
				for b.data != "secret" {
					b = alice.next()
				}
				stolen = append(stolen, alice.lastID)
			}
			s.publish(message("bobs", "", "before"), message("alices", "", "secret"))
			for _, id := range stolen {
				bob := subscribe(t, newClient(t), of("bob", "bobs"), id)
				asked := bob.firstChallenge(t, "alices")
				if status, body := asked.answer(t, newClient(t), of("alice", "alices")); status != http.StatusForbidden {
					t.Errorf("Alice's token in Bob's stream: %d %s", status, body)
				}
				if status, body := asked.answer(t, newClient(t), of("bob", "bobs", "news")); status != http.StatusOK {
					t.Errorf("Bob's new token: %d %s", status, body)
				}
				s.publish(message("alices", "", "secret"), message("news", "", "the end"))
				for b := bob.next(); b.data != "the end"; b = bob.next() {
					if strings.Contains(b.data+b.event, "secret") || strings.Contains(b.data, "alices") {
						t.Errorf("with %q Bob gets %+v", id, b)
					}
				}
				bob.leave()
			}
		})
	}
}

// firstChallenge reads up to a challenge. Nothing before it may have secret in it.
func (s *subscriber) firstChallenge(t *testing.T, secret string) challengeEvent {
	t.Helper()
	for {
		b := s.next()
		if strings.Contains(b.data, secret) || b.data == "secret" {
			t.Errorf("got %+v", b)
		}
		if b.event == "challenge" {
			return parseChallenge(t, b)
		}
	}
}
