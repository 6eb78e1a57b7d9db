package grip

import (
	"errors"
	"fmt"
	"slices"

	"github.com/holdfast-proxy/holdfast/internal/sse"
)

// parseFormats reads the formats. names are all those that "formats" has.
func parseFormats(it *Item, f *jsonFormats, names map[string]raw) (err error) {
	if len(f.Stream) > 0 {
		if it.Stream, err = parseStream(f.Stream); err != nil {
			return err
		}
	}
	if len(f.Response) > 0 {
		if it.Response, err = parseResponse(f.Response); err != nil {
			return err
		}
	}
	if len(f.Event) > 0 {
		if it.Event, err = parseEvent(f.Event); err != nil {
			return err
		}
	}
	if len(f.Message) > 0 {
		it.Unsupported = append(it.Unsupported, "ws-message")
	}
	for name := range names {
		switch name {
		case "http-stream", "http-response", "sse", "ws-message":
		default:
			it.Unsupported = append(it.Unsupported, name)
		}
	}
	slices.Sort(it.Unsupported)
	if it.Stream != nil && it.Event != nil {
		return errors.New("an item can have 'http-stream' or 'sse', not both")
	}
	if it.Stream == nil && it.Response == nil && it.Event == nil && len(it.Unsupported) == 0 {
		return errors.New("no formats specified")
	}
	return nil
}

// action reads what a format does, and refuses what no hold here can do.
func action(v, filters raw, where string) (Action, error) {
	if f, ok := array(filters); len(filters) > 0 && (!ok || len(f) > 0) {
		return Send, fmt.Errorf("%s contains 'content-filters', which are not supported", where)
	}
	name, err := text(v, where, "action")
	if err != nil {
		return Send, err
	}
	switch {
	case name == "send" || len(v) == 0:
		return Send, nil
	case name == "close":
		return Close, nil
	case name == "hint":
		return Hint, nil
	}
	return Send, fmt.Errorf("%s contains unknown action %q: it is 'send', 'hint' or 'close'", where, name)
}

func parseStream(data raw) (*StreamFormat, error) {
	const where = "'http-stream'"
	var doc struct {
		Action     raw `json:"action"`
		Content    raw `json:"content"`
		ContentBin raw `json:"content-bin"`
		Filters    raw `json:"content-filters"`
	}
	if !object(data, &doc) {
		return nil, wrongType(itemWord, "http-stream")
	}
	do, err := action(doc.Action, doc.Filters, where)
	if err != nil || do != Send {
		return &StreamFormat{Action: do}, err
	}
	if len(doc.Content) == 0 && len(doc.ContentBin) == 0 {
		return nil, errors.New(where + " does not contain 'content' or 'content-bin'")
	}
	f := new(StreamFormat)
	f.Content, err = content(doc.ContentBin, doc.Content, where)
	return f, err
}

func parseResponse(data raw) (*ResponseFormat, error) {
	const where = "'http-response'"
	var doc struct {
		Action    raw `json:"action"`
		Code      raw `json:"code"`
		Reason    raw `json:"reason"`
		Headers   raw `json:"headers"`
		Body      raw `json:"body"`
		BodyBin   raw `json:"body-bin"`
		BodyPatch raw `json:"body-patch"`
		Filters   raw `json:"content-filters"`
	}
	if !object(data, &doc) {
		return nil, wrongType(itemWord, "http-response")
	}
	do, err := action(doc.Action, doc.Filters, where)
	if err != nil || do != Send {
		return &ResponseFormat{Action: do}, err
	}
	if len(doc.Body) == 0 && len(doc.BodyBin) == 0 {
		if len(doc.BodyPatch) > 0 {
			return nil, errors.New(where + " contains 'body-patch', which is not supported: send the whole 'body'")
		}
		return nil, errors.New(where + " does not contain 'body', 'body-bin', or 'body-patch'")
	}
	a, err := answer(doc.Code, doc.Reason, doc.Headers, doc.BodyBin, doc.Body, where)
	if err != nil {
		return nil, err
	}
	Strip(a.Header)
	return &ResponseFormat{Answer: *a}, nil
}

func parseEvent(data raw) (*EventFormat, error) {
	const where = "'sse'"
	var doc struct {
		Action raw `json:"action"`
		Event  raw `json:"event"`
		ID     raw `json:"id"`
		Data   raw `json:"data"`
		Retry  raw `json:"retry"`
	}
	if !object(data, &doc) {
		return nil, wrongType(itemWord, "sse")
	}
	do, err := action(doc.Action, nil, where)
	if err != nil || do != Send {
		return &EventFormat{Action: do}, err
	}
	f := new(EventFormat)
	if f.Name, err = text(doc.Event, where, "event"); err != nil {
		return nil, err
	}
	if f.ID, err = id(doc.ID, where, "id"); err != nil {
		return nil, err
	}
	if f.Data, err = eventData(doc.Data); err != nil {
		return nil, err
	}
	if len(doc.Retry) > 0 {
		if f.Retry, err = integer(doc.Retry, where, "retry"); err != nil {
			return nil, err
		}
	}
	if err := f.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return f, nil
}

// Validate reports what cannot be written into an event stream.
func (f *EventFormat) Validate() error {
	if len(f.ID) > maxID {
		return fmt.Errorf("event id is over %d bytes", maxID)
	}
	return sse.Event{Name: f.Name, ID: f.ID, Retry: f.Retry}.Validate()
}

// eventData returns a string as it is and anything else as compact JSON.
func eventData(v raw) (string, error) {
	if len(v) == 0 {
		return "", errors.New("'sse' does not contain 'data'")
	}
	if v[0] == '"' {
		return text(v, "'sse'", "data")
	}
	return compact(v), nil
}
