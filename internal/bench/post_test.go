package bench

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// posts is a control endpoint that keeps what is posted.
type posts struct {
	*httptest.Server
	conns  atomic.Int32
	bodies []string
	tokens []string
}

func startPosts(t *testing.T, answer func(w http.ResponseWriter)) *posts {
	t.Helper()
	p := &posts{}
	p.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		p.bodies = append(p.bodies, r.RequestURI+" "+string(body))
		p.tokens = append(p.tokens, r.Header.Get("Authorization"))
		answer(w)
	}))
	p.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			p.conns.Add(1)
		}
	}
	p.Start()
	t.Cleanup(p.Close)
	return p
}

func TestAPosterKeepsItsConnectionWhileTheServerDoes(t *testing.T) {
	for name, tt := range map[string]struct {
		answer func(http.ResponseWriter)
		meet   func(*posts)
		conns  int32
	}{
		"kept":                    {func(http.ResponseWriter) {}, func(*posts) {}, 1},
		"closed with each answer": {func(w http.ResponseWriter) { w.Header().Set("Connection", "close") }, func(*posts) {}, 3},
		"closed in between":       {func(http.ResponseWriter) {}, func(p *posts) { p.CloseClientConnections() }, 3},
	} {
		t.Run(name, func(t *testing.T) {
			server := startPosts(t, tt.answer)
			p := newPoster(Config{ControlURL: server.URL + "/below/", Token: "secret"})
			defer p.close()
			for range 3 {
				if err := p.post(t.Context(), "/publish/?a=b", []byte("hello")); err != nil {
					t.Fatal(err)
				}
				tt.meet(server)
			}
			if n := server.conns.Load(); n != tt.conns {
				t.Errorf("%d connections, want %d", n, tt.conns)
			}
			if len(server.bodies) != 3 || server.bodies[2] != "/below/publish/?a=b hello" || server.tokens[2] != "Bearer secret" {
				t.Errorf("%q, %q", server.bodies, server.tokens)
			}
		})
	}
}

func TestSingleItemsDoNotWaitForTheAnswerToACommonOne(t *testing.T) {
	hang := make(chan struct{})
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if body, _ := io.ReadAll(r.Body); strings.Contains(string(body), `"all"`) {
			<-hang
		} else if requests.Add(1) == commonEvery-1 {
			close(hang)
		}
	}))
	defer server.Close()
	p := newPublisher(Config{
		ControlURL: server.URL, Dialect: GRIP, Channel: "{i}", Streams: 20, Common: "all",
		Batch: 1, Rate: 1e6, Gap: time.Microsecond, Items: commonEvery, Duration: time.Hour,
	}, "RUN")
	defer p.close()
	if err := p.publishAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all, own := p.requests.summary().Count, p.own.summary().Count; all != commonEvery || own != commonEvery-1 {
		t.Errorf("%d requests, %d for single streams", all, own)
	}
}

func TestAPostEndsWithItsContext(t *testing.T) {
	hang := make(chan struct{})
	server := startPosts(t, func(http.ResponseWriter) { <-hang })
	defer close(hang)
	p := newPoster(Config{ControlURL: server.URL})
	defer p.close()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, io.ErrNoProgress)
	defer cancel()
	if err := p.post(ctx, "/", nil); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("error %v", err)
	}
}
