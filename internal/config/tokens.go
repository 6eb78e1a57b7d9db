package config

import "time"

// Tokens is a route's section tokens.
type Tokens struct {
	// Keys that the signatures of tokens are checked with, any of them: text,
	// base64:... or file:PATH; public keys in PEM will do. A secret is for
	// HS256, an RSA key for RS256, one of the curves P-256, P-384 and P-521 for
	// ES256, ES384 and ES512, one of Ed25519 for EdDSA. Two keys let one be
	// replaced.
	Keys []string `mapstructure:"keys"`
	// Where an identity provider publishes more of them (JWKS): an https URL,
	// or file:PATH. Plain http is for this machine only.
	JWKS string `mapstructure:"jwks"`
	// How often they are fetched.
	JWKSRefresh time.Duration `mapstructure:"jwks_refresh"`
	// How long there is at least between two fetches: also if a token names a
	// key that is not there, or a fetch has failed.
	JWKSCooldown time.Duration `mapstructure:"jwks_cooldown"`
	// Other algorithms that the secrets and the RSA keys are for, one each, as
	// in [HS512, PS256]. Keys of jwks that say theirs are for that.
	Algorithms []string `mapstructure:"algorithms"`
	// Keys that tokens are decrypted with (JWE, dir with A256GCM), any of
	// them: 32 bytes, written as keys. With one every token must be encrypted,
	// and if there are keys or jwks, signed inside.
	EncryptionKeys []string `mapstructure:"encryption_keys"`
	// Who must have issued the tokens (iss). Empty: anybody with a key.
	Issuer string `mapstructure:"issuer"`
	// Whom the tokens must be for (aud). Empty: tokens that say so are refused,
	// as they are for somebody else.
	Audience string `mapstructure:"audience"`
	// How far the clocks of issuers may be off. Tokens that have expired, and their
	// streams, are good for so much longer.
	Leeway time.Duration `mapstructure:"leeway"`
	// How long a token may be.
	MaxLength Size `mapstructure:"max_length"`
	// The query parameter that holds the token. Empty: none does.
	Query string `mapstructure:"query"`
	// Take tokens from the header Authorization: Bearer.
	Bearer bool `mapstructure:"bearer"`
	// The cookie that holds the token, if there is none elsewhere. Empty: none
	// does.
	Cookie string `mapstructure:"cookie"`
}

func defaultTokens() Tokens {
	return Tokens{
		JWKSRefresh:  10 * time.Minute,
		JWKSCooldown: 10 * time.Second,
		Leeway:       30 * time.Second,
		MaxLength:    8 * KiB,
		Query:        "token",
		Bearer:       true,
	}
}

// Set reports whether streams are held by token.
func (t Tokens) Set() bool { return len(t.Keys)+len(t.EncryptionKeys) > 0 || t.JWKS != "" }
