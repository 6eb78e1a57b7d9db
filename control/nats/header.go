package nats

import (
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/holdfast-proxy/holdfast/control/intake"
)

// The headers that are ours. Their names may be written in any case.
const (
	headerPrefix = "holdfast-"
	headerEvent  = headerPrefix + "event"
	headerID     = headerPrefix + "id"
	headerFormat = headerPrefix + "format"
)

// formatItem is the only format that is written down; without it the payload is
// data.
const formatItem = "item"

// header is what a message says beside its payload.
type header struct {
	event, id string
	item      bool // the payload is an item as JSON
}

// readHeader reads our headers. Unknown and doubled ones are refused: a misspelt
// Holdfast-Id would otherwise be lost silently.
func readHeader(from nats.Header) (h header, err error) {
	ours, err := ourHeaders(from)
	if err != nil {
		return h, err
	}
	switch format, given := ours[headerFormat]; {
	case given && format != formatItem:
		return h, intake.Refusal(fmt.Sprintf("Holdfast-Format %q is not known; write %q, or leave it out.", clip(format), formatItem))
	case given && len(ours) > 1:
		return h, intake.Refusal("With Holdfast-Format: item the event's name and id stand in the item, not in headers.")
	default:
		return header{event: ours[headerEvent], id: ours[headerID], item: given}, nil
	}
}

// ourHeaders returns our headers by their names in lower case.
func ourHeaders(from nats.Header) (map[string]string, error) {
	var ours map[string]string
	for name, values := range from {
		lower := strings.ToLower(name)
		if !strings.HasPrefix(lower, headerPrefix) {
			continue
		}
		switch lower {
		case headerEvent, headerID, headerFormat:
		default:
			return nil, intake.Refusal(fmt.Sprintf(
				"Unknown header %q; there are: Holdfast-Event, Holdfast-Id, Holdfast-Format.", clip(name)))
		}
		if _, twice := ours[lower]; twice || len(values) != 1 {
			return nil, intake.Refusal(fmt.Sprintf("Header %q is given more than once.", name))
		}
		if ours == nil {
			ours = make(map[string]string, 3)
		}
		ours[lower] = values[0]
	}
	return ours, nil
}
