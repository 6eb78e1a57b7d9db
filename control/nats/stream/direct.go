package stream

import (
	"bytes"
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
	// pageMessages and pageBytes bound what is fetched at once. The server adds up
	// to one message to the bytes.
	pageMessages = 512
	pageBytes    = 1 << 20
	// pendingBytes is how much may be on its way to us at once in answers. The server
	// ends a connection that more than its max_pending waits for, by default 64 MiB,
	// and what is new needs room too.
	pendingBytes = 48 << 20
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
	upTo uint64            // the replica's own last sequence; 0 if no subject has a message
	left bool              // there are more than the answer has room for
}

// heads asks for the last message of each subject, those of before seq left out.
// The answer has whole messages, so it can have room for some only.
func (d *direct) heads(ctx context.Context, seq uint64, subjects []string) (heads, error) {
	h := heads{last: make(map[string]uint64, len(subjects))}
	request := map[string]any{"multi_last": subjects, "seq": max(1, seq), "max_bytes": pageBytes}
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
	h.upTo, h.left = end.upTo, end.left > 0
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
	body, err := encode(request)
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

// encode is json.Marshal, but leaves the characters of HTML as short as they are.
func encode(request map[string]any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(request)
	return b.Bytes(), err
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
