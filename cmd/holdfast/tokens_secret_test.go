package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// scroll collects what is written, from any goroutine.
type scroll struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *scroll) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *scroll) Sync() error { return nil }

func (s *scroll) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// TestATokenIsToldToNobody: neither a log at its most talkative, nor metrics, nor the
// origin of the same route hear of a token or of what it claims, good or bad, and
// wherever it stands. What else the client sends reaches the origin as it is.
func TestATokenIsToldToNobody(t *testing.T) {
	var logged, asked scroll
	recording := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		dump, err := httputil.DumpRequest(r, false)
		if err != nil {
			t.Error(err)
		}
		asked.Write(dump)
		if strings.HasSuffix(r.URL.Path, "/linked") {
			w.Header().Set("Grip-Hold", "stream")
			w.Header().Set("Grip-Channel", "own; prev-id=1")
			w.Header().Set("Grip-Link", "<?page=2>; rel=next")
			w.Header().Set("Content-Type", "text/event-stream")
			return
		}
		io.WriteString(w, "plain")
	})
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewDevelopmentEncoderConfig()), &logged, zap.DebugLevel)
	s := startLogging(t, tokenRouteFile("keys: ["+tokenSecret+"]\ncookie: stream", "debug: true", "cors: {origins: [\"*\"]}", "origins: ["+startOrigin(t, recording)+"]"), zap.New(core))
	secret := func(name string) string { return "s3cret-" + name }
	claims := with(claimsFor(secret("channel")), map[string]any{"sub": secret("user"), "jti": secret("id"), "iss": secret("issuer")})
	issuer := newIssuer(t, tokenSecret)
	good := issuer.issue(claims)
	tokens := []string{
		good, good[:len(good)-3], good + "!",
		issuer.issue(with(claims, map[string]any{"exp": time.Now().Add(-time.Hour).Unix()})),
		issuer.issue(with(claims, map[string]any{"grip": secret("grip")})),
		issuer.issue(with(claims, claimsFor(map[string]any{"name": secret("name"), "replay": secret("replay")}))),
		issuer.issue(with(claims, claimsFor(secret("control\n")))),
	}
	for _, text := range tokens {
		for _, accept := range []string{"text/event-stream", "*/*"} {
			for _, place := range []string{"/events?a=1&token=%s&b=2", "/events/linked?token=%s", "/events?header", "/events?cookie"} {
				header := http.Header{"Accept": {accept}, "Origin": {"https://page.example"}, "Cookie": {"session=1"}}
				address := place
				switch place {
				case "/events?header":
					header.Set("Authorization", "Bearer "+text)
				case "/events?cookie":
					header.Set("Cookie", "a=b; stream="+text+"; session=1")
				default:
					address = fmt.Sprintf(place, text)
				}
				resp := reply(t, http.MethodGet, s.URL+address, header)
				if resp.StatusCode == http.StatusOK && accept != "*/*" {
					s.publish(message(secret("channel"), "", "x"))
				}
				resp.Body.Close()
			}
		}
	}
	_, metrics := s.ask(http.MethodGet, "/metrics")
	s.signal()
	<-s.ended
	heard := map[string]string{"the log": logged.String(), "the origin": asked.String(), "the metrics": metrics}
	for who, text := range heard {
		for _, told := range append([]string{"s3cret", tokenSecret}, tokens...) {
			if strings.Contains(text, told) {
				t.Errorf("%s: %.60s", who, around(text, told))
			}
		}
		for _, part := range strings.Split(good, ".") {
			if strings.Contains(text, part) {
				t.Errorf("%s has a part of a token: %s", who, around(text, part))
			}
		}
	}
	for _, want := range []string{"GET /events?a=1&b=2 HTTP/1.1", "GET /events/linked HTTP/1.1", "Cookie: a=b; session=1"} {
		if !strings.Contains(asked.String(), want) {
			t.Errorf("the origin was never asked with %q", want)
		}
	}
	if strings.Contains(asked.String(), "event-stream") {
		t.Error("the origin was asked for events")
	}
	if !strings.Contains(logged.String(), "token_expired") {
		t.Error("the log says nothing of expired tokens")
	}
}

// around is a text's place where something stands.
func around(text, what string) string {
	at := strings.Index(text, what)
	return text[max(0, at-100):min(len(text), at+100)]
}
