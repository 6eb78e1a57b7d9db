// Package access decides who may do what at the control endpoint. It knows
// tokens, rights, channels and rates, and nothing of HTTP: package control asks
// it, and says what it has answered.
//
// # Model
//
// A Checker turns a token and the address that it came from into a Grant: what
// the bearer may do. Tokens are texts that are configured, each with its grant, or
// JWTs, whose claims are their grant. Then every step of a request asks the
// grant: Allow for the right that an endpoint needs, Channel for every channel
// that is named, Take for the items that are published. Each answers with a
// *Refused, which has the reason that is counted and logged, and a sentence for
// the client.
//
// # Rights
//
// There are three, and none implies another: a dashboard that may look at channels
// cannot publish, and a backend that publishes cannot end streams. A grant can be
// bound to channels (channels.Patterns); it holds for whatever names a channel:
// publishing, looking, ending. What is about the whole server, such as metrics and
// profiles, is not bounded by it, only by the right.
//
// # JWTs
//
// What a GRIP library signs has iss and exp and nothing else, and means
// everything, as the key is everything. The claims "rights" and "channels" make
// less of it. A claim that is there and cannot be understood refuses the token: to
// skip it would widen what its issuer has narrowed. So does what shows that a token
// was made for something else, where somebody signs both with one key: "aud", which
// nothing here can compare with, "grip", which clients' tokens have, and "channels"
// without "rights". What lets a page listen must not let it publish.
//
// # Guessing
//
// Wrong tokens from one address (IPv6: one /64, which is what one customer has)
// are slowed: the first ten cost nothing, then the next one is only looked at
// after 1 s, 2 s, 4 s, up to a minute. The same wrong token again is a program
// with an old configuration, not a guess, and does not count.
//
// What about good tokens from such an address? There may be a proxy or a NAT with
// the publisher and the attacker behind it. To let every good token pass would be
// no slowing at all: that a guess is answered at once is what tells that it was
// right. To let none pass would hand everyone behind that address a switch that
// turns the publisher off. Nor does the connection tell them apart, as a proxy
// shares its own. So a token is let through that was good from this address
// lately (an hour): the publisher at work does not notice the attack, and only
// the tokens in use there can be guessed at the speed of the network, as they could
// without any slowing. A token that was never shown there, or not lately, waits
// like a guess; that it is good is not told. The answer to a token that waits does
// not count, so that waiting ends whatever else comes.
//
// Slowing makes weak tokens less weak and keeps the log and the verification of
// signatures from being flooded. It is no replacement for long random tokens: an
// attacker with many addresses is as fast as they are many.
//
// # Invariants
//
//   - Everything is bounded: addresses are kept in an LRU, what an address has
//     shown too, and claims can name so many channels.
//   - Tokens are compared by their hashes, all of them, so that the time tells
//     nothing. No error and no method shows a token.
//   - A call that was let in allocates nothing here, but for the claims of a JWT.
//
// # Not done, and why
//
// Rights are not per channel: a publisher that may publish to a and read b gets
// two tokens. A rate is the token's and not the channel's, since what it
// protects is the node. It is a node's own: nodes do not count together, which would
// put their network between a publisher and its answer.
//
// # Files
//
// checker.go is the way in; tokens.go, claims.go: what a token is good for;
// rights.go, grant.go: what that means; attempts.go: guessing;
// refused.go: the answers.
package access
