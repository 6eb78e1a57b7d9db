package floor

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
)

// holder takes requests for streams.
type holder struct {
	loop *loop
	asks *asker // nil: the client names the channels itself
}

func (f *holder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	channels := r.URL.Query()["channel"]
	if f.asks != nil {
		var err error
		if channels, err = f.asks.channels(r); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
	}
	if err := f.loop.hold(w, channels); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// newFront returns what serves requests for streams, and what to call when it is
// done with.
func newFront(l *loop, o Options) (front http.Handler, done func(), err error) {
	switch {
	case o.Proxy:
		return newProxy(o.Origin)
	case o.Origin != "":
		asks := newAsker(o.Origin)
		return &holder{loop: l, asks: asks}, asks.close, nil
	}
	return &holder{loop: l}, func() {}, nil
}

// newProxy is a bare reverse proxy with connections to the origin to spare.
func newProxy(origin string) (http.Handler, func(), error) {
	target, err := url.Parse(origin)
	if err != nil || target.Host == "" {
		return nil, nil, fmt.Errorf("origin %q: a proxy needs one", origin)
	}
	transport := newTransport()
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: transport,
	}
	return proxy, transport.CloseIdleConnections, nil
}

// newTransport keeps as many connections to the origin as there are requests at a
// time.
func newTransport() *http.Transport { return &http.Transport{MaxIdleConnsPerHost: 256} }

// asker puts requests to an origin, with nothing but a round trip.
type asker struct {
	origin    string
	transport *http.Transport
}

func newAsker(origin string) *asker {
	return &asker{strings.TrimSuffix(origin, "/"), newTransport()}
}

func (a *asker) close() { a.transport.CloseIdleConnections() }

// channels returns those that the origin names.
func (a *asker) channels(r *http.Request) ([]string, error) {
	out, err := http.NewRequestWithContext(r.Context(), r.Method, a.origin+r.URL.RequestURI(), nil)
	if err != nil {
		return nil, err
	}
	out.Header = r.Header
	resp, err := a.transport.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("origin: %s", resp.Status)
	}
	return strings.Split(resp.Header.Get("Grip-Channel"), ", "), nil
}
