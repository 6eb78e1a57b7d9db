package floor

import (
	"fmt"
	"io"
	"net/http"
	"strings"
)

// front takes requests for streams.
type front struct {
	loop *loop
	asks *asker // nil: the client names the channels itself
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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

// asker puts requests to an origin, with nothing but a round trip.
type asker struct {
	origin    string
	transport *http.Transport
}

func newAsker(origin string) *asker {
	return &asker{strings.TrimSuffix(origin, "/"), &http.Transport{MaxIdleConnsPerHost: 256}}
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
