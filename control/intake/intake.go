package intake

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// Options are an Intake's parts. All are required.
type Options struct {
	// Publisher takes what is published: a hub (see ToHub), or a bus that
	// feeds it.
	Publisher Publisher
	// Metrics counts items.
	Metrics *Metrics
}

// Publisher takes items, each with its channel checked.
type Publisher interface {
	// Publish returns a result per item, or an error for all of them. What an
	// item shares with its payload is not kept. Errors that publishers should
	// know have a status; see Problem.
	Publish(ctx context.Context, items []grip.Item) ([]channels.Result, error)
}

// Beginner is a Publisher that takes its time.
type Beginner interface {
	Publisher
	// Begin is Publish in two steps: when it returns, the items are on their way
	// in the order of its calls, and finish waits for what becomes of them. It
	// must be called.
	Begin(ctx context.Context, items []grip.Item) (finish func() ([]channels.Result, error))
}

// ToHub publishes straight into a hub that has no feed.
func ToHub(hub channels.Publisher, o wire.Options) Publisher { return toHub{hub, o} }

type toHub struct {
	hub  channels.Publisher
	wire wire.Options
}

// Publish is for Publisher.
func (p toHub) Publish(ctx context.Context, items []grip.Item) ([]channels.Result, error) {
	batch := make([]channels.Item, len(items))
	for i := range items {
		batch[i] = wire.Item(items[i], p.wire)
	}
	return p.hub.Publish(ctx, batch...)
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
	items, err := parseItems(payload)
	if err != nil {
		return Receipt{}, err
	}
	return in.publish(ctx, items)
}

// BeginItems is Items in two steps; see Beginner. What is published by a publisher
// that is none is published at once. The payload may not change before finish has
// returned.
func (in *Intake) BeginItems(ctx context.Context, payload []byte) (finish func() (Receipt, error)) {
	items, err := parseItems(payload)
	if err != nil {
		return func() (Receipt, error) { return Receipt{}, err }
	}
	publisher, slow := in.opts.Publisher.(Beginner)
	if !slow {
		r, err := in.publish(ctx, items)
		return func() (Receipt, error) { return r, err }
	}
	outcome := publisher.Begin(ctx, items)
	return func() (Receipt, error) {
		results, err := outcome()
		return in.published(items, results, err)
	}
}

func parseItems(payload []byte) ([]grip.Item, error) {
	items, err := grip.ParseItems(payload)
	if err != nil {
		return nil, err
	}
	for i := range items {
		if err := channels.CheckName(items[i].Channel); err != nil {
			return nil, &grip.ItemError{Index: i, Of: len(items), Problem: err}
		}
	}
	return items, nil
}

// Lone publishes one item as JSON, which names its channel.
func (in *Intake) Lone(ctx context.Context, payload []byte) (Receipt, error) {
	item, err := grip.ParseItem(payload, "")
	if err != nil {
		return Receipt{}, err
	}
	if err := channels.CheckName(item.Channel); err != nil {
		return Receipt{}, &grip.ItemError{Of: 1, Problem: err}
	}
	return in.publish(ctx, []grip.Item{item})
}

// Item publishes one item as JSON to channel. The item may leave its channel
// out, or name the same.
func (in *Intake) Item(ctx context.Context, channel string, payload []byte) (Receipt, error) {
	item, err := ParseItem(channel, payload)
	if err != nil {
		return Receipt{}, err
	}
	return in.publish(ctx, []grip.Item{item})
}

// ParseItem reads what Intake.Item takes.
func ParseItem(channel string, payload []byte) (grip.Item, error) {
	if err := channels.CheckName(channel); err != nil {
		return grip.Item{}, err
	}
	return grip.ParseItem(payload, channel)
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
	item, err := e.Item()
	if err != nil {
		return Receipt{}, err
	}
	return in.publish(ctx, []grip.Item{item})
}

// Item is e as an item, without Raw. The error says what cannot be sent to a
// client.
func (e Event) Item() (grip.Item, error) {
	if err := channels.CheckName(e.Channel); err != nil {
		return grip.Item{}, err
	}
	format := &grip.EventFormat{Name: e.Name, ID: e.ID, Data: string(e.Data)}
	switch err := format.Validate(); {
	case err != nil:
		return grip.Item{}, Refusal("Invalid format: " + err.Error())
	case !utf8.ValidString(e.Name), !utf8.ValidString(e.ID):
		return grip.Item{}, Refusal("The event's name or id is not valid UTF-8, as event streams are.")
	case !utf8.Valid(e.Data):
		return grip.Item{}, Refusal("The body is not valid UTF-8, as event streams are.")
	}
	return grip.Item{Channel: e.Channel, ID: e.ID, Event: format}, nil
}

// publish gives items to the publisher, all or none, and counts them.
func (in *Intake) publish(ctx context.Context, items []grip.Item) (Receipt, error) {
	results, err := in.opts.Publisher.Publish(ctx, items)
	return in.published(items, results, err)
}

func (in *Intake) published(items []grip.Item, results []channels.Result, err error) (Receipt, error) {
	if err != nil {
		return Receipt{}, fmt.Errorf("publish: %w", err)
	}
	in.opts.Metrics.published(items, results)
	return receipt(items, results), nil
}
