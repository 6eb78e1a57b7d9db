package proxy

import (
	"net/http"
	"strconv"
	"strings"
)

const eventStream = "text/event-stream"

// accepts reports whether the Accept header names mediaType itself, not by a
// wildcard, and does not refuse it (RFC 9110 §12.5.1).
func accepts(h http.Header, mediaType string) bool {
	for _, line := range h["Accept"] {
		for part := range strings.SplitSeq(line, ",") {
			name, params, _ := strings.Cut(part, ";")
			if strings.EqualFold(strings.TrimSpace(name), mediaType) && weight(params) > 0 {
				return true
			}
		}
	}
	return false
}

// weight returns the q parameter, 1 if there is none that can be read.
func weight(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if strings.EqualFold(name, "q") {
			if q, err := strconv.ParseFloat(value, 64); err == nil {
				return q
			}
		}
	}
	return 1
}

// wantsEvents reports whether r is what an EventSource sends.
func wantsEvents(r *http.Request) bool {
	return r.Method == http.MethodGet && accepts(r.Header, eventStream)
}

// mediaType is the media type of a header's content, in lower case and
// without parameters.
func mediaType(h http.Header) string {
	name, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(name))
}
