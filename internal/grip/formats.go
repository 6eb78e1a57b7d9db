package grip

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/holdfast-proxy/holdfast/internal/sse"
)

// parseFormats reads the formats of it. They are the members of in, which is
// the item itself unless it has "formats": then every other member is a format
// that is not known.
func parseFormats(it *Item, in object, itself bool) (err error) {
	if v := in.value("http-stream"); v != nil {
		if it.Stream, err = parseStream(v); err != nil {
			return err
		}
	}
	if v := in.value("http-response"); v != nil {
		if it.Response, err = parseResponse(v); err != nil {
			return err
		}
	}
	if v := in.value("sse"); v != nil {
		if it.Event, err = parseEvent(v); err != nil {
			return err
		}
	}
	if v := in.value("ws-message"); v != nil {
		if it.Message, err = parseMessage(v); err != nil {
			return err
		}
	}
	it.Unsupported = unsupported(in, itself)
	if it.Stream != nil && it.Event != nil {
		return errors.New("an item can have 'http-stream' or 'sse', not both")
	}
	if it.Stream == nil && it.Response == nil && it.Event == nil && it.Message == nil && len(it.Unsupported) == 0 {
		return errors.New("no formats specified")
	}
	return nil
}

// unsupported names the formats that nothing here delivers, sorted.
func unsupported(in object, itself bool) (names []string) {
	for _, format := range in {
		switch name := string(format.key); name {
		case "http-stream", "http-response", "sse", "ws-message":
		default:
			if !itself {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// action reads what a format does.
func action(v raw, where string) (Action, error) {
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
	doc, ok := parseObject(data)
	if !ok {
		return nil, wrongType(itemWord, "http-stream")
	}
	do, err := action(doc.value("action"), where)
	if err != nil || do != Send {
		return &StreamFormat{Action: do}, err
	}
	if len(doc.value("content")) == 0 && len(doc.value("content-bin")) == 0 {
		return nil, errors.New(where + " does not contain 'content' or 'content-bin'")
	}
	f := new(StreamFormat)
	if f.ContentFilters, err = contentFilters(doc.value("content-filters"), where); err != nil {
		return nil, err
	}
	f.Content, err = content(doc.value("content-bin"), doc.value("content"), where)
	return f, err
}

func parseResponse(data raw) (*ResponseFormat, error) {
	const where = "'http-response'"
	doc, ok := parseObject(data)
	if !ok {
		return nil, wrongType(itemWord, "http-response")
	}
	do, err := action(doc.value("action"), where)
	if err != nil || do != Send {
		return &ResponseFormat{Action: do}, err
	}
	filters, err := contentFilters(doc.value("content-filters"), where)
	if err != nil {
		return nil, err
	}
	f := &ResponseFormat{ContentFilters: filters}
	if len(doc.value("body")) == 0 && len(doc.value("body-bin")) == 0 {
		if len(doc.value("body-patch")) == 0 {
			return nil, errors.New(where + " does not contain 'body', 'body-bin', or 'body-patch'")
		}
		if f.Patch, err = parsePatch(doc.value("body-patch"), where); err != nil {
			return nil, err
		}
	}
	a, err := answer(doc, Answer{Code: http.StatusOK}, where)
	if err != nil {
		return nil, err
	}
	Strip(a.Header)
	f.Answer = *a
	return f, nil
}

func parseEvent(data raw) (*EventFormat, error) {
	const where = "'sse'"
	doc, ok := parseObject(data)
	if !ok {
		return nil, wrongType(itemWord, "sse")
	}
	do, err := action(doc.value("action"), where)
	if err != nil || do != Send {
		return &EventFormat{Action: do}, err
	}
	f := new(EventFormat)
	if f.ContentFilters, err = contentFilters(doc.value("content-filters"), where); err != nil {
		return nil, err
	}
	if f.Name, err = text(doc.value("event"), where, "event"); err != nil {
		return nil, err
	}
	if f.ID, err = id(doc.value("id"), where, "id"); err != nil {
		return nil, err
	}
	if f.Data, err = eventData(doc.value("data")); err != nil {
		return nil, err
	}
	if len(doc.value("retry")) > 0 {
		if f.Retry, err = integer(doc.value("retry"), where, "retry"); err != nil {
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
