package proxy

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// clientOf is who gets what the instruction says; in may be nil.
func (h *Handler) clientOf(r *http.Request, in *grip.Instruction) hold.Client {
	c := hold.Client{Addr: h.trusted.clientAddr(r)}
	if in != nil {
		c.Who = hold.WhoHas(in.Meta)
	}
	return c
}

// clientAddr is the address that r was first sent from, as far as trusted peers tell:
// the last one that is not a trusted peer itself. It is the zero Addr if that is no
// address.
func (t trustedPeers) clientAddr(r *http.Request) netip.Addr {
	addr := peerAddr(r)
	chain := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
	for i := len(chain) - 1; i >= 0 && t.has(addr); i-- {
		before, err := netip.ParseAddr(strings.TrimSpace(chain[i]))
		if err != nil {
			break
		}
		addr = before.Unmap().WithZone("")
	}
	return addr
}
