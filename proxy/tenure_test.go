package proxy

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/barred"
)

// A stream's link leads it to other channels; its challenge is answered for those.
func TestNewCredentialsMayNameTheChannelsThatALinkHasLedTo(t *testing.T) {
	for _, test := range []struct{ name, credentials, says string }{
		{"those that it has", "alice/b", "{\"status\":\"accepted\",\"expires_in\":3600}\n"},
		{"those that it had", "alice/a", "{\"status\":\"reopen\",\"expires_in\":0}\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStation(t, holding(newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/next" {
					w.Header().Set("Grip-Hold", "stream")
					w.Header().Set("Grip-Channel", "b")
				} else {
					w.Header().Set("Grip-Link", "</next>; rel=next")
					gatekeeper(w, r)
				}
			}).URL, func(rt *Route) { rt.Reauthorize = Reauthorize{Before: 2 * time.Hour, Patience: 2 * time.Hour} }))
			_, ch := s.challenged(t, hourly, "alice/a")
			s.handler.Recover()
			s.waitStreams(t, "b", 1)
			s.waitStreams(t, "a", 0)
			if status, body := s.answer(t, hourly, ch, test.credentials); status != http.StatusOK || body != test.says {
				t.Errorf("answered %d %q, want %q", status, body, test.says)
			}
		})
	}
}

// slowHub needs a while for the history of one channel.
type slowHub struct {
	Hub
	channel       string
	asked, answer chan struct{}
}

// Await implements Hub.
func (h slowHub) Await(ctx context.Context, names ...string) (func(), error) {
	if slices.Contains(names, h.channel) {
		close(h.asked)
		<-h.answer
	}
	return h.Hub.Await(ctx, names...)
}

// New channels may have to be waited for. What an answer said that is too late then has
// no effect at all.
func TestAnAnswerThatIsTooLateForItsChannelsMovesNothing(t *testing.T) {
	slow := slowHub{channel: "slow", asked: make(chan struct{}), answer: make(chan struct{})}
	s := newStation(t, func(o *stationOptions) {
		holding(newOrigin(t, gatekeeper).URL, func(rt *Route) {
			rt.Reauthorize = Reauthorize{Before: 2 * time.Hour, Patience: 2 * time.Hour}
		})(o)
		o.Quotas.PerChannel = 1
		o.hub = func(hub *channels.Hub) Hub { slow.Hub = hub; return slow }
	})
	c, ch := s.challenged(t, hourly, "alice/a")
	status := make(chan int)
	go func() {
		got, _ := s.answer(t, hourly, ch, "alice/slow")
		status <- got
	}()
	within(t, slow.asked, "the channel is joined")
	if n := s.handler.Recheck(&barred.Rule{User: "alice"}); n != 1 {
		t.Fatalf("%d streams are asked again", n)
	}
	close(slow.answer)
	if got := within(t, status, "the answer is judged"); got != http.StatusNotFound {
		t.Errorf("answered %d", got)
	}
	if n := s.handler.Recheck(&barred.Rule{Channel: "slow"}); n != 0 {
		t.Fatalf("%d streams have the channel", n)
	}
	if full := s.handler.quotas.has("a", "slow"); !full[0] || full[1] {
		t.Errorf("counted: %v", full)
	}
	c.challenge(t)
	s.send("a", "data: 1\n\n")
	c.want(t, "data: 1\n\n")
	s.waitStreams(t, "slow", 0)
}
