package stream

import (
	"context"
	"errors"
	"time"

	client "github.com/nats-io/nats.go"
)

// skew is how far the clocks of servers that lead the stream one after the other
// may be apart.
const skew = time.Second

// witness is the last message that the stream is known to have had: whether it has
// it still tells whether its order is still the same.
type witness struct {
	seq uint64
	at  time.Time
}

// see returns the later of w and a message.
func (w witness) see(seq uint64, at time.Time) witness {
	if seq > w.seq {
		return witness{seq, at}
	}
	return w
}

// deniedBy reports whether a message has no place in the order that w is of.
func (w witness) deniedBy(at stamp) bool { return at.seq <= w.seq && at.at.After(w.at) }

// denies reports whether the stream has given w's place, or one before, to a
// message that was stored later. What is not there any more tells nothing, but
// nobody can miss it either without being told.
func (d *direct) denies(ctx context.Context, w witness) (bool, error) {
	if w.seq == 0 {
		return false, nil
	}
	m, err := d.from(ctx, w)
	switch {
	case errors.Is(err, errNone):
		return false, nil
	case err != nil:
		return false, err
	case m.seq == w.seq:
		return !m.at.Equal(w.at), nil
	}
	later := map[string]any{"next_by_subj": ">", "start_time": w.at.Add(skew), "batch": 1}
	m, err = d.one(ctx, later)
	if errors.Is(err, errNone) {
		return false, nil
	}
	return err == nil && m.seq <= w.seq, err
}

// from returns the first message in w's place or after it. A replica that is behind
// has none, so it is asked for some time.
func (d *direct) from(ctx context.Context, w witness) (m stamp, err error) {
	for deadline := time.Now().Add(attempt / 4); ; {
		m, err = d.one(ctx, map[string]any{"next_by_subj": ">", "seq": w.seq, "batch": 1})
		if !errors.Is(err, errNone) || time.Now().After(deadline) {
			return m, err
		}
		shortly(ctx)
	}
}

// one asks for one message.
func (d *direct) one(ctx context.Context, request map[string]any) (found stamp, err error) {
	_, err = d.get(ctx, request, 1, func(m *client.Msg) error {
		var ok bool
		if found, ok = stampOf(m.Header); !ok {
			return errors.New("direct get: an answer without a sequence")
		}
		return nil
	})
	if err == nil && found.seq == 0 {
		err = errNone
	}
	return found, err
}
