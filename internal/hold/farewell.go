package hold

import (
	"math/rand/v2"
	"strconv"
)

// EndEvent is the name of the event by which an event stream is told why it ends, if
// that is not for its client to ignore. Its data is {"reason": "..."}, and it has
// no id.
const EndEvent = "end"

// AtOnce reports whether a response that ends so gets nothing more, not even what
// was published before.
func (r Reason) AtOnce() bool {
	return r == ReasonExpired || r == ReasonRevoked
}

// appendFarewell appends what an event stream is sent last. Who may come back is told
// when.
func (r Reason) appendFarewell(dst []byte) []byte {
	switch {
	case r.AtOnce():
		dst = append(dst, "event: "+EndEvent+"\ndata: {\"reason\":\""...)
		dst = append(dst, r...)
		return appendRetry(append(dst, "\"}\n"...))
	case r == ReasonDrain, r == ReasonOperator:
		return appendRetry(dst)
	}
	return dst
}

// appendRetry appends a retry field of one to three seconds at random, which
// spreads the return of clients that are told to go (WHATWG HTML §9.2.6), and a
// blank line.
func appendRetry(dst []byte) []byte {
	dst = append(dst, "retry: "...)
	dst = strconv.AppendInt(dst, 1000+rand.Int64N(2001), 10)
	return append(dst, "\n\n"...)
}
