package token

import (
	"cmp"
	"context"
	"errors"
	"time"
)

// Options say which tokens are good.
type Options struct {
	// Keys verify signatures, any of them. A token need not say which.
	Keys []Key
	// KeySet, unless empty, is where more of them are published, as JWKS: an https
	// URL, an http URL of this machine, or file:PATH.
	KeySet string
	// Algorithms are for the keys of KeySet that do not say theirs.
	Algorithms Algorithms
	// Refresh is how often KeySet is fetched. 0: every 10 minutes.
	Refresh time.Duration
	// Cooldown is how long there is at least between two fetches of KeySet. 0: 10 s.
	Cooldown time.Duration
	// EncryptionKeys decrypt, any of them, as ParseEncryptionKey returns them. If
	// there are none, tokens are not encrypted; otherwise all are.
	EncryptionKeys [][]byte
	// Issuer, unless empty, is who must have issued a token (iss).
	Issuer string
	// Audience is whom a token must be for (aud). Empty: one must not say.
	Audience string
	// Leeway is how far clocks may differ.
	Leeway time.Duration
	// MaxLength bounds a token, in bytes. 0: 8 KiB.
	MaxLength int
}

const (
	defaultRefresh   = 10 * time.Minute
	defaultCooldown  = 10 * time.Second
	defaultMaxLength = 8 << 10
)

// withDefaults returns o with everything filled in.
func (o Options) withDefaults() Options {
	o.Refresh = cmp.Or(o.Refresh, defaultRefresh)
	o.Cooldown = cmp.Or(o.Cooldown, defaultCooldown)
	o.MaxLength = cmp.Or(o.MaxLength, defaultMaxLength)
	return o
}

// Verifier knows which tokens are good. Its methods may be called from any
// goroutine.
type Verifier struct {
	keys             []Key
	set              *keySet // nil: none
	encryption       [][]byte
	issuer, audience string
	leeway           time.Duration
	maxLength        int
}

// New returns a verifier. It reads a key set in a file, but fetches nothing: Run
// does. The error is that there is no key, or that the key set is of no use.
func New(o Options) (*Verifier, error) {
	o = o.withDefaults()
	v := &Verifier{
		keys: o.Keys, encryption: o.EncryptionKeys, issuer: o.Issuer, audience: o.Audience,
		leeway: o.Leeway, maxLength: o.MaxLength,
	}
	if len(o.Keys)+len(o.EncryptionKeys) == 0 && o.KeySet == "" {
		return nil, errors.New("no keys to verify tokens with")
	}
	if o.KeySet == "" {
		return v, nil
	}
	var err error
	v.set, err = newSet(&o)
	return v, err
}

// Inherit takes over the key set that before has fetched, if v would fetch the same: who
// takes the place of another need not wait for it, nor do without it where it cannot
// be fetched now. It is called before Run and Verify. before may be in use.
func (v *Verifier) Inherit(before *Verifier) {
	if v.set != nil && before.set != nil {
		v.set.inherit(before.set)
	}
}

// Run keeps the key set up to date until ctx ends; without one it returns at once.
// After each fetch it calls report, which may not be nil, from its own goroutine,
// with the number of keys there are then and with why there are no new ones. It is
// called once.
func (v *Verifier) Run(ctx context.Context, report func(keys int, err error)) {
	if v.set != nil {
		v.set.run(ctx, report)
	}
}

// Verify returns what a token allows at now. It may wait for a fetch of the key set,
// but not longer than ctx. The error is an *Error, or that of ctx.
func (v *Verifier) Verify(ctx context.Context, text string, now time.Time) (*Grant, error) {
	if len(text) > v.maxLength {
		return nil, refused("is too long")
	}
	payload, err := v.open(ctx, text)
	if err != nil {
		return nil, err
	}
	c, err := parseClaims(payload)
	if err != nil {
		return nil, err
	}
	if err := v.accept(c, now); err != nil {
		return nil, err
	}
	return c.grant(v.leeway)
}

// open returns the claims of a token that somebody with our keys has made.
func (v *Verifier) open(ctx context.Context, text string) ([]byte, error) {
	parts, err := split(text)
	if err != nil {
		return nil, err
	}
	switch sealed := len(parts) == encryptedParts; {
	case sealed && len(v.encryption) == 0:
		return nil, refused("is encrypted, and there is no key for that")
	case !sealed && len(v.encryption) > 0:
		return nil, refused("is not encrypted")
	case !sealed:
		return v.checkSignature(ctx, text, parts)
	}
	content, err := decrypt(text, parts, v.encryption)
	if err != nil || len(v.keys) == 0 && v.set == nil {
		return content, err
	}
	if parts, err = split(string(content)); err != nil || len(parts) != signedParts {
		return nil, refused("has no signed token inside")
	}
	return v.checkSignature(ctx, string(content), parts)
}
