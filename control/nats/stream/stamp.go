package stream

import (
	"strconv"
	"time"

	client "github.com/nats-io/nats.go"
)

// stamp is what the server says of a stored message.
type stamp struct {
	stream, subject string
	seq             uint64
	prev            uint64 // of the subject's message before, in republished ones
	at              time.Time
}

// stampOf reads the headers that the server adds. A publisher can have set the
// same ones; the server's are the last.
func stampOf(h client.Header) (s stamp, ok bool) {
	s.stream, s.subject = lastOf(h, "Nats-Stream"), lastOf(h, "Nats-Subject")
	seq, err := strconv.ParseUint(lastOf(h, "Nats-Sequence"), 10, 64)
	if err != nil || seq == 0 {
		return s, false
	}
	s.seq = seq
	s.prev, _ = strconv.ParseUint(lastOf(h, "Nats-Last-Sequence"), 10, 64)
	s.at, err = time.Parse(time.RFC3339Nano, lastOf(h, "Nats-Time-Stamp"))
	return s, err == nil
}

func lastOf(h client.Header, name string) string {
	values := h[name]
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}
