package proxy

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// asking has b's origin answer by f.
func (b *bench) asking(f roundTrip) {
	b.handler.routes.all[0].forward.Transport.(*originSet).transport = f
}

// stuck is an origin that does not answer before nobody wants it any more.
func stuck(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// run runs b's holder, so that waiters hear of news, until the returned function is
// called.
func (b *bench) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.holder.Run(ctx) }()
	return func() {
		cancel()
		<-ended
		b.handler.Close()
	}
}

func (b *bench) hint(t *testing.T, channel string) {
	t.Helper()
	it := grip.Item{Channel: channel, Response: &grip.ResponseFormat{Action: grip.Hint}}
	if _, err := b.hub.Publish(t.Context(), wire.Item(it, wire.Options{})); err != nil {
		t.Fatal(err)
	}
}

// A client is not kept beyond its time by an origin that does not answer.
func TestAnOriginThatDoesNotAnswerARepeatedRequestKeepsNobody(t *testing.T) {
	for name, end := range map[string]struct {
		by    func(*bench) error
		after time.Duration
	}{
		"when the time is up":    {func(*bench) error { return nil }, 55 * time.Second},
		"when the holder drains": {func(b *bench) error { time.Sleep(20 * time.Second); return b.holder.Drain(context.Background(), 0) }, 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				defer b.run()()
				asked := false
				b.asking(func(r *http.Request) (*http.Response, error) { asked = true; return stuck(r) })
				ended := make(chan error, 1)
				go func() { ended <- end.by(b) }()
				time.AfterFunc(time.Second, func() { b.hint(t, "ch") })
				start := time.Now()
				rec := b.follow(pollAnswer("ch"))
				if took := time.Since(start); rec.Body.String() != "nothing" || took != end.after || !asked {
					t.Errorf("got %q after %v, asked: %v", rec.Body, took, asked)
				}
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// There is a turn for every request; this one's does not come in time.
func TestARequestWhoseTurnDoesNotComeKeepsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.run()()
		rt := b.handler.routes.all[0]
		for range 16 {
			defer close(rt.recovery.turn().done)
		}
		synctest.Wait()
		b.asking(func(*http.Request) (*http.Response, error) {
			t.Error("the origin is asked out of turn")
			return nil, errors.New("refused")
		})
		time.AfterFunc(time.Second, func() { b.hint(t, "ch") })
		start := time.Now()
		rec := b.follow(pollAnswer("ch"))
		if took := time.Since(start); rec.Body.String() != "nothing" || took != 55*time.Second {
			t.Errorf("got %q after %v", rec.Body, took)
		}
	})
}

// After a hint the origin would know more, but what was published is an answer too.
func TestWhatIsPublishedWhileAnOriginFailsAnswersAResponseHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.run()()
		b.asking(func(*http.Request) (*http.Response, error) { return nil, errors.New("refused") })
		answered := make(chan *httptest.ResponseRecorder)
		go func() { answered <- b.follow(pollAnswer("ch")) }()
		synctest.Wait()
		b.hint(t, "ch")
		time.Sleep(10 * time.Second)
		b.hint(t, "ch")
		b.respond(t, "ch", "one")
		if rec := <-answered; rec.Body.String() != "one" {
			t.Errorf("got %q", rec.Body)
		}
	})
}

func TestARepeatedRequestThatMayNotWaitIsAnsweredAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.run()()
		rt := b.handler.routes.all[0]
		rec := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		answer := pollAnswer("ch; prev-id=1")
		answer.StatusCode, answer.Request = http.StatusOK, r
		x := &exchange{w: newResponseWriter(rec, r), route: rt, counts: rt.counts, held: answer}
		x.seen = rt.seen(&grip.Instruction{})
		if err := b.holder.Drain(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		if f := b.handler.follow(x, r); f != nil || rec.Body.String() != "nothing" {
			t.Errorf("got %q, %v", rec.Body, f)
		}
	})
}
