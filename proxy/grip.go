package proxy

import (
	"net/http"
	"strings"
)

// isGrip reports whether a field belongs to GRIP.
func isGrip(name string) bool {
	return len(name) >= 5 && strings.EqualFold(name[:5], "Grip-")
}

// stripGrip removes all fields of GRIP, from headers and from trailers.
func stripGrip(h http.Header) {
	for name := range h {
		if isGrip(name) {
			delete(h, name)
		}
	}
}

// isInstruction reports whether an answer with header h is an instruction
// (GRIP: any Grip-* field, or the JSON media type).
func isInstruction(h http.Header) bool {
	for name := range h {
		if isGrip(name) {
			return true
		}
	}
	mediaType, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(mediaType), "application/grip-instruct")
}
