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
	// what the connection has: see BoundUnsent.
	NotSentLowat int
	// Nagle turns TCP_NODELAY off, which Go has turned on: a small write then
	// waits until the client has acknowledged the one before.
	Nagle bool
	// UserTimeout is TCP_USER_TIMEOUT: after so long without an answer from
	// the client's system a connection ends, whether or not a write of ours is
	// stuck. Linux only. It would also hit a client that only does not read, so
	// it is never less than a second more than the stream's write timeout, which
	// is what zero means.
	UserTimeout time.Duration
	// Probes leaves the system's keep-alive on for streams that have a
	// keep-alive of their own. Go makes it send a packet every 15 seconds on
	// an idle connection.
	Probes bool
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

// userTimeout is TCP_USER_TIMEOUT for a stream with this write timeout.
func (o SocketOptions) userTimeout(write time.Duration) time.Duration {
	return max(o.UserTimeout, write+time.Second)
}
