package main

import (
	"crypto"
	"fmt"
	"net/http"
	"testing"
)

// A reload of something else must not forget the keys of an identity provider: it may be
// down.
func TestAReloadKeepsTheKeysOfAnIdentityProvider(t *testing.T) {
	key, text := newSigningKey(t)
	idp := new(identityProvider)
	idp.publish(map[string]crypto.Signer{"1": key})
	file := tokenRouteFile("jwks: " + startOrigin(t, idp))
	s := startReloadable(t, file)
	address := withToken(s.server, tokenOf(t, "1", text))
	subscribe(t, newClient(t), address, "")
	s.holds(1)
	idp.down.Store(true)
	s.mustReload(file + "max_streams: 7\n")
	subscribe(t, newClient(t), address, "")
	s.holds(2)
}

func TestAReloadDoesNotForgetWhoGuesses(t *testing.T) {
	const file = "origin: http://127.0.0.1:1\ncontrol: {listen: ['127.0.0.1:0'], tokens: [secret]}\n"
	s := startReloadable(t, file)
	for i := range 11 {
		s.token = fmt.Sprint("guess ", i)
		s.ask(http.MethodGet, "/channels")
	}
	s.write(file + "max_streams: 7\n")
	if out, err := s.again(); err != nil || len(out.Changed) == 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	s.token = "one more"
	if status, _ := s.ask(http.MethodGet, "/channels"); status != http.StatusTooManyRequests {
		t.Errorf("after the reload: %d", status)
	}
}

func TestAReloadGivesNoRoomForMoreItems(t *testing.T) {
	const file = "origin: http://127.0.0.1:1\ncontrol: {listen: ['127.0.0.1:0'], access: [{name: a, token: secret, rights: [publish], rate: 1, burst: 2}]}\n"
	s := startReloadable(t, file)
	s.token = "secret"
	two := `{"items":[{"channel":"c","sse":{"data":1}},{"channel":"c","sse":{"data":2}}]}`
	if status, answer, err := s.control(http.MethodPost, "/publish/", two); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s %v", status, answer, err)
	}
	s.write(file + "max_streams: 7\n")
	if out, err := s.again(); err != nil || len(out.Changed) == 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	if status, answer, err := s.control(http.MethodPost, "/publish/", two); err != nil || status != http.StatusTooManyRequests {
		t.Errorf("%d %s %v", status, answer, err)
	}
}
