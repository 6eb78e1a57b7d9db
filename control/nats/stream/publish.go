package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/internal/grip"
)

const (
	// patience bounds a publication. A cluster elects a leader in 4 to 8 seconds.
	patience = 10 * time.Second
	// maxPending is how many publications of this node may be under way.
	maxPending = 16 << 10
	// endHeader marks the message that ends a channel's streams.
	endHeader = "Holdfast-End"
)

// The codes of JetStream's errors that mean something to publishers.
const (
	codeStoreFull  = 10077 // maximum bytes, messages ...
	codeNoStorage  = 10047 // insufficient storage resources
	codeNoResource = 10023
	codeInProcess  = 10158 // the same id is being stored
)

// Publish is for intake.Publisher. It returns when all items are stored: on the
// number of servers that it takes to elect a leader, so that a published item is
// not lost with one of them. The items are stored one by one, in their order
// unless some must be tried again. The error is an intake.Unavailable if nothing
// of the item that it is about was stored, an intake.Unsure if that is not known;
// the items before it are stored.
func (b *Bus) Publish(ctx context.Context, items []grip.Item) ([]channels.Result, error) {
	messages := make([]*client.Msg, len(items))
	for i := range items {
		m, err := b.message(&items[i])
		if err != nil {
			return nil, err
		}
		messages[i] = m
	}
	results, err := b.store(ctx, messages)
	if err != nil {
		return nil, err
	}
	for i := range results {
		info, _ := b.hub.Channel(items[i].Channel)
		results[i].Streams = info.Streams
	}
	return results, nil
}

// message is what is stored for an item. Its id keeps it from being stored twice
// when it must be sent again, and when its publisher sends it again.
func (b *Bus) message(it *grip.Item) (*client.Msg, error) {
	tokens, err := nats.Encode(it.Channel)
	if err != nil {
		return nil, err
	}
	m := nats.Compose(b.names.channels+tokens, it)
	id := it.Channel + ":" + it.ID
	if it.ID == "" {
		id = nuid.Next()
	}
	m.Header[jetstream.MsgIDHeader] = []string{id}
	return m, nil
}

// End ends the streams that follow a channel, on all nodes, after what was
// published before. It returns how many of this node follow it.
func (b *Bus) End(ctx context.Context, channel string) (streams int, err error) {
	tokens, err := nats.Encode(channel)
	if err != nil {
		return 0, err
	}
	m := client.NewMsg(b.names.channels + tokens)
	m.Header[endHeader] = []string{"1"}
	m.Header[jetstream.MsgIDHeader] = []string{nuid.Next()}
	info, _ := b.hub.Channel(channel)
	_, err = b.store(ctx, []*client.Msg{m})
	return info.Streams, err
}

// store stores messages and tells their places.
func (b *Bus) store(ctx context.Context, messages []*client.Msg) ([]channels.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	stores := make([]storing, len(messages))
	for i, m := range messages {
		stores[i] = storing{bus: b, message: m}
		stores[i].send()
	}
	results := make([]channels.Result, len(messages))
	for i := range stores {
		ack, err := stores[i].wait(ctx)
		if err != nil {
			b.opts.Metrics.refusals(err).Inc()
			b.quiet.refused.Do(func() {
				b.opts.Log.Warn("publication not stored", zap.String("subject", messages[i].Subject), zap.Error(err))
			})
			return nil, err
		}
		results[i] = channels.Result{Position: channels.Position{Epoch: b.hub.Epoch(), Seq: ack.Sequence}}
		if ack.Duplicate {
			results[i] = channels.Result{Status: channels.Duplicate}
		}
	}
	b.opts.Metrics.stored.Add(float64(len(messages)))
	return results, nil
}

// storing is one message on its way into the stream.
type storing struct {
	bus     *Bus
	message *client.Msg
	via     *publishing
	future  jetstream.PubAckFuture
	err     error // why there is no future
	unsure  bool  // an earlier try may still be stored
}

// send begins a try.
func (s *storing) send() {
	if s.via = s.bus.publishing.Load(); s.via == nil {
		s.future, s.err = nil, client.ErrConnectionClosed
		return
	}
	s.future, s.err = s.via.js.PublishMsgAsync(s.message, jetstream.WithRetryAttempts(0))
}

// wait returns when the message is stored, tries again what may pass, and gives
// up when ctx ends.
func (s *storing) wait(ctx context.Context) (*jetstream.PubAck, error) {
	for {
		ack, err := s.outcome(ctx)
		if err == nil {
			return ack, nil
		}
		if ctx.Err() == nil && s.passes(err) {
			pause(ctx)
			s.send()
			continue
		}
		return nil, s.failure(ctx, err)
	}
}

func (s *storing) outcome(ctx context.Context) (*jetstream.PubAck, error) {
	if s.err != nil {
		return nil, s.err
	}
	select {
	case ack := <-s.future.Ok():
		return ack, nil
	case err := <-s.future.Err():
		return nil, err
	case <-s.via.done:
		s.unsure = true
		return nil, client.ErrConnectionClosed
	case <-ctx.Done():
		s.unsure = true
		return nil, ctx.Err()
	}
}

// passes reports whether another try makes sense, and notes whether this one may
// have succeeded all the same.
func (s *storing) passes(err error) bool {
	var api *jetstream.APIError
	switch {
	case errors.As(err, &api):
		if api.ErrorCode == codeInProcess {
			s.unsure = true
			return true
		}
		return api.Code == 503 && !isFull(api)
	case errors.Is(err, jetstream.ErrNoStreamResponse), errors.Is(err, client.ErrNoResponders):
		return true
	case errors.Is(err, client.ErrMaxPayload), errors.Is(err, client.ErrBadSubject), errors.Is(err, client.ErrHeadersNotSupported):
		return false
	case errors.Is(err, client.ErrConnectionClosed):
		return true
	}
	s.unsure = true // no answer in time, or a connection lost
	return true
}

func isFull(api *jetstream.APIError) bool {
	return slices.Contains([]jetstream.ErrorCode{codeStoreFull, codeNoStorage, codeNoResource}, api.ErrorCode)
}

// failure is what the publisher is told.
func (s *storing) failure(ctx context.Context, err error) error {
	var api *jetstream.APIError
	switch {
	case errors.Is(err, client.ErrMaxPayload):
		return intake.Refusal("The item is larger than a message of this NATS may be (max_payload).")
	case s.unsure && errors.Is(context.Cause(ctx), context.Canceled):
		return context.Canceled
	case s.unsure:
		return intake.Unsure("The stream did not answer in time. The item may still be published; send it again with the same id.")
	case errors.As(err, &api) && isFull(api):
		return intake.Unavailable("The stream's storage is full: " + api.Description + ".")
	case errors.As(err, &api):
		return intake.Unavailable("The stream refuses the item: " + api.Description + ".")
	}
	return intake.Unavailable(fmt.Sprintf("The stream cannot be reached: %v.", err))
}
