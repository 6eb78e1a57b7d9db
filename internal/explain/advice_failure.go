package explain

import (
	"net/http"

	"github.com/holdfast-proxy/holdfast/proxy"
)

// remedy says what to do about a reason that is not the instruction's.
func remedy(reason proxy.Reason) string {
	switch reason {
	case proxy.BadMethod:
		return "neither tunnels to somewhere else nor echoes of what the origin is told are what this proxy is for"
	case proxy.HeadTooLarge:
		return "raise the origin's limit on the head of a request (SETTINGS_MAX_HEADER_LIST_SIZE), or send less"
	case proxy.PreflightRefused:
		return "name the page's site in the route's cors.origins, if it may read"
	case proxy.ForeignOrigin:
		return "name the page's site in the route's cors.origins, if it may send the user's cookies"
	case proxy.OriginUnreachable:
		return "start the origin, or correct the route's origins"
	case proxy.OriginTimeout:
		return "let the origin answer at once, also where it holds; or raise the route's response_header_timeout"
	case proxy.OriginBroken:
		return "look into the origin's log: it closed the connection, or what it sent is not HTTP/1.1"
	case proxy.OriginBusy:
		return "raise the route's max_connections or origin_requests, or add origins"
	case proxy.OriginCut:
		return "look into the origin's log: the body ended before its Content-Length or its last chunk"
	case proxy.WrongMethod:
		return "ask with GET, or give the route origins for everything else"
	case proxy.ChannelDenied:
		return "name another channel, or let this one in with the route's channels"
	case proxy.LinkFailed:
		return "let the origin answer what it links to with 200"
	case proxy.TokenMissing, proxy.TokenAmbiguous:
		return "send one token; 'holdfast token sign' makes one to try"
	case proxy.TokenRefused, proxy.TokenExpired, proxy.TokenUnfit:
		return "look at the token with 'holdfast token verify'"
	case proxy.TokenKeysUnavailable:
		return "see that the route's tokens.jwks can be reached from here"
	case proxy.BadEncoding:
		return "send instructed answers as they are, without Content-Encoding"
	case proxy.BodyTooLarge:
		return "send less with the instruction: publish the rest"
	default:
		return ""
	}
}

// failed tells what to do where there is no answer of the origin.
func failed(e *evidence) []Finding {
	r := remedy(e.saw.reason)
	if e.saw.err == nil || r == "" {
		return nil
	}
	return mistake(r, "%s: %v", e.saw.reason, e.saw.err)
}

func noRoute(e *evidence) []Finding {
	if e.saw.route != nil {
		return nil
	}
	return mistake("add a route with this host and path, or one without a host for everything else",
		"no route takes %s %s", e.request.Host, e.request.URL.Path)
}

// unsigned finds an origin that may be waiting for a signature.
func unsigned(e *evidence) []Finding {
	if e.saw.answer == nil || len(e.saw.attempts) == 0 {
		return nil
	}
	status, asked := e.saw.answer.status, e.saw.attempts[len(e.saw.attempts)-1].Request.Header
	if status != http.StatusUnauthorized && status != http.StatusForbidden && status != http.StatusNotImplemented || asked.Get("Grip-Sig") != "" {
		return nil
	}
	return hint("set grip.sig_key to the key that the origin checks it with, if it does",
		"the origin answers %d, and the request has no Grip-Sig", status)
}
