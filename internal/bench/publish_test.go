package bench

import (
	"net/http"
	"testing"
	"time"
)

func TestWhatWaitsForAnAnswerIsLateFromWhenItWasDue(t *testing.T) {
	const slow = 20 * time.Millisecond
	server := startPosts(t, func(http.ResponseWriter) { time.Sleep(slow) })
	p := newPublisher(Config{
		ControlURL: server.URL, Dialect: GRIP, Channel: "a", Common: "all",
		Batch: 1, Rate: 1e6, Items: 3, Duration: time.Hour,
	}, "RUN")
	defer p.close()
	if err := p.publishAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The second and third are not for all, and were due at once.
	if s := p.own.summary(); s.Count != 2 || s.Max < 3*micro(slow) {
		t.Errorf("%+v", s)
	}
	if s := p.requests.summary(); s.Count != 3 {
		t.Errorf("%+v", s)
	}
}
