// Package token reads the tokens by which clients are held without a trip to an
// origin: JWTs (RFC 7519), signed, encrypted, or both. What a token allows is a
// Grant.
//
// A token goes through four steps, and the first that does not like it ends it:
//
//	Verifier      its length, and how it is made up
//	encryption    JWE (RFC 7516), direct with A256GCM
//	signature     JWS (RFC 7515), by a Key: one of the configuration's, or of a keySet
//	claims        exp, nbf, iss, aud; then sub, jti and grip, which are the Grant
//
// What must hold:
//
//   - The algorithm is the key's. A token may name it, and is refused if it names
//     another (RFC 8725 §3.1); so neither "none" nor a public key that is taken for
//     a secret gets anybody in.
//   - A token is what the route asks for: with encryption keys it must be encrypted,
//     with keys for signatures it must be signed, and with both it must be both.
//     Whoever has an encryption key can make tokens, since it is a secret that two
//     share; the signature inside says who did.
//   - A token must expire, and one that is for somebody (aud) must be for us.
//   - No error holds anything of a token: not its text, its header or its claims.
//     They end up in logs and in answers. The one exception is Error.Detail, for who
//     has the token anyway.
//
// A keySet is keys that somebody else publishes (JWKS) and changes. Its loop fetches
// them again and again, and in between if a token names a key that is not there,
// but not more often than its cooldown allows, so that tokens that name rubbish
// cannot make us fetch. If a fetch fails the keys stay as they are; a token that
// names a key that is not there is then not refused, for nobody can tell, but put
// off (Unavailable).
//
// Rejected: a cache of tokens that were verified. It would be asked when a client
// comes back, for which a signature costs microseconds (RSA: 30), and be a place
// where tokens are kept.
//
// Rejected: algorithms that encrypt with a public key. They hide a key in every
// token that must be found with our private one, a millisecond each that
// whoever comes can make us spend; and who can encrypt is then everybody, so that
// they prove nothing.
package token
