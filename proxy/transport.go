package proxy

import (
	"crypto/tls"
	"net/http"
	"time"
)

// OriginProtocol says which HTTP is spoken with the origins of a route.
type OriginProtocol string

// The values of Route.OriginProtocol. HTTP/1.1 is what upgrades, interim answers
// and every origin agree on.
const (
	OriginHTTP1 OriginProtocol = "http1"
	OriginAuto  OriginProtocol = "auto"  // HTTP/2 with https origins that offer it
	OriginHTTP2 OriginProtocol = "http2" // with https origins
	OriginH2C   OriginProtocol = "h2c"   // HTTP/2 by prior knowledge, with http origins
)

const (
	alpnHTTP1 = "http/1.1"
	alpnHTTP2 = "h2"

	// expectPatience is how long a body waits for the origin's 100 Continue.
	expectPatience = time.Second
	// maxOriginHead bounds the head of an answer, in bytes.
	maxOriginHead = 1 << 20
	// Origins close idle connections too; the transport notices.
	originIdleTimeout = 30 * time.Second
	originIdleConns   = 256 // kept per origin, or a storm connects anew for every other request
)

// originTransport talks to the origins of a route, and leaves all codings alone.
type originTransport struct {
	one  *http.Transport // HTTP/1.1
	anew *http.Transport // HTTP/1.1, each request on a connection of its own
	two  *http.Transport // HTTP/2, or what the origin offers; nil: one is for everything
}

// newTransport returns r's transport. config is for https origins where r has none,
// nil for Go's defaults.
func newTransport(r *Route, config *tls.Config) *originTransport {
	if config == nil {
		config = &tls.Config{}
	}
	d := dialer{timeout: r.ConnectTimeout, tls: config.Clone}
	if r.OriginTLS != nil {
		d.tls = r.OriginTLS.Config
	}
	t := &originTransport{one: d.transport(r, (*http.Protocols).SetHTTP1), anew: d.transport(r, (*http.Protocols).SetHTTP1)}
	t.anew.MaxIdleConnsPerHost = -1
	switch r.OriginProtocol {
	case OriginAuto:
		d.offers = []string{alpnHTTP2, alpnHTTP1}
		t.two = d.transport(r, (*http.Protocols).SetHTTP1, (*http.Protocols).SetHTTP2)
	case OriginHTTP2:
		d.offers = []string{alpnHTTP2}
		t.two = d.transport(r, (*http.Protocols).SetHTTP2)
	case OriginH2C:
		d.framed = true
		t.two = d.transport(r, (*http.Protocols).SetUnencryptedHTTP2)
	}
	return t
}

// transport returns a transport that connects with a copy of d.
func (d dialer) transport(r *Route, speak ...func(*http.Protocols, bool)) *http.Transport {
	var protocols http.Protocols
	for _, set := range speak {
		set(&protocols, true)
	}
	return &http.Transport{
		Proxy:                  beforeConnection,
		DialContext:            d.dial,
		DialTLSContext:         d.dialTLS,
		Protocols:              &protocols,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingPatience},
		DisableCompression:     true,
		ResponseHeaderTimeout:  r.ResponseHeaderTimeout,
		ExpectContinueTimeout:  expectPatience,
		MaxResponseHeaderBytes: maxOriginHead,
		MaxConnsPerHost:        r.MaxConnections,
		MaxIdleConnsPerHost:    originIdleConns,
		IdleConnTimeout:        originIdleTimeout,
	}
}

// RoundTrip implements http.RoundTripper. What asks for another protocol goes by
// HTTP/1.1: net/http's HTTP/2 knows no extended CONNECT (RFC 8441).
func (t *originTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if t.two == nil || upgradeOf(req.Header) != "" {
		return t.plain(req).RoundTrip(req)
	}
	resp, err := t.two.RoundTrip(req)
	if err != nil && exchangeOf(req).attempt.framed && !isHeadTooLarge(err) {
		err = &unansweredError{err}
	}
	return resp, err
}

// isHeadTooLarge reports whether an origin with HTTP/2 does not take heads as large as
// the request's (RFC 9113 §6.5.2). net/http has no other name for it.
func isHeadTooLarge(err error) bool {
	return err.Error() == "http2: request header list larger than peer's advertised limit"
}

// plain is what sends req by HTTP/1.1.
func (t *originTransport) plain(req *http.Request) *http.Transport {
	if exchangeOf(req).attempt.anew {
		return t.anew
	}
	return t.one
}

// CloseIdleConnections closes what no request is under way on.
func (t *originTransport) CloseIdleConnections() {
	t.one.CloseIdleConnections()
	if t.two != nil {
		t.two.CloseIdleConnections()
	}
}
