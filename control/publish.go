package control

import (
	"fmt"
	"net/http"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// published is the JSON answer to a publication. "message" is Pushpin's.
type published struct {
	Message string          `json:"message"`
	Items   []publishedItem `json:"items"`
}

// publishedItem tells what became of one item, in the order of the request.
type publishedItem struct {
	// Status is appended, parked or duplicate.
	Status string `json:"status"`
	// Position is an appended item's place.
	Position string `json:"position,omitempty"`
	// Subscribers is how many of this node's streams an appended item is for.
	Subscribers *int `json:"subscribers,omitempty"`
	// Ignored names the item's formats that nothing here delivers.
	Ignored []string `json:"ignored,omitempty"`
}

// publish serves POST /publish/: {"items": [...]}, GRIP's publish format.
func (h *Handler) publish(r *http.Request) (answer, error) {
	body, err := h.readBody(r)
	if err != nil {
		return answer{}, err
	}
	items, err := grip.ParseItems(body)
	if err != nil {
		return answer{}, err
	}
	for i := range items {
		if err := channels.CheckName(items[i].Channel); err != nil {
			return answer{}, &grip.ItemError{Index: i, Of: len(items), Problem: err}
		}
	}
	results, err := h.hand(r, items)
	if err != nil {
		return answer{}, err
	}
	return answer{text: "Published", json: published{"Published", describe(items, results)}}, nil
}

// hand gives items to the publisher, all or none, and counts them.
func (h *Handler) hand(r *http.Request, items []grip.Item) ([]channels.Result, error) {
	batch := make([]channels.Item, len(items))
	for i := range items {
		batch[i] = wire.Item(items[i], h.opts.Wire)
	}
	results, err := h.opts.Publisher.Publish(r.Context(), batch...)
	if err != nil {
		return nil, fmt.Errorf("publish: %w", err)
	}
	h.opts.Metrics.published(items, results)
	return results, nil
}

func describe(items []grip.Item, results []channels.Result) []publishedItem {
	described := make([]publishedItem, len(results))
	for i := range results {
		r, d := &results[i], &described[i]
		d.Status, d.Ignored = statusName(r.Status), items[i].Unsupported
		if r.Status == channels.Appended {
			d.Position, d.Subscribers = r.Position.String(), &r.Streams
		}
	}
	return described
}

// statusName names what became of an item, in answers and in metrics.
func statusName(s channels.Status) string {
	switch s {
	case channels.Appended:
		return "appended"
	case channels.Parked:
		return "parked"
	case channels.Duplicate:
		return "duplicate"
	}
	panic(fmt.Sprintf("control: unknown status %d", s))
}

// recovery serves POST /recover/, with which Pushpin forgets the last ids that it
// knows and asks origins again. Holdfast's streams go on from its own log, so
// there is nothing to do; requests are counted like all others.
func recovery(*http.Request) (answer, error) {
	return said("Updated"), nil
}

// root serves GET /.
func root(*http.Request) (answer, error) { return said("Holdfast API"), nil }
