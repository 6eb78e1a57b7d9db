package token

import (
	"time"

	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// Grant is what a token allows, and to whom.
type Grant struct {
	// Subject is who the client is (sub), and ID which token that is (jti). Both
	// may be empty.
	Subject, ID string
	// Channels are what the client may be held with. There may be none.
	Channels []grip.Channel
	// Meta describes the client to filters. It is without the subject.
	Meta map[string]string
	// KeepAlive is nil where the token says nothing about it.
	KeepAlive *grip.KeepAlive
	// Expires is when the grant ends by its issuer's clock (exp). It is never zero.
	Expires time.Time
	// Until is when it ends here: later by the leeway. Until then the token is good,
	// and so is what was granted for it.
	Until time.Time
}

// grant is what the claims allow, where clocks may differ by leeway.
func (c *claims) grant(leeway time.Duration) (*Grant, error) {
	if c.grip == nil {
		return nil, &Error{Kind: Unfit, Problem: "has no claim grip, which says what to hold"}
	}
	hold, err := grip.ParseHold(c.grip)
	if err != nil {
		return nil, &Error{Kind: Unfit, Problem: "has a claim grip that cannot be followed", Detail: err}
	}
	return &Grant{
		Subject:   c.subject,
		ID:        c.id,
		Channels:  hold.Channels,
		Meta:      hold.Meta,
		KeepAlive: hold.KeepAlive,
		Expires:   c.expires,
		Until:     c.expires.Add(leeway),
	}, nil
}
