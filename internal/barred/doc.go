// Package barred knows which clients may not be held for a while, because somebody
// has revoked what they were let in by.
//
// # Model
//
// A Rule says who is meant: by user, token, channel, route or meta. A List has rules,
// each until some moment. It is asked for every client that is about to be held, and
// costs nothing while it is empty. A rule that names a token or a user is found by
// that; the others are compared one by one, so there may be fewer of them.
//
// # Invariants
//
//   - A rule that says nothing means nobody.
//   - What a rule says must all be true of the client it means.
//   - No rule leaves before its time: a full list takes no further ones, and says so.
//
// # Rejected
//
// A Bloom filter, or the forgetting of old rules in favour of new ones: both would let
// somebody in, or keep somebody out, without anybody's knowing. Keeping the rules on
// disk: the origin, or the token's expiry, has the last word, and the list only
// bridges the time until these know.
package barred
