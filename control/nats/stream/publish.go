package stream

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"time"

	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
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
// unless some must be tried again, or wait for the item that their PrevID names;
// see channels.Hub.Turn. The error is an intake.Unavailable if nothing of the item
// that it is about was stored, an intake.Unsure if that is not known; other items
// may be stored.
func (b *Bus) Publish(ctx context.Context, items []grip.Item) ([]channels.Result, error) {
	return b.Begin(ctx, items)()
}

// Begin is for intake.Beginner. Items that wait for their turn are not on their way
// when it returns: their order is what they say.
func (b *Bus) Begin(ctx context.Context, items []grip.Item) (finish func() ([]channels.Result, error)) {
	stores, err := b.compose(items)
	if err != nil {
		return func() ([]channels.Result, error) { return nil, err }
	}
	wait := b.storeInTurn(ctx, items, stores)
	return func() ([]channels.Result, error) {
		wait()
		results, err := b.results(stores)
		for i := range results {
			info, _ := b.hub.Channel(items[i].Channel)
			results[i].Streams = info.Streams
		}
		return results, err
	}
}

// compose returns what is to be stored for items, of which the server takes all.
func (b *Bus) compose(items []grip.Item) ([]*storing, error) {
	stores := make([]*storing, len(items))
	messages := make([]*client.Msg, len(items))
	for i := range items {
		m, err := b.message(&items[i])
		if err != nil {
			return nil, err
		}
		stores[i], messages[i] = &storing{bus: b, message: m}, m
	}
	if via := b.publishing.Load(); via != nil && len(items) > 1 { // one alone is refused when it is sent
		return stores, nats.CheckSizes(via.js.Conn(), messages)
	}
	return stores, nil
}

// results tells what became of messages, and counts it. The error is that of the
// first which was not stored.
func (b *Bus) results(stores []*storing) ([]channels.Result, error) {
	results := make([]channels.Result, len(stores))
	var first *storing
	for i, s := range stores {
		b.opts.Metrics.became(s).Inc()
		if s.err == nil {
			results[i] = s.result()
		} else if first == nil {
			first = s
		}
	}
	if first == nil {
		return results, nil
	}
	if !errors.Is(first.err, context.Canceled) { // the publisher has left
		b.quiet.refused.Do(func() {
			b.opts.Log.Warn("publication not stored", zap.String("subject", first.message.Subject), zap.Error(first.err))
		})
	}
	return nil, first.err
}

// message is what is stored for an item. Its id keeps it from being stored twice
// when it must be sent again, and when its publisher sends it again.
func (b *Bus) message(it *grip.Item) (*client.Msg, error) {
	tokens, err := nats.Encode(it.Channel)
	if err != nil {
		return nil, err
	}
	m := nats.Compose(b.names.channels+tokens, it)
	m.Header[jetstream.MsgIDHeader] = []string{messageID(it)}
	return m, nil
}

// messageID is the item's id for the server, to which ids of all channels are
// alike. No two ids of items make the same one.
func messageID(it *grip.Item) string {
	channel := strconv.Itoa(len(it.Channel)) + ":" + it.Channel + ":"
	switch {
	case it.ID == "":
		return nuid.Next()
	case nats.Carries(it.ID):
		return channel + it.ID
	}
	return "=" + channel + url.QueryEscape(it.ID)
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
	end := []*storing{{bus: b, message: m}}
	sendAll(end)
	awaitAll(ctx, end)
	_, err = b.results(end)
	return info.Streams, err
}
