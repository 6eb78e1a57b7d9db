package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxLeeway is how far clocks can differ without something being wrong.
const maxLeeway = 5 * time.Minute

// routeTokens checks the section tokens of a route.
func (p *problems) routeTokens(at string, r Route) {
	t, section := r.Tokens, at+".tokens"
	if !t.Set() {
		if t.Issuer != "" || t.Audience != "" || t.Cookie != "" || len(t.Algorithms) > 0 {
			p.add(section, "has no key", "set keys, jwks or encryption_keys, or leave the section out")
		}
		return
	}
	if r.OverHTTP || r.Protocol == ProtocolWebSocket {
		p.addAcross(section, []string{at + ".over_http", at + ".protocol"}, "holds event streams, and the route is for WebSockets",
			"give WebSockets a route of their own, with protocol: websocket")
	}
	for i, key := range t.Keys {
		p.key(element(section+".keys", i), key)
	}
	for i, key := range t.EncryptionKeys {
		p.key(element(section+".encryption_keys", i), key)
	}
	p.keySet(section, t)
	p.tokenPlaces(section, t)
	if t.Leeway > maxLeeway {
		p.add(section+".leeway", t.Leeway.String()+" is too long", fmt.Sprintf("write %v or less: expired tokens are good for so much longer", maxLeeway))
	}
	p.positive(section+".max_length", int64(t.MaxLength))
}

func (p *problems) keySet(section string, t Tokens) {
	if t.JWKS == "" {
		return
	}
	if t.JWKS == filePrefix || !strings.HasPrefix(t.JWKS, filePrefix) && !isKeySetURL(t.JWKS) {
		p.add(section+".jwks", "is neither an https URL without a user nor file:PATH", "write it as in https://id.example.com/.well-known/jwks.json")
	}
	if t.JWKSRefresh < time.Second {
		p.add(section+".jwks_refresh", t.JWKSRefresh.String()+" is too short", "write 1s or more, as in 10m")
	}
	if t.JWKSCooldown < time.Second {
		p.add(section+".jwks_cooldown", t.JWKSCooldown.String()+" is too short", "write 1s or more: tokens that name rubbish can bring it about")
	}
	if t.JWKSCooldown > t.JWKSRefresh {
		p.addAcross(section+".jwks_cooldown", []string{section + ".jwks_refresh"}, fmt.Sprintf("is %v, more than jwks_refresh, %v", t.JWKSCooldown, t.JWKSRefresh),
			"write less, or raise jwks_refresh")
	}
}

// tokenParameter refuses a parameter that would be read as an event id too: gap events say
// which id the client has sent.
func (p *problems) tokenParameter(at string, t Tokens, r ResumeNames) {
	if t.Set() && slices.Contains(r.QueryParameters, t.Query) {
		p.addAcross(at+".tokens.query", []string{"resume.query_parameters"}, fmt.Sprintf("%q is also one of resume.query_parameters: tokens would be taken for event ids", t.Query),
			"give one of the two another name")
	}
}

func isKeySetURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Hostname() != "" && u.User == nil && u.Fragment == "" &&
		(u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()))
}

func (p *problems) tokenPlaces(section string, t Tokens) {
	if t.Query == "" && !t.Bearer && t.Cookie == "" {
		p.addAcross(section+".query", []string{section + ".bearer", section + ".cookie"}, "is empty, bearer is false and cookie is empty, so no token would be found", "set one of them")
	}
	if t.Cookie != "" && !isToken(t.Cookie) {
		p.add(section+".cookie", fmt.Sprintf("%q is not the name of a cookie", t.Cookie), "write a name, as in stream_token")
	}
	p.printable(section+".query", t.Query)
}

// tokenFiles looks into the files that a route's tokens are checked with.
func (p *problems) tokenFiles(at string, t Tokens) {
	for i, key := range t.Keys {
		p.keyFile(element(at+".tokens.keys", i), key)
	}
	for i, key := range t.EncryptionKeys {
		p.keyFile(element(at+".tokens.encryption_keys", i), key)
	}
	p.keyFile(at+".tokens.jwks", t.JWKS)
}
