package proxy

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// wantCounted reads a counter of b's route.
func wantCounted(t *testing.T, what string, c prometheus.Counter) {
	t.Helper()
	if n := testutil.ToFloat64(c); n != 1 {
		t.Errorf("%s is counted %v times", what, n)
	}
}

// answerTo is an origin's answer to a repeated request.
func answerTo(r *http.Request, answer *http.Response) *http.Response {
	answer.StatusCode, answer.Request = http.StatusOK, r
	return answer
}

// The old order is further on than the new one gets: a place of it would be ahead of
// everything that is published.
func TestALongPollOutlivesTheEndOfItsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.run()()
		for range 9 {
			b.respond(t, "ch", "old")
		}
		var asked []time.Duration
		start := time.Now()
		b.asking(func(r *http.Request) (*http.Response, error) {
			asked = append(asked, time.Since(start))
			return answerTo(r, pollAnswer("ch, other")), nil
		})
		answered := make(chan *httptest.ResponseRecorder)
		go func() { answered <- b.follow(pollAnswer("ch, other")) }()
		time.Sleep(time.Second)
		b.hub.Restart(channels.NewEpoch())
		time.Sleep(time.Second)
		b.hint(t, "ch") // of this order, so not answered yet
		time.Sleep(time.Second)
		b.respond(t, "ch", "news")
		rec := <-answered
		if rec.Body.String() != "news" || time.Since(start) != 3*time.Second {
			t.Errorf("got %q after %v", rec.Body, time.Since(start))
		}
		if len(asked) != 2 || asked[0] != time.Second || asked[1] != 2*time.Second {
			t.Errorf("the origin is asked at %v", asked)
		}
		counts := b.handler.routes.all[0].counts
		wantCounted(t, "the recovery", counts.recoveries[recoveryLabels{onRestart, recoveryDone}])
		wantCounted(t, "the hint's", counts.recoveries[recoveryLabels{hold.OnHint, recoveryDone}])
		wantCounted(t, "the gap", counts.pollGaps[channels.Epoch])
	})
}

func TestALongPollIsNotAnsweredFromAnOrderThatEndsWhileItsOriginIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.run()()
		for range 9 {
			b.respond(t, "other", "old")
		}
		b.asking(func(r *http.Request) (*http.Response, error) {
			b.hub.Restart(channels.NewEpoch())
			return answerTo(r, pollAnswer("ch")), nil
		})
		answered := make(chan *httptest.ResponseRecorder)
		go func() { answered <- b.follow(pollAnswer("ch")) }()
		time.Sleep(time.Second)
		b.hint(t, "ch")
		time.Sleep(time.Second)
		start := time.Now()
		b.respond(t, "ch", "news")
		if rec := <-answered; rec.Body.String() != "news" || time.Since(start) != 0 {
			t.Errorf("got %q after %v", rec.Body, time.Since(start))
		}
	})
}

func TestALongPollThatCannotBeRepeatedEndsWithItsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.run()()
		b.asking(func(*http.Request) (*http.Response, error) {
			t.Error("the origin is asked again")
			return stuck(nil)
		})
		time.AfterFunc(time.Second, func() { b.hub.Restart(channels.NewEpoch()) })
		start := time.Now()
		rec := b.followAs(&exchange{at: b.hub.Head(), body: &requestBody{}}, pollAnswer("ch"))
		if took := time.Since(start); rec.Body.String() != "nothing" || took != time.Second {
			t.Errorf("got %q after %v", rec.Body, took)
		}
		counts := b.handler.routes.all[0].counts
		wantCounted(t, "the end", counts.polls[pollDrained])
		wantCounted(t, "the gap", counts.pollGaps[channels.Epoch])
	})
}
