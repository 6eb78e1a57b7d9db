package proxy

import (
	"net/http"
	"testing"
	"time"
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
