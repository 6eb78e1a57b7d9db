package proxy

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/sse"
)

// resumePoint is what the client has seen last: an id of the initial body, or
// else what it says itself. (A prev-id of the instruction beats both, channel
// by channel.) An id of the initial body is the origin's own, and need not be
// known here.
func (h *Handler) resumePoint(x *exchange, r *http.Request, events bool, seen *streamReader) channels.Resume {
	if !events || x.route.Resume == ResumeOff {
		return channels.Resume{}
	}
	if id := seen.parser.LastID; id != "" {
		return channels.Resume{ID: id, Lenient: true}
	}
	return channels.Resume{ID: h.lastEventID(r)}
}

// lastEventID reads the header, or one of the query parameters that clients
// use which cannot send it.
func (h *Handler) lastEventID(r *http.Request) string {
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		return id
	}
	if !h.mayResume(r.URL.RawQuery) {
		return ""
	}
	query := r.URL.Query()
	for _, name := range h.holding.ResumeParameters {
		if id := query.Get(name); id != "" {
			return id
		}
	}
	return ""
}

// mayResume reports whether a query may have one of the parameters: most need
// not be taken apart.
func (h *Handler) mayResume(query string) bool {
	return strings.Contains(query, "%") || slices.ContainsFunc(h.holding.ResumeParameters, func(name string) bool {
		return strings.Contains(query, name)
	})
}

// appendGap appends the event that tells an event stream what it misses. Its
// id is where the stream goes on, so that the next reconnect is clean.
func (h *Handler) appendGap(dst []byte, g *channels.Gap) []byte {
	data := struct {
		Reason  channels.Reason `json:"reason"`
		LastID  string          `json:"last_id"`
		Lost    *int64          `json:"lost"`
		Channel string          `json:"channel,omitempty"`
	}{Reason: g.Reason, LastID: g.LastID}
	if g.Lost >= 0 {
		data.Lost = &g.Lost
	}
	if h.holding.GapChannels {
		data.Channel = g.Channel
	}
	text, err := json.Marshal(data)
	if err != nil {
		panic(err) // strings and a number
	}
	e := sse.Event{Name: h.holding.GapEvent, Data: string(text)}
	if !g.Resume.IsZero() {
		e.ID = g.Resume.String()
	}
	return sse.AppendEvent(dst, e)
}
