package proxy

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/barred"
)

// inPages is an origin whose event streams begin with a page, behind which there is
// another that is held, on the channel news and as fields say, in pairs.
func inPages(fields ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", cmp.Or(h.Get("Content-Type"), eventStream))
		if r.URL.Path != "/next" {
			h.Set("Grip-Link", "</next>; rel=next")
			io.WriteString(w, "data: one\n\n")
			return
		}
		h.Set("Grip-Hold", "stream")
		h.Set("Grip-Channel", "news")
		for i := 0; i < len(fields); i += 2 {
			h.Add(fields[i], fields[i+1])
		}
		io.WriteString(w, "data: two\n\n")
	}
}

const twoPages = "data: one\n\ndata: two\n\n"

func TestAStreamThatIsHeldFromItsLastPageOnExpires(t *testing.T) {
	s := newStation(t, holding(newOrigin(t, inPages("Grip-Expires", "1")).URL, func(rt *Route) {
		rt.Reauthorize = Reauthorize{Before: 2 * time.Hour, Patience: 2 * time.Hour}
	}))
	c := s.watch(t, client(t), s.url+"/")
	c.want(t, twoPages)
	if ch := c.challenge(t); ch.ExpiresIn != 1 {
		t.Errorf("expires in %d s", ch.ExpiresIn)
	}
	c.want(t, "event: end\ndata: {\"reason\":\"expired\"}\nretry: ")
	s.waitStreams(t, "news", 0)
}

// What is left of it reads a stream that ends well, and returns how long its client is
// asked to stay away, in milliseconds.
func (s *stream) saysRetry(t *testing.T) (ms int) {
	t.Helper()
	rest, err := s.rest()
	if err != nil {
		t.Errorf("cut: %v", err)
	}
	for line := range strings.Lines(rest) {
		if _, err := fmt.Sscanf(line, "retry: %d", &ms); err == nil {
			return ms
		}
	}
	t.Errorf("no retry in %q", rest)
	return 0
}

func TestAUsersShareIsCountedFromTheLastPageOn(t *testing.T) {
	s := newStation(t, func(o *stationOptions) {
		holding(newOrigin(t, inPages("Grip-Set-Meta", "user=alice")).URL)(o)
		o.Quotas.PerUser = 1
	})
	first := s.watch(t, client(t), s.url+"/")
	first.want(t, twoPages)
	s.waitStreams(t, "news", 1)
	second := s.watch(t, client(t), s.url+"/")
	second.want(t, twoPages)
	if ms := second.saysRetry(t); ms < retryMin || ms > retryMax {
		t.Errorf("told to come back after %d ms", ms)
	}
	s.waitCount(t, "holdfast_request_failures_total", string(TooManyOfUser))
	first.leave()
	s.waitStreams(t, "news", 0)
	for deadline := time.Now().Add(patience); s.handler.quotas.users.Full("alice"); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("counted after the end")
		}
	}
}

// Its head is out when it is known whose the stream is, so its client cannot be told to
// stay away for good.
func TestWhoIsBarredIsNotHeldFromALastPageOn(t *testing.T) {
	for name, rule := range map[string]barred.Rule{
		"the user":                {User: "alice"},
		"the user on the channel": {User: "alice", Channel: "news"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStation(t, holding(newOrigin(t, inPages("Grip-Set-Meta", "user=alice")).URL))
			s.bar(t, rule)
			c := s.watch(t, client(t), s.url+"/", "Accept", eventStream)
			c.want(t, twoPages+"event: end\n")
			if ms := c.saysRetry(t); ms < awayMin || ms > awayMax {
				t.Errorf("told to come back after %d ms", ms)
			}
			s.waitCount(t, "holdfast_request_failures_total", string(Revoked))
			s.waitStreams(t, "news", 0)
		})
	}
}

// bar has the station hold nobody whom rule means.
func (s *station) bar(t *testing.T, rule barred.Rule) {
	t.Helper()
	if err := s.handler.holding.Barred.Add(rule, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
}

func TestWhoIsBarredAndNamedByAFirstPageIsToldToStayAway(t *testing.T) {
	s := newStation(t, holding(newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Grip-Set-Meta", "user=alice")
		inPages()(w, r)
	}).URL))
	s.bar(t, barred.Rule{User: "alice"})
	if resp, _ := get(t, client(t), s.url+"/", "Accept", eventStream); resp.StatusCode != http.StatusNoContent {
		t.Errorf("answered %d", resp.StatusCode)
	}
}

// There is no way to tell what is no event stream why it ends.
func TestWhatIsNoEventStreamIsCutBehindItsPagesWhereItsClientIsBarred(t *testing.T) {
	s := newStation(t, holding(newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		inPages("Grip-Set-Meta", "user=alice")(w, r)
	}).URL))
	s.bar(t, barred.Rule{User: "alice"})
	c := s.watch(t, client(t), s.url+"/")
	if rest, err := c.rest(); err == nil {
		t.Errorf("ends well, with %q", rest)
	}
}
