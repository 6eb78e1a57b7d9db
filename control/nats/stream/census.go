package stream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ask notes that it must be found out what the stream has of a channel.
func (s *session) ask(f *feed) { s.due = append(s.due, f) }

// count begins a census of what is due, if there is something and none is under
// way: all who ask meanwhile share the next.
func (s *session) count() {
	if s.census || !s.settled || !s.sweep && len(s.due) == 0 {
		return
	}
	asked := s.due
	if s.sweep {
		asked = asked[:0]
		for _, f := range s.bus.feeds {
			asked = append(asked, f)
		}
	}
	s.due, s.sweep, s.census = nil, false, true
	s.censuses++
	order, number := s.order, s.censuses
	questions := questionsOf(asked, int(s.nc.MaxPayload()/2))
	s.bus.opts.Metrics.censuses.Inc()
	s.do(func(ctx context.Context) func() {
		c, err := s.survey(ctx, questions)
		if err != nil || c.problem != nil {
			pause(ctx)
		}
		return func() {
			s.census = false
			if order != s.order {
				return // all are asked for again
			}
			if err != nil {
				s.due = append(s.due, asked...)
				s.sweep = s.sweep || len(asked) == 0 // nobody else would ask again
				s.failed(err)
				s.settle()
				return
			}
			c.number = number
			s.compare(s.answered(questions, c), c)
		}
	})
}

// census is what the stream had at one place of its order.
type census struct {
	number  int
	mark    uint64 // the place; everything before it on subscribed channels has been received
	first   uint64 // nothing below it is stored
	last    map[string]uint64
	failed  map[int]bool // questions that have no answer
	problem error        // why
}

// survey takes a census. Of what is stored by then, each message is either at or
// below the heads, or comes live: the mark reaches the leader after the
// subscriptions, along the same way, and us after all that was stored before it.
// A question that has no answer does not keep others from having theirs.
func (s *session) survey(ctx context.Context, questions []question) (c census, err error) {
	if c.mark, err = s.setMark(ctx); err != nil {
		return c, err
	}
	c.last, c.failed = make(map[string]uint64), make(map[int]bool)
	for i := range questions {
		if err := s.headsAt(ctx, c.mark, &questions[i], c.last); err != nil {
			c.failed[i], c.problem = true, err
		}
	}
	c.first, err = s.firstSeq(ctx)
	return c, err
}

// setMark stores a mark and waits until it has come back.
func (s *session) setMark(ctx context.Context) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	ack, err := s.js.Publish(ctx, s.bus.names.mark, nil, jetstream.WithRetryAttempts(0))
	if err != nil {
		return 0, fmt.Errorf("mark: %w", err)
	}
	w := awaited{ack.Sequence, make(chan struct{})}
	select {
	case s.results <- func() { s.await(w) }:
	case <-ctx.Done():
		return 0, fmt.Errorf("mark: %w", ctx.Err())
	}
	select {
	case <-w.arrived:
		return ack.Sequence, nil
	case <-ctx.Done():
		return 0, errors.New("mark: it was stored but did not come back; may the node subscribe to what the stream republishes?")
	}
}

func (s *session) await(w awaited) {
	if s.mark >= w.seq {
		close(w.arrived)
		return
	}
	s.awaited = append(s.awaited, w)
}

// arrived notes that a mark has come, of this node or another: all before it has
// come, unless it was lost.
func (s *session) arrived(at stamp) {
	if at.seq <= s.mark {
		return
	}
	if s.mark > 0 && at.prev > s.mark {
		s.beginDoubt() // a mark was lost, and who knows what else
	}
	s.mark = at.seq
	s.bus.hub.Learn(at.seq)
	s.awaited = slices.DeleteFunc(s.awaited, func(w awaited) bool {
		if w.seq <= at.seq {
			close(w.arrived)
		}
		return w.seq <= at.seq
	})
}

// headsAt adds the heads that q is about, as told by replicas that have everything
// up to mark. What an answer has no room for is asked for again.
func (s *session) headsAt(ctx context.Context, mark uint64, q *question, into map[string]uint64) error {
	left := q.subjects()
	for deadline := time.Now().Add(attempt); ; {
		h, err := s.direct.heads(ctx, q.since+1, append(left, s.bus.names.mark))
		if err != nil {
			return fmt.Errorf("heads: %w", err)
		}
		if h.upTo >= mark {
			maps.Copy(into, h.last)
			if !h.left {
				return nil
			}
			before := len(left)
			left = slices.DeleteFunc(left, func(subject string) bool { return h.last[subject] > 0 })
			if len(left) < before {
				deadline = time.Now().Add(attempt)
				continue
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("heads: the replica that answers is at %d, behind %d", h.upTo, mark)
		}
		shortly(ctx)
	}
}

// shortly waits for a replica to catch up.
func shortly(ctx context.Context) {
	select {
	case <-time.After(5 * time.Millisecond):
	case <-ctx.Done():
	}
}

// compare fetches what the census shows to be missing, and fills what is not
// filled. If a loss shows, all that is new is held back from now on.
func (s *session) compare(asked []*feed, c census) {
	for _, f := range asked {
		head := c.last[f.stored]
		f.checked, f.owed = c.number, head
		if s.kept(f) && f.filled && !f.fetching {
			s.verify(f, c, head)
		}
	}
	if s.repairs > 0 && s.doubt == nil {
		s.beginDoubt()
	}
	s.lookAround()
	if s.doubt == nil {
		s.bus.hub.Advance(c.mark)
	} else if c.number >= s.doubt.census {
		s.doubt.surveyed, s.doubt.mark = s.lookedAtAll(s.doubt.census), c.mark
	}
	for _, f := range asked {
		switch {
		case !s.kept(f) || f.filled || f.fetching:
		case f.owed == 0:
			s.fill(f, c, nil)
		default:
			s.fetchAll(f, c, f.owed)
		}
	}
}

// lookedAtAll reports whether all that is filled was looked at by a census or later.
func (s *session) lookedAtAll(census int) bool {
	for _, f := range s.bus.feeds {
		if f.filled && f.checked < census {
			return false
		}
	}
	return true
}

// verify fetches what the census shows to be missing of a filled channel.
func (s *session) verify(f *feed, c census, head uint64) {
	switch since := max(f.proved, f.last); {
	case head <= f.last && c.first > since+1 && s.doubt != nil:
		// What came since can have come and gone.
		s.bus.opts.Metrics.gaps.Inc()
		s.bus.hub.Break(f.channel, c.first-1)
		f.last, f.proved = c.first-1, c.mark
	case head <= f.last:
		f.proved = c.mark
	case f.has(min(head, c.mark+1)):
	case head <= c.mark:
		s.lost(f)
		s.fetch(f, &repair{head: head, until: head})
	case s.doubt != nil: // what is above the mark comes live, what is below may not
		s.fetch(f, &repair{head: c.mark, until: head})
	}
}

// fetchAll fetches a channel's history.
func (s *session) fetchAll(f *feed, c census, head uint64) {
	f.fetching = true
	order := s.order
	s.do(func(ctx context.Context) func() {
		found, err := s.upTo(ctx, f.stored, 1, head)
		if err == nil {
			c.first, err = s.firstSeq(ctx) // what is not there is known only now
		}
		if err != nil {
			pause(ctx)
		}
		return func() {
			if order != s.order || !s.kept(f) {
				return
			}
			f.fetching = false
			switch {
			case err != nil:
				s.ask(f)
			default:
				s.fill(f, c, found)
			}
		}
	})
}

// upTo fetches a subject's messages from seq on, until it has come to head, or to
// what the stream still has before that. The replicas that answer may be behind;
// whoever has a message has all before it. The error says that none of them had
// come so far in time.
func (s *session) upTo(ctx context.Context, subject string, seq, head uint64) (found []*client.Msg, err error) {
	s.fetchers <- struct{}{}
	defer func() { <-s.fetchers }()
	for deadline := time.Now().Add(attempt); ; {
		page, left, err := s.direct.page(ctx, subject, seq)
		if err != nil {
			return nil, err
		}
		for _, m := range page {
			at, ok := stampOf(m.Header)
			if !ok {
				return nil, errors.New("direct get: an answer without a sequence")
			}
			seq = at.seq + 1
		}
		found = append(found, page...)
		if left == 0 && seq <= head {
			head, err = s.stored(ctx, subject, head)
		}
		switch {
		case err != nil:
			return nil, err
		case seq > head:
			return found, nil
		case left == 0 && time.Now().After(deadline):
			return nil, fmt.Errorf("direct get: the replica that answers is at %d, behind %d", seq-1, head)
		case left == 0:
			shortly(ctx)
		}
	}
}

// stored returns the place of the last message up to head that the stream has of a
// subject, or head if the replica that answers has not come so far.
func (s *session) stored(ctx context.Context, subject string, head uint64) (uint64, error) {
	h, err := s.direct.heads(ctx, 0, []string{subject, s.bus.names.mark})
	if err != nil {
		return 0, fmt.Errorf("heads: %w", err)
	}
	if h.upTo < head {
		return head, nil
	}
	return min(head, h.last[subject]), nil
}

// fill gives the hub the history of a channel: what the stream had at the census's
// mark, and what has come live since.
func (s *session) fill(f *feed, c census, found []*client.Msg) {
	if s.doubt != nil {
		f.fetching = true
		s.doubt.fills = append(s.doubt.fills, filling{f, c, found})
		return
	}
	if c.number < s.sure {
		s.ask(f) // what came after the census may have been lost
		return
	}
	history := channels.History{Floor: max(c.first, 1) - 1}
	if len(found) > 0 {
		first, _ := stampOf(found[0].Header)
		if s.bus.mayHaveTrimmed(found) {
			history.Floor = first.seq - 1
		}
		history.Floor = min(history.Floor, first.seq-1)
	}
	for _, m := range found {
		if at, _ := stampOf(m.Header); at.seq <= c.mark {
			history.Items = s.accept(history.Items, f, m, at)
		}
	}
	f.filled, f.last = true, c.mark
	f.proved = c.mark
	if history.Items = s.catchUp(history.Items, f); f.fetching {
		s.beginDoubt()
	} else if f.last > c.mark {
		// What came before it on other channels has been handed on.
		s.bus.hub.Advance(f.last)
	}
	s.bus.opts.Metrics.fills.Inc()
	s.bus.hub.Fill(f.channel, history)
}
