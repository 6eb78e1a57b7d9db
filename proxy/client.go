package proxy

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// clientOf is who gets what the instruction says; in may be nil.
func (h *Handler) clientOf(x *exchange, r *http.Request, in *grip.Instruction) hold.Client {
	c := hold.Client{Addr: h.trusted.clientAddr(r)}
	if in != nil {
		c.Who = hold.WhoHas(in.Meta)
	}
	if x.grant != nil && x.grant.ID != "" {
		c.Who = withToken(c.Who, x.grant.ID)
	}
	return c
}

// withToken is who, which may be nil, with a token.
func withToken(who *hold.Who, id string) *hold.Who {
	var copied hold.Who
	if who != nil {
		copied = *who
	}
	copied.TokenID = id
	return &copied
}

// clientAddr is the address that r was first sent from, as far as trusted peers tell:
// the last one that is not a trusted peer itself. What is no address ends the search,
// as nobody can tell who has written what stands before it. It is the zero Addr if r
// did not come over IP.
func (t trustedPeers) clientAddr(r *http.Request) netip.Addr {
	addr := peerAddr(r)
	chain := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
	for i := len(chain) - 1; i >= 0 && t.has(addr); i-- {
		before, ok := forwardedAddr(chain[i])
		if !ok {
			break
		}
		addr = before
	}
	return addr
}

// forwardedAddr reads an element of X-Forwarded-For. Some proxies add a port.
func forwardedAddr(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	a, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return a.Unmap().WithZone(""), err == nil
}
