package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	client "github.com/nats-io/nats.go"
)

const (
	// attempt bounds one request to the stream; a request that comes while a
	// leader is elected is lost, not refused.
	attempt = 2 * time.Second
	// pageMessages and pageBytes bound what is fetched at once.
	pageMessages = 512
	pageBytes    = 4 << 20
	// maxSubjects is how many subjects may be asked for at once; the server
	// refuses more than 1,024 results.
	maxSubjects = 1000
)

// direct asks for stored messages, without the leader and without consumers.
// JetStream: Direct Get.
type direct struct {
	nc      *client.Conn
	subject string
}

// errNone: there is no such message.
var errNone = errors.New("no message")

// heads is what a replica knew of subjects at one moment.
type heads struct {
	last map[string]uint64 // the last sequence of each subject that has one
	upTo uint64            // the replica's own last sequence
}

// heads asks for the last message of each subject, those of before seq left out.
// One of the subjects should have a message at or after seq, or upTo is not
// known.
func (d *direct) heads(ctx context.Context, seq uint64, subjects []string) (heads, error) {
	h := heads{last: make(map[string]uint64, len(subjects))}
	request := map[string]any{"multi_last": subjects, "seq": max(1, seq)}
	end, err := d.get(ctx, request, len(subjects)+1, func(m *client.Msg) error {
		s, ok := stampOf(m.Header)
		if !ok {
			return errors.New("an answer without a sequence")
		}
		h.last[s.subject] = s.seq
		return nil
	})
	if errors.Is(err, errNone) {
		return h, nil
	}
	h.upTo = end.upTo
	return h, err
}

// page fetches messages of one subject from seq on, oldest first, and tells how
// many are left behind them.
func (d *direct) page(ctx context.Context, subject string, seq uint64) (page []*client.Msg, left uint64, err error) {
	request := map[string]any{"next_by_subj": subject, "seq": max(1, seq), "batch": pageMessages, "max_bytes": pageBytes}
	end, err := d.get(ctx, request, pageMessages+1, func(m *client.Msg) error {
		page = append(page, m)
		return nil
	})
	if errors.Is(err, errNone) {
		return nil, 0, nil
	}
	return page, end.left, err
}

// get makes a request and calls each with the messages of its answer, which are
// fewer than most.
func (d *direct) get(ctx context.Context, request map[string]any, most int, each func(*client.Msg) error) (end answerEnd, err error) {
	body, err := json.Marshal(request)
	if err != nil {
		return end, err
	}
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	answers := make(chan *client.Msg, most+1)
	inbox := d.nc.NewRespInbox()
	sub, err := d.nc.ChanSubscribe(inbox, answers)
	if err != nil {
		return end, err
	}
	defer sub.Unsubscribe()
	if err := d.nc.PublishRequest(d.subject, inbox, body); err != nil {
		return end, err
	}
	for {
		select {
		case m := <-answers:
			if status := m.Header.Get("Status"); status != "" {
				return endOf(m, status)
			}
			if err := each(m); err != nil {
				return end, err
			}
		case <-ctx.Done():
			return end, fmt.Errorf("direct get: %w", ctx.Err())
		}
	}
}

// answerEnd is what the message says that ends an answer.
type answerEnd struct {
	left uint64 // messages that the answer has no room for
	upTo uint64 // the last sequence that the replica has; only with multi_last
}

func endOf(m *client.Msg, status string) (end answerEnd, err error) {
	switch status {
	case "204":
		end.left, err = strconv.ParseUint(lastOf(m.Header, "Nats-Num-Pending"), 10, 64)
		end.upTo, _ = strconv.ParseUint(lastOf(m.Header, "Nats-UpTo-Sequence"), 10, 64)
		return end, err
	case "404":
		return end, errNone
	case "503":
		return end, client.ErrNoResponders
	}
	return end, fmt.Errorf("direct get: %s %s", status, m.Header.Get("Description"))
}
