package proxy

import (
	"net/http"
	"time"
)

// Verifier tells whose signatures are believed.
type Verifier interface {
	// Verify reports why the value of a Grip-Sig is not one at now.
	Verify(signature string, now time.Time) error
}

// fromProxy reports whether r comes from another GRIP proxy, which has signed it
// with a key that we know: one in front of this one, at the edge. Then whatever is
// in Grip-* fields is between that proxy and the origin: it has its own client's
// removed, follows the origin's instructions, and is who is published to. Nothing
// but its signature makes a client such a proxy.
func (h *Handler) fromProxy(r *http.Request) bool {
	signatures := r.Header["Grip-Sig"]
	return h.upstream != nil && len(signatures) == 1 && h.upstream.Verify(signatures[0], time.Now()) == nil
}
