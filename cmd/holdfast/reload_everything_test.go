package main

import (
	"crypto"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/holdfast-proxy/holdfast/internal/certs/certstest"
	"github.com/holdfast-proxy/holdfast/internal/reload"
)

// everything is a file with all that keeps something while it holds, of which nearly all is
// another for another n. more are routes beside.
func everything(t *testing.T, a *certstest.Authority, idp string, n int, more string) string {
	pair := pairYAML(t, t.TempDir(), a.Issue(t, "127.0.0.1"))
	ca := certstest.WriteFile(t, t.TempDir(), fmt.Sprintf("authority-%d.pem", n), a.PEM)
	return fmt.Sprintf(`
limits: {streams_per_address: %[1]d, streams_per_user: %[1]d, streams_per_channel: %[1]d, new_streams: %[1]d, origin_requests: %[1]d, queue: %[1]d}
trusted_proxies: [192.0.2.%[1]d]
control:
  listen: ['127.0.0.1:0']
  access: [{name: 'a%[1]d', token: 'token-%[1]d', rights: [publish], rate: 9}, {name: operator, token: operator, rights: [publish, read, admin]}]
tls: {listen: ['127.0.0.1:0'], http3: true, certificates: [{%[2]s}]}
routes:
  - {name: 'tokens-%[1]d', path_prefix: '/t%[1]d', tokens: {jwks: '%[3]s', leeway: %[1]ds}, cors: {origins: ['https://a%[1]d.example']}}
  - {name: tokens, path_prefix: /tokens, tokens: {jwks: '%[3]s', jwks_refresh: '%[1]dm'}, reauthorize: {before: '%[1]dm'}}
  - {name: 'secure-%[1]d', path_prefix: '/s%[1]d', origins: ['https://127.0.0.1:1'], origin_tls: {ca: %[4]s, %[2]s}}
%[5]s`, n, pair, idp, ca, more)
}

// TestReloadsOfEverythingLeaveNothingBehind, also when several come at once.
func TestReloadsOfEverythingLeaveNothingBehind(t *testing.T) {
	const reloads = 30
	a, idp, origin := certstest.NewAuthority(t, "a"), startOrigin(t, keysOf(t)), startOrigin(t, holding())
	stays := "  - {name: stays, path_prefix: /stays, rewrite_prefix: /, origins: ['" + origin + "']}\n"
	first := everything(t, a, idp, 50, stays)
	s := startReloadable(t, first)
	s.token = "operator"
	stream := follow(t, newClient(t), s.URL+"/stays/stream?channel=c", "")
	s.mustReload(first)
	before := s.footprint()
	for n := range reloads {
		s.write(everything(t, a, idp, 100+n, stays))
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				if _, err := s.again(); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	s.mustReload(first)
	s.publish(message("c", "", "still"))
	stream.wantData("still")
	var after footprint
	eventually(t, "nothing is left of what came and went", func() bool {
		after = s.footprint()
		return after.within(before)
	})
	for name := range s.metrics() {
		if strings.Contains(name, "tokens-1") || strings.Contains(name, "secure-1") || strings.Contains(name, "authority-1") {
			t.Errorf("there is still %s", name)
		}
	}
}

// TestReloadsDuringADrain do no harm, and end with it.
func TestReloadsDuringADrain(t *testing.T) {
	a, idp := certstest.NewAuthority(t, "a"), startOrigin(t, keysOf(t))
	s := startReloadable(t, everything(t, a, idp, 50, ""))
	var all sync.WaitGroup
	for n := range 3 {
		all.Go(func() {
			for i := range 20 {
				text := everything(t, a, idp, 100+20*n+i, "")
				if err := os.WriteFile(s.file, []byte(complete(text)), 0o600); err != nil {
					t.Error(err)
				}
				if _, err := s.again(); errors.Is(err, reload.ErrEnding) {
					return
				}
			}
		})
	}
	s.signal()
	all.Wait()
	<-s.ended
}

// keysOf is an identity provider with a key.
func keysOf(t *testing.T) *identityProvider {
	key, _ := newSigningKey(t)
	idp := new(identityProvider)
	idp.publish(map[string]crypto.Signer{"1": key})
	return idp
}
