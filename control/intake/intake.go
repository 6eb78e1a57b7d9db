package intake

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// Options are an Intake's parts. All but Wire are required.
type Options struct {
	// Publisher takes what is published: the hub itself, or a bus that feeds
	// it.
	Publisher channels.Publisher
	// Wire says how items are encoded.
	Wire wire.Options
	// Metrics counts items.
	Metrics *Metrics
}

// Intake publishes payloads. Make it with New. Its methods may be called from
// any goroutine; they keep nothing of a payload after they have returned, and
// return when the items have their places. What can go wrong is told by
// Problem.
type Intake struct{ opts Options }

// New returns an intake.
func New(o Options) *Intake { return &Intake{o} }

// Items publishes {"items": [...]}, GRIP's publish format.
func (in *Intake) Items(ctx context.Context, payload []byte) (Receipt, error) {
	items, err := grip.ParseItems(payload)
	if err != nil {
		return Receipt{}, err
	}
	for i := range items {
		if err := channels.CheckName(items[i].Channel); err != nil {
			return Receipt{}, &grip.ItemError{Index: i, Of: len(items), Problem: err}
		}
	}
	return in.publish(ctx, items)
}

// Item publishes one item as JSON to channel. The item may leave its channel
// out, or name the same.
func (in *Intake) Item(ctx context.Context, channel string, payload []byte) (Receipt, error) {
	if err := channels.CheckName(channel); err != nil {
		return Receipt{}, err
	}
	item, err := grip.ParseItem(payload, channel)
	if err != nil {
		return Receipt{}, err
	}
	return in.publish(ctx, []grip.Item{item})
}

// Event is one event for one channel.
type Event struct {
	Channel string
	// Name is the event's, and may be empty.
	Name string
	// ID is the event's and the item's, so that what is sent again is not
	// published again. Empty: the event's id is its position.
	ID string
	// Data is the event's data as it is. It may have several lines.
	Data []byte
}

// Event publishes e.
func (in *Intake) Event(ctx context.Context, e Event) (Receipt, error) {
	if err := channels.CheckName(e.Channel); err != nil {
		return Receipt{}, err
	}
	format := &grip.EventFormat{Name: e.Name, ID: e.ID, Data: string(e.Data)}
	switch err := format.Validate(); {
	case err != nil:
		return Receipt{}, Refusal("Invalid format: " + err.Error())
	case !utf8.ValidString(e.Name), !utf8.ValidString(e.ID):
		return Receipt{}, Refusal("The event's name or id is not valid UTF-8, as event streams are.")
	case !utf8.Valid(e.Data):
		return Receipt{}, Refusal("The body is not valid UTF-8, as event streams are.")
	}
	return in.publish(ctx, []grip.Item{{Channel: e.Channel, ID: e.ID, Event: format}})
}

// publish gives items to the publisher, all or none, and counts them.
func (in *Intake) publish(ctx context.Context, items []grip.Item) (Receipt, error) {
	batch := make([]channels.Item, len(items))
	for i := range items {
		batch[i] = wire.Item(items[i], in.opts.Wire)
	}
	results, err := in.opts.Publisher.Publish(ctx, batch...)
	if err != nil {
		return Receipt{}, fmt.Errorf("publish: %w", err)
	}
	in.opts.Metrics.published(items, results)
	return receipt(items, results), nil
}
