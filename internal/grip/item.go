package grip

import "fmt"

// Action is what a published format does.
type Action uint8

// The actions of GRIP.
const (
	Send Action = iota
	Close
	Hint
	Refresh // of ws-message alone
)

// Item is what a publisher sends to a channel (GRIP: publish item).
type Item struct {
	Channel string
	ID      string
	PrevID  string
	NoSeq   bool
	Meta    map[string]string
	// Size is the logical size that the publisher states; 0 if it does not.
	Size int

	// The formats; at least one is set, or Unsupported is not empty.
	Stream   *StreamFormat
	Response *ResponseFormat
	Event    *EventFormat
	Message  *MessageFormat
	// Unsupported names the formats that were given but are not known here.
	Unsupported []string

	// Raw is the item as it was written, a JSON object. Unlike everything
	// else it is a part of what was parsed.
	Raw []byte
}

// StreamFormat is "http-stream": bytes for held streams.
type StreamFormat struct {
	Action  Action
	Content []byte
	// ContentFilters, unless nil, are those that a stream must have to get the
	// content: exactly these, in this order.
	ContentFilters []string
}

// ResponseFormat is "http-response": a whole response for a held request.
type ResponseFormat struct {
	Action Action
	Answer
	// Patch, unless nil, changes the body of the held response: a JSON Patch (RFC
	// 6902). The answer has no body then.
	Patch []byte
	// ContentFilters: as in StreamFormat.
	ContentFilters []string
}

// EventFormat is "sse", a format of ours: one event of an event stream.
type EventFormat struct {
	Action Action
	Name   string
	ID     string
	Data   string
	Retry  int // milliseconds; 0 for none
	// ContentFilters: as in StreamFormat.
	ContentFilters []string
}

// ItemError says which item of a publish is wrong, and what is wrong with it.
// Its texts are Pushpin's where Pushpin has one.
type ItemError struct {
	Index   int // in "items"
	Of      int // how many items there are
	Problem error
}

// Error returns the text for the publisher: Pushpin's for a single item, with
// the item's index for several.
func (e *ItemError) Error() string {
	if e.Of == 1 {
		return "Invalid format: " + e.Problem.Error()
	}
	return fmt.Sprintf("Invalid format: %v (item %d)", e.Problem, e.Index)
}

// Unwrap returns the problem.
func (e *ItemError) Unwrap() error { return e.Problem }
