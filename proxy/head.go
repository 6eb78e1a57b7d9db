package proxy

import (
	"net/http"
	"slices"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// head is the head of an instructed response, as the client gets it.
type head struct {
	code   int
	reason string // empty: the standard phrase
	header http.Header
}

// headOf takes the head from a JSON instruction, or makes the origin's own the
// client's. GRIP: Grip-Status, Grip-Expose-Headers.
func (x *exchange) headOf(in *grip.Instruction) head {
	resp := *x.held
	d := head{code: resp.StatusCode, reason: phraseOf(&resp)}
	if in.Response != nil {
		d.code, d.reason = in.Response.Code, in.Response.Reason
		resp.Header, resp.Trailer = in.Response.Header, nil
		dropFraming(resp.Header)
	}
	if in.Status != 0 {
		d.code, d.reason = in.Status, in.Reason
	}
	expose(resp.Header, in.ExposeHeaders)
	x.finishHeader(&resp)
	resp.Header.Del("Content-Length")
	resp.Header.Del("Trailer")
	d.header = resp.Header
	return d
}

// dropFraming removes fields that are about the connection and not for an
// instruction to set (RFC 9110 §7.6.1).
func dropFraming(h http.Header) {
	for _, name := range []string{"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Transfer-Encoding", "Upgrade"} {
		h.Del(name)
	}
}

// expose removes every field that is not listed. A nil list lists all.
func expose(h http.Header, names []string) {
	if names == nil {
		return
	}
	for name := range h {
		if !slices.ContainsFunc(names, func(n string) bool { return http.CanonicalHeaderKey(n) == name }) {
			delete(h, name)
		}
	}
}

// bodyless reports whether the response cannot have a body.
func (d *head) bodyless() bool {
	return d.code == http.StatusNoContent || d.code == http.StatusNotModified
}

// isEventStream reports whether the body is an event stream.
func (d *head) isEventStream() bool { return mediaType(d.header) == eventStream }

// write sends the head.
func (d *head) write(x *exchange, r *http.Request) {
	h := x.w.Header()
	for name, values := range d.header {
		h[name] = values
	}
	if d.reason != "" && d.reason != http.StatusText(d.code) {
		hold.SetReason(r, d.code, d.reason)
	}
	x.w.WriteHeader(d.code)
}

// adviseMiddleboxes keeps caches and buffering proxies from spoiling an event
// stream, unless the origin says itself what they should do.
func (d *head) adviseMiddleboxes() {
	if d.header.Get("Cache-Control") == "" {
		d.header.Set("Cache-Control", "no-store, no-transform")
	}
	if d.header.Get("X-Accel-Buffering") == "" {
		d.header.Set("X-Accel-Buffering", "no")
	}
}
