package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/holdfast-proxy/holdfast/internal/token"
)

// identityProvider publishes keys, as long as it is up. It may be used from any
// goroutine.
type identityProvider struct {
	down atomic.Bool
	set  atomic.Pointer[jose.JSONWebKeySet]
}

func (p *identityProvider) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if p.down.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	json.NewEncoder(w).Encode(p.set.Load())
}

// newSigningKey returns a key and how it is written.
func newSigningKey(t *testing.T) (crypto.Signer, string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return k, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// publish publishes keys by their ids.
func (p *identityProvider) publish(all map[string]crypto.Signer) {
	set := new(jose.JSONWebKeySet)
	for id, k := range all {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.Public(), KeyID: id, Use: "sig"})
	}
	p.set.Store(set)
}

// tokenOf makes a token that names its key.
func tokenOf(t *testing.T, id, key string) string {
	t.Helper()
	k, err := token.Algorithms{}.ParseKey(key)
	if err != nil {
		t.Fatal(err)
	}
	k = k.Named(id)
	return tokenIssuer{t, &k}.issue(claimsFor("news"))
}

// TestKeysOfAnIdentityProviderRotate: a token with a new key is good at the next fetch,
// and its client comes back until then; while the provider is down the old keys stay,
// and who has a key of which nobody knows then comes back later.
func TestKeysOfAnIdentityProviderRotate(t *testing.T) {
	idp := new(identityProvider)
	idp.down.Store(true)
	first, firstText := newSigningKey(t)
	second, secondText := newSigningKey(t)
	_, strangerText := newSigningKey(t)
	s := startServer(t, tokenRouteFile("jwks: "+startOrigin(t, idp)+"\njwks_cooldown: 1s"))
	ask := func(text string) (status int, retry bool) {
		resp := reply(t, http.MethodGet, withToken(s, text), http.Header{"Accept": {"text/event-stream"}})
		return resp.StatusCode, resp.ContentLength >= 0 || resp.Header.Get("Cache-Control") == "no-store"
	}
	if status, retry := ask(tokenOf(t, "1", firstText)); status != 200 || !retry {
		t.Errorf("before the provider is up: %d, asked to retry: %v", status, retry)
	}
	idp.publish(map[string]crypto.Signer{"1": first})
	idp.down.Store(false)
	eventually(t, "the first key is there", func() bool {
		status, retry := ask(tokenOf(t, "1", firstText))
		return status == 200 && !retry
	})
	idp.publish(map[string]crypto.Signer{"1": first, "2": second})
	eventually(t, "the second key is there", func() bool {
		status, retry := ask(tokenOf(t, "2", secondText))
		if status != 200 { // at which an EventSource gives up
			t.Errorf("a new key: %d", status)
		}
		return status == 200 && !retry
	})
	eventually(t, "a key of nobody is refused", func() bool { status, _ := ask(tokenOf(t, "4", strangerText)); return status == 401 })
	if status, _ := ask(tokenOf(t, "2", strangerText)); status != 401 {
		t.Errorf("a stranger with a known name: %d", status)
	}
	idp.down.Store(true)
	eventually(t, "a fetch in vain", func() bool {
		status, retry := ask(tokenOf(t, "3", strangerText))
		return status == 200 && retry
	})
	if status, retry := ask(tokenOf(t, "1", firstText)); status != 200 || retry {
		t.Errorf("a known key while the provider is down: %d, asked to retry: %v", status, retry)
	}
	m := s.metrics()
	for _, result := range []string{"fetched", "failed"} {
		if m[`holdfast_token_key_fetches_total{result="`+result+`",route="events"}`] < 1 {
			t.Errorf("no fetch is counted as %s", result)
		}
	}
	if m[`holdfast_token_keys{route="events"}`] != 2 {
		t.Errorf("%v keys", m[`holdfast_token_keys{route="events"}`])
	}
}
