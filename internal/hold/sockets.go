package hold

import (
	"net/http"
	"time"
)

// SocketOptions are set on TCP connections that are taken over. They bound
// what the system keeps for a client that does not read, which is a queue
// that nobody sees: without them about 4 MB per client, with the defaults
// about 50 KiB on our side.
type SocketOptions struct {
	// SendBuffer is SO_SNDBUF in bytes. It also bounds what is under way to
	// the client, so a stream carries at most so much per round trip. Zero
	// leaves the system's own tuning.
	SendBuffer int
	// NotSentLowat is TCP_NOTSENT_LOWAT in bytes: how much may wait in the
	// system beyond what the client's window takes. Linux only. Zero leaves
	// the system's default, which is no bound.
	NotSentLowat int
}

// DefaultSocketOptions are the measured compromise: no short writes and no
// extra work for clients that read.
func DefaultSocketOptions() SocketOptions {
	return SocketOptions{SendBuffer: 64 << 10, NotSentLowat: 16 << 10}
}

// Limit sets the options on the connection that r came over, for who has taken it
// over without a Holder. write is how long a write may take.
func (o SocketOptions) Limit(r *http.Request, write time.Duration) {
	if c := Beneath(r); c != nil {
		o.apply(c.Inner(), write, false)
	}
}

// userTimeout is TCP_USER_TIMEOUT for a write deadline. It ends connections
// whose peer no longer answers, even with nothing of ours stuck in a write.
// It must not be shorter: it would also hit a peer that only does not read.
func userTimeout(write time.Duration) time.Duration { return write + time.Second }
