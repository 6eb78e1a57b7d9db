package token

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"
)

// What a fetch of a key set may take.
const (
	fetchTimeout = 5 * time.Second
	maxKeySet    = 256 << 10 // bytes
)

// filePrefix marks a key set that is in a file.
const filePrefix = "file:"

// source gets the text of a key set.
type source func(ctx context.Context) ([]byte, error)

// newSource finds out where a key set is. local: in a file.
func newSource(place string, transport http.RoundTripper) (get source, local bool, err error) {
	if path, ok := strings.CutPrefix(place, filePrefix); ok {
		return func(context.Context) ([]byte, error) { return readFile(path) }, true, nil
	}
	u, err := url.Parse(place)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "":
		return nil, false, errors.New("is neither a URL without a user nor file:PATH")
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		return nil, false, errors.New("is not an https URL: whoever is on the way could put keys of their own there")
	}
	client := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return func(ctx context.Context) ([]byte, error) { return fetch(ctx, client, place) }, false, nil
}

// newTransport returns a transport that keeps no connections: there are minutes
// between two fetches.
func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:            (&net.Dialer{Timeout: fetchTimeout}).DialContext,
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// isLoopback reports whether a host is this machine.
func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readBounded(f)
}

// fetch asks for a key set. Redirections are not followed: where keys come from is
// for the configuration to say. The error is without the URL, whose query may hold
// a secret.
func fetch(ctx context.Context, client *http.Client, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/jwk-set+json, application/json")
	resp, err := client.Do(r)
	if err != nil {
		if wrapped := new(url.Error); errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("answered with status %d", resp.StatusCode)
	}
	return readBounded(resp.Body)
}

func readBounded(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxKeySet+1))
	if err == nil && len(data) > maxKeySet {
		err = fmt.Errorf("is over %d bytes", maxKeySet)
	}
	return data, err
}
