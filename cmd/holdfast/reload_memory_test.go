package main

import (
	"crypto"
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
