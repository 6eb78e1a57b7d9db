// Package arrival is what a connection goes through before net/http has read a byte
// of it: for whom a proxy in front has opened it, and whether its client may have
// another one.
//
//	listener ── Door ── hold.Listen ── TLS ── net/http
//
// # Whose connection it is
//
// A balancer that passes bytes on, and not requests, says in a PROXY header at the
// start of each connection who its client is (versions 1 and 2 of
// https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt). Whoever may say so
// can be anybody, so it is believed from trusted proxies only; and as the protocol
// forbids guessing whether there is a header (§2), each of theirs must have one.
// Connections of others are closed, not served without a header: where clients are
// to come through a balancer, who does not is a mistake or has found a way round it.
//
// The header is read in the connection's own goroutine, when net/http asks for the
// remote address, which it does before anything else, and also beneath TLS. In
// Accept one client that says nothing would keep all others waiting. There is one
// deadline for the whole of it.
//
// Not a byte more than the header is read: what follows is in the socket still, so
// that an event loop can take the bare socket as if there had been no header. A
// header in text does not say how long it is; see least.
//
// A connection that a proxy has opened for itself (LOCAL, UNKNOWN, to see whether we
// are well) is the proxy's.
//
// # How many there may be
//
// A connection has a place among those of its client's address from here on until
// it is closed, whatever it is used for. Where a stream outlives what net/http calls
// the connection, its place is taken along: see Conn.Detach. Connections that trusted
// proxies open for many clients are not counted.
//
// Nobody is told anything who is refused: the connection is closed, counted by
// Reason, and logged at most once per interval.
//
// # Rejected
//
// The library's own Listener and Conn: they keep a buffer of what they have read
// too much, which a loop that takes the socket would never see. Of the library the
// parser is used.
//
// # Files
//
//	door.go     who is let in         header.go   reading a PROXY header
//	conn.go     a connection          refusal.go  counting and logging
package arrival
