package bench

import (
	"io"
	"net/http"
	"strings"
)

// Origin is an origin for runs: it holds every request as an event stream on
// the channels that the query names, as in /?channel=bench&channel=all.
func Origin() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		channels := r.URL.Query()["channel"]
		if len(channels) == 0 || strings.ContainsAny(strings.Join(channels, ""), ",;\r\n") {
			http.Error(w, "name a channel: ?channel=bench", http.StatusBadRequest)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("Grip-Hold", "stream")
		h.Set("Grip-Channel", strings.Join(channels, ", "))
		io.WriteString(w, ": held\n\n")
	})
}
