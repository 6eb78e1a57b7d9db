package proxy

import (
	"net/http"
	"net/http/httputil"
	"strings"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"golang.org/x/net/http/httpguts"
)

// rewrite turns the client's request into the origin's. ReverseProxy has
// removed the hop-by-hop and the forwarding fields before.
func (h *Handler) rewrite(pr *httputil.ProxyRequest) {
	x := exchangeOf(pr.In)
	out := pr.Out
	setTarget(out.URL, pr.In.URL, x.route.originPath(rawPath(pr.In)))
	if x.body != nil {
		out.Body, out.Trailer = x.body, x.body.to
		// An origin that refuses the body must not get it, nor the client be
		// told to send it; the transport would, to keep the connection.
		out.Close = httpguts.HeaderValuesContainsToken(out.Header["Expect"], "100-continue")
	}
	out.Header.Del("Host") // HTTP/2 and HTTP/3 may have one beside the :authority that counts
	x.route.dropLookalikes(out.Header)
	if !x.chained {
		grip.StripRequest(out.Header)
		h.sign(out.Header, x.route)
	}
	if accepts(out.Header, eventStream) {
		// What we hold, we must be able to read and to continue.
		out.Header.Set("Accept-Encoding", "identity")
	}
	h.trusted.setForwarded(out.Header, pr.In)
	addVia(out.Header, pr.In.ProtoMajor, pr.In.ProtoMinor)
	if h.holding.Hub != nil && !x.chained && asksSocket(out) {
		grip.OfferSocket(out.Header)
	}
	if x.route.Tokens != nil {
		x.route.Tokens.strip(out)
	}
	x.route.editRequest(out)
}

// sign adds what tells an origin that it is asked by a GRIP proxy.
func (h *Handler) sign(header http.Header, rt *route) {
	setNonEmpty(header, "Grip-Feature", h.feature)
	h.addSignature(header, rt)
}

// addSignature is sign for the signature alone. Without a key it does nothing.
func (h *Handler) addSignature(header http.Header, rt *route) {
	signer := h.signerOf(rt)
	if signer == nil {
		return
	}
	signature, err := signer.Header(time.Now())
	if err != nil {
		panic(err) // a key that has signed once does so again
	}
	header.Set("Grip-Sig", signature)
}

func (rt *route) editRequest(out *http.Request) {
	rt.Request.apply(out.Header)
	if host := out.Header.Get("Host"); host != "" {
		out.Host = host
		out.Header.Del("Host")
	}
}

// withSafeUpgrade returns r without an Upgrade that would open a tunnel for
// more HTTP past us (h2c), or that is not a list of protocols. A server is
// free to ignore an Upgrade, and must in HTTP/1.0 (RFC 9110 §7.8).
func withSafeUpgrade(r *http.Request) *http.Request {
	values, ok := r.Header["Upgrade"]
	if !ok || r.ProtoAtLeast(1, 1) && safeUpgrade(strings.Join(values, ",")) {
		return r
	}
	r = r.Clone(r.Context())
	r.Header.Del("Upgrade")
	return r
}

func safeUpgrade(list string) bool {
	for protocol := range strings.SplitSeq(list, ",") {
		name, _, _ := strings.Cut(strings.TrimSpace(protocol), "/")
		if !httpguts.ValidHeaderFieldName(name) || strings.EqualFold(name, "h2c") || strings.EqualFold(name, "HTTP") {
			return false
		}
	}
	return true
}
