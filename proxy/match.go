package proxy

import (
	"net/http"
	"slices"

	"golang.org/x/net/http/httpguts"
)

// Protocol says which requests a route takes.
type Protocol string

// The values of Route.Protocol.
const (
	ProtocolAny       Protocol = ""
	ProtocolHTTP      Protocol = "http" // all but requests for a WebSocket
	ProtocolWebSocket Protocol = "websocket"
)

// TLS says over which connections a route takes requests.
type TLS string

// The values of Route.TLS.
const (
	TLSAny   TLS = ""
	TLSOnly  TLS = "only"
	TLSNever TLS = "never"
)

// incoming is what the route of a request is found by.
type incoming struct {
	host, path string   // as the client sent them
	form       pathForm // of path; the first is as the client sent it
	protocol   Protocol
	tls        TLS
}

// incomingOf looks at r. Whom a trusted peer speaks for came over TLS if it
// says so.
func (t trustedPeers) incomingOf(r *http.Request) incoming {
	in := incoming{host: r.Host, path: rawPath(r), protocol: ProtocolHTTP, tls: TLSNever}
	if opensWebSocket(r) {
		in.protocol = ProtocolWebSocket
	}
	if isSecure(t.schemeOf(r)) {
		in.tls = TLSOnly
	}
	return in
}

// opensWebSocket reports whether r is the client's part of an opening
// handshake (RFC 6455 §4.1).
func opensWebSocket(r *http.Request) bool {
	return r.Method == http.MethodGet && r.ProtoAtLeast(1, 1) &&
		httpguts.HeaderValuesContainsToken(r.Header["Connection"], "upgrade") &&
		httpguts.HeaderValuesContainsToken(r.Header["Upgrade"], "websocket")
}

// takes reports whether rt is for in, whose host has been looked at.
func (rt *route) takes(in *incoming) bool {
	return (rt.Protocol == ProtocolAny || rt.Protocol == in.protocol) &&
		(rt.TLS == TLSAny || rt.TLS == in.tls) &&
		hasPathPrefix(in.path, rt.prefixes[in.form])
}

// label names a route by the requests that it takes. No two routes may have
// the same.
func (r *Route) label() string {
	text := or(r.Host, "*") + r.PathPrefix
	if r.Protocol != ProtocolAny {
		text += " " + string(r.Protocol)
	}
	if r.TLS != TLSAny {
		text += " tls=" + string(r.TLS)
	}
	return text
}

// matchKnown reports whether the settings of this file have one of their
// values.
func (r *Route) matchKnown() bool {
	return slices.Contains([]Protocol{ProtocolAny, ProtocolHTTP, ProtocolWebSocket}, r.Protocol) &&
		slices.Contains([]TLS{TLSAny, TLSOnly, TLSNever}, r.TLS)
}
