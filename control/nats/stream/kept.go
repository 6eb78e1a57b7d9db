package stream

import (
	"fmt"

	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// keptKey is where the stream's metadata has what kept says.
const keptKey = "holdfast_kept"

// underWay is more than a stream stores while it is given other limits.
const underWay = 1 << 20

// kept is a limit that a stream has had, lower than its own: up to a place it kept
// that many messages of a channel at most. Of several it is the lowest of the limits
// and the highest of the places, so that nothing lacks unnoticed.
type kept struct {
	messages uint64 // 0: there was none
	upTo     uint64
}

func keptOf(c *jetstream.StreamConfig) (k kept) {
	if n, _ := fmt.Sscanf(c.Metadata[keptKey], "%d up to %d", &k.messages, &k.upTo); n != 2 {
		return kept{}
	}
	return k
}

// String is what keptOf reads.
func (k kept) String() string { return fmt.Sprintf("%d up to %d", k.messages, k.upTo) }

// raised is what will have been kept when have is given the limits of want.
func raised(have *jetstream.StreamInfo, want *jetstream.StreamConfig) kept {
	k, limit := keptOf(&have.Config), have.Config.MaxMsgsPerSubject
	if limit <= 0 || want.MaxMsgsPerSubject > 0 && want.MaxMsgsPerSubject <= limit {
		return k
	}
	if k.messages == 0 || uint64(limit) < k.messages {
		k.messages = uint64(limit)
	}
	return kept{k.messages, have.State.LastSeq + underWay}
}

// mayHaveTrimmed reports whether the stream can have had messages of a channel
// before those found, which are all from some place on, and let go of them because
// of their number.
func (b *Bus) mayHaveTrimmed(found []*client.Msg) bool {
	if most := b.opts.MaxMessages; most > 0 && len(found) >= most {
		return true
	}
	if b.kept.messages == 0 {
		return false
	}
	var before uint64
	for _, m := range found {
		if at, _ := stampOf(m.Header); at.seq <= b.kept.upTo {
			before++
		}
	}
	return before >= b.kept.messages
}
