package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"

	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/control/nats"
)

// storing is one message on its way into the stream.
type storing struct {
	bus     *Bus
	message *client.Msg
	via     *publishing
	company *company // that waits for the same answer; nil before the first try
	future  jetstream.PubAckFuture
	refusal error // why there is no future
	unsure  bool  // a try that was not answered may still be stored

	// What became of it.
	ack *jetstream.PubAck
	err error
}

// sendAll sends messages in their order.
func sendAll(stores []*storing) {
	for _, s := range stores {
		s.send()
	}
}

// awaitAll returns when it is known of messages that were sent what became of
// them.
func awaitAll(ctx context.Context, stores []*storing) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, s := range stores {
		s.ack, s.err = s.wait(ctx)
	}
}

// refuseAll notes that messages are not stored.
func refuseAll(stores []*storing, why error) {
	for _, s := range stores {
		s.err = why
	}
}

// isDuplicate reports whether a stored message was there already, other than by an
// earlier try.
func (s *storing) isDuplicate() bool { return s.ack.Duplicate && !s.unsure }

// result is for a message that is stored.
func (s *storing) result() channels.Result {
	if s.isDuplicate() {
		return channels.Result{Status: channels.Duplicate}
	}
	return channels.Result{Position: channels.Position{Epoch: s.bus.hub.Epoch(), Seq: s.ack.Sequence}}
}

// errDenied: the user may not publish to the subject.
var errDenied = errors.New("denied")

// send begins a try.
func (s *storing) send() {
	s.leave()
	if s.via = s.bus.publishing.Load(); s.via == nil {
		s.future, s.refusal = nil, client.ErrConnectionClosed
		return
	}
	s.company = s.bus.underway.join(s.message.Subject)
	s.future, s.refusal = s.via.js.PublishMsgAsync(s.message, jetstream.WithRetryAttempts(0))
}

// leave ends a try.
func (s *storing) leave() {
	if s.company != nil {
		s.bus.underway.leave(s.message.Subject, s.company)
		s.company = nil
	}
}

// wait returns when the message is stored, tries again what may pass, and gives
// up when ctx ends.
func (s *storing) wait(ctx context.Context) (*jetstream.PubAck, error) {
	defer s.leave()
	for {
		ack, err := s.outcome(ctx)
		if err == nil {
			return ack, nil
		}
		if s.passes(err) && ctx.Err() == nil {
			pause(ctx)
			s.send()
			continue
		}
		return nil, s.failure(ctx, err)
	}
}

func (s *storing) outcome(ctx context.Context) (*jetstream.PubAck, error) {
	if s.refusal != nil {
		return nil, s.refusal
	}
	select {
	case ack := <-s.future.Ok():
		return ack, nil
	case err := <-s.future.Err():
		return nil, err
	case <-s.company.refused:
		return nil, errDenied
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
	case errors.Is(err, errDenied), errors.Is(err, client.ErrMaxPayload), errors.Is(err, client.ErrBadSubject), errors.Is(err, client.ErrHeadersNotSupported):
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
	case errors.Is(err, errDenied) && !s.unsure:
		return intake.Unavailable(nats.Denied(s.message.Subject) + ". Nothing of the item is stored.")
	case s.unsure:
		return intake.Unsure("The stream did not answer in time. The item may still be published; send it again with the same id.")
	case errors.As(err, &api) && isFull(api):
		return intake.Unavailable("The stream's storage is full: " + api.Description + ".")
	case errors.As(err, &api):
		return intake.Unavailable("The stream refuses the item: " + api.Description + ".")
	}
	return intake.Unavailable(fmt.Sprintf("The stream cannot be reached: %v.", err))
}
