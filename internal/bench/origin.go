package bench

import (
	"io"
	"net/http"
	"strings"
)

// Origin is an origin for runs: it holds every request as an event stream on
// the channel that the query names, as in /?channel=bench.
func Origin() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		channel := r.FormValue("channel")
		if channel == "" || strings.ContainsAny(channel, ",;\r\n") {
			http.Error(w, "name a channel: ?channel=bench", http.StatusBadRequest)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("Grip-Hold", "stream")
		h.Set("Grip-Channel", channel)
		io.WriteString(w, ": held\n\n")
	})
}
