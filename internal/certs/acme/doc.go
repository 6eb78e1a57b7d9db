// Package acme gets certificates from an authority and renews them (RFC 8555),
// with certmagic, which no other package knows.
//
// An Issuer proves that a name is ours in one of two ways: over TLS with a
// certificate made for the proof (TLS-ALPN-01, RFC 8737), which GetCertificate
// shows on the listeners that clients use; or over HTTP in the clear (HTTP-01),
// which Answering serves before anything else. certmagic would listen by itself, so
// it is told the addresses of the listeners: it finds them taken, and leaves the
// answer to them. It knows one host for both, so HTTP-01 is only for a listener in
// the clear with the host of the one with TLS.
//
// The store is a directory that nodes may share. Whoever shares it answers for the
// others, as the authority may ask any of them, and certificates are asked for
// once.
//
// Clients can make certmagic talk: anybody may ask for a proof. So a line appears
// ten times in ten seconds at most. certmagic logs to the logger that it is given,
// but for what its file store finds of locks that somebody has left behind, which it
// writes to standard error by itself.
//
// Rejected: golang.org/x/crypto/acme/autocert, which asks for certificates
// within handshakes, shares no store between nodes without more of our own, and
// does not use what the authority says of the time to renew (RFC 9773).
// Rejected: proofs by DNS. They would need a client for each of the companies that
// serve names.
package acme
