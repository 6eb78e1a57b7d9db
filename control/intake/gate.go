package intake

import (
	"context"
	"fmt"

	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// Gate decides what one publisher may publish. Its errors reach the publisher's
// source as they are, or in a *KeptError; nothing is published then.
type Gate interface {
	// Channel reports why nothing may be published to a channel.
	Channel(name string) error
	// Take reports why so many items cannot be published now. It is asked last,
	// once for a payload.
	Take(items int) error
}

// KeptError says which item a gate has kept back, and why.
type KeptError struct {
	Index   int // in "items"
	Of      int // how many items there are
	Problem error
}

// Error returns the text for the publisher, with the item's index for several.
func (e *KeptError) Error() string {
	if e.Of == 1 {
		return e.Problem.Error()
	}
	return fmt.Sprintf("Item %d: %v", e.Index, e.Problem)
}

// Unwrap returns the problem.
func (e *KeptError) Unwrap() error { return e.Problem }

// Gated is an intake for one publisher. Its methods are those of Intake.
type Gated struct {
	in   *Intake
	gate Gate
}

// Through returns the intake with a gate before it.
func (in *Intake) Through(g Gate) Gated { return Gated{in, g} }

// Items publishes {"items": [...]}, GRIP's publish format.
func (g Gated) Items(ctx context.Context, payload []byte) (Receipt, error) {
	items, err := parseItems(payload)
	if err != nil {
		return Receipt{}, err
	}
	return g.publish(ctx, items)
}

// Event publishes e.
func (g Gated) Event(ctx context.Context, e Event) (Receipt, error) {
	item, err := e.Item()
	if err != nil {
		return Receipt{}, err
	}
	return g.publish(ctx, []grip.Item{item})
}

func (g Gated) publish(ctx context.Context, items []grip.Item) (Receipt, error) {
	for i := range items {
		if err := g.gate.Channel(items[i].Channel); err != nil {
			return Receipt{}, &KeptError{Index: i, Of: len(items), Problem: err}
		}
	}
	if err := g.gate.Take(len(items)); err != nil {
		return Receipt{}, err
	}
	return g.in.publish(ctx, items)
}
