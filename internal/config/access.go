package config

import (
	"fmt"
	"slices"
	"strings"
)

// Access is one element of control.access.
type Access struct {
	// What the log calls who has the token, as in billing.
	Name string `mapstructure:"name"`
	// The bearer token: long and random, as openssl rand -hex 32 prints it.
	// file:PATH reads it from a file; several there, one a line, are good for
	// the same, so that one can be replaced.
	Token string `mapstructure:"token"`
	// What it is good for, one or more of these. publish: publishing, and POST
	// /recover/. read: looking at channels and metrics. admin: looking at who is
	// held, ending and revoking streams, reloading, and profiles. None implies
	// another.
	Rights []Right `mapstructure:"rights"`
	// The only channels that it is good for: names, or beginnings of names
	// with * at the end, as in user-*. Empty: all.
	Channels []string `mapstructure:"channels"`
	// How many items may be published in a second, on this node. Beyond it the
	// answer is 429 and nothing of the request is published. 0: any number.
	Rate int `mapstructure:"rate"`
	// How many items may come at once after a pause, and so how many one
	// request may have; with more the answer is 413. 0: as many as rate.
	Burst int `mapstructure:"burst"`
}

// Right is what a token is good for.
type Right string

// The values of control.access[].rights.
const (
	RightPublish Right = "publish"
	RightRead    Right = "read"
	RightAdmin   Right = "admin"
)

func (Right) allowed() []string { return values(RightPublish, RightRead, RightAdmin) }

// ReadTokens returns the element's tokens. It reads the file anew each time. The
// error says that it cannot be read or holds no token.
func (a Access) ReadTokens() ([]string, error) { return readToken(a.Token) }

// checkAccess looks at control.access.
func (p *problems) checkAccess(c Control) {
	names, tokens := map[string]string{}, map[string]string{}
	for i, token := range c.Tokens {
		tokens[token] = element("control.tokens", i)
	}
	for i, a := range c.Access {
		at := element("control.access", i)
		p.accessName(at+".name", a.Name, names)
		p.accessToken(at+".token", a.Token, tokens)
		p.channelPatterns(at+".channels", a.Channels)
		if len(a.Rights) == 0 {
			p.add(at+".rights", "is empty, so the token would be good for nothing", "name one or more of "+list(Right("").allowed()))
		}
		if a.Rate > 0 && len(a.Rights) > 0 && !slices.Contains(a.Rights, RightPublish) {
			p.addAcross(at+".rate", []string{at + ".rights"}, fmt.Sprintf("is %d, and publish is not among the rights", a.Rate), "take the rate away, or give the right")
		}
		if a.Burst > 0 && a.Rate == 0 {
			p.addAcross(at+".burst", []string{at + ".rate"}, fmt.Sprintf("is %d, and rate is 0, which is no limit", a.Burst), "set both or none")
		}
	}
}

// maxAccessName is how long a name may be, in bytes.
const maxAccessName = 64

func (p *problems) accessName(at, name string, names map[string]string) {
	other, twice := names[name]
	switch {
	case name == "":
		p.add(at, "is empty", "name who has the token, as in billing: the log says so")
	case len(name) > maxAccessName:
		p.add(at, fmt.Sprintf("is %d bytes long", len(name)), fmt.Sprintf("write %d at most", maxAccessName))
	case twice:
		p.addAcross(at, []string{other}, fmt.Sprintf("%q is also %s", name, other), "give each its own name")
	default:
		names[name] = at
		p.printable(at, name)
	}
}

func (p *problems) accessToken(at, token string, tokens map[string]string) {
	p.token(at, token)
	if other, twice := tokens[token]; twice && token != "" {
		p.addAcross(at, []string{other}, "is also "+other, "give each its own token")
	}
	tokens[token] = at
}

// token looks at a bearer token as it is written.
func (p *problems) token(at, token string) {
	switch {
	case token == "" || token == filePrefix:
		p.add(at, "is empty", "write a token, or file:PATH")
	case !strings.HasPrefix(token, filePrefix) && !sendable(token):
		p.add(at, "has a character that cannot be sent", "use printable ASCII without spaces")
	}
}

// accessFiles looks into the files of control.access.
func (p *problems) accessFiles(all []Access) {
	for i, a := range all {
		if _, err := a.ReadTokens(); err != nil {
			p.add(element("control.access", i)+".token", err.Error(), "name a readable file with a token a line")
		}
	}
}
