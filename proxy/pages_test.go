package proxy

import (
	"io"
	"net/http"
	"testing"
	"time"
)

// inPages is an origin whose event streams begin with a page, behind which there is
// another that is held, on the channel news and as fields say, in pairs.
func inPages(fields ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/event-stream")
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
