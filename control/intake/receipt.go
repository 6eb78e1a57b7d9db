package intake

import (
	"fmt"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// Receipt is the JSON answer to a publication.
type Receipt struct {
	Message string    `json:"message"` // Pushpin's
	Items   []Outcome `json:"items"`   // in the order in which they were sent
}

// Outcome tells what became of one item.
type Outcome struct {
	// Status is Appended, Parked or Duplicate.
	Status string `json:"status"`
	// Position is an appended item's place.
	Position channels.Position `json:"position,omitzero"`
	// Subscribers is how many of this node's streams an appended item is for.
	Subscribers *int `json:"subscribers,omitempty"`
	// Ignored names the item's formats that nothing here delivers.
	Ignored []string `json:"ignored,omitempty"`
}

// What becomes of items, in answers and in metrics.
const (
	Appended  = "appended"
	Parked    = "parked"
	Duplicate = "duplicate"
)

// Published is the message of a receipt, and the whole answer as text.
const Published = "Published"

func receipt(items []grip.Item, results []channels.Result) Receipt {
	outcomes := make([]Outcome, len(results))
	for i := range results {
		r, o := &results[i], &outcomes[i]
		o.Status, o.Ignored = statusName(r.Status), items[i].Unsupported
		if r.Status == channels.Appended {
			o.Position, o.Subscribers = r.Position, &r.Streams
		}
	}
	return Receipt{Published, outcomes}
}

func statusName(s channels.Status) string {
	switch s {
	case channels.Appended:
		return Appended
	case channels.Parked:
		return Parked
	case channels.Duplicate:
		return Duplicate
	}
	panic(fmt.Sprintf("intake: unknown status %d", s))
}
