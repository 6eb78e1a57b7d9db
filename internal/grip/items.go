package grip

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/holdfast-proxy/holdfast/internal/sse"
)

// maxID bounds the ids of items and events, in bytes.
const maxID = 1024

// BodyError says why a publish body as a whole is refused, in Pushpin's words.
type BodyError string

func (e BodyError) Error() string { return string(e) }

// The errors of a publish body as a whole.
const (
	ErrNotJSON   BodyError = "Body is not valid JSON."
	ErrNotObject BodyError = "Invalid format."
	ErrNoItems   BodyError = "Invalid format: object does not contain 'items'"
	ErrItemsType BodyError = "Invalid format: object contains 'items' with wrong type"
)

// ParseItems reads the body of a publish, {"items": [...]}. One bad item
// refuses them all. The error is a BodyError or an *ItemError.
func ParseItems(body []byte) ([]Item, error) {
	var doc *struct {
		Items raw `json:"items"`
	}
	err := json.Unmarshal(body, &doc)
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) || !utf8.Valid(body) {
		return nil, ErrNotJSON
	}
	if err != nil || doc == nil { // of another type, or null
		return nil, ErrNotObject
	}
	if len(doc.Items) == 0 {
		return nil, ErrNoItems
	}
	elements, ok := array(doc.Items)
	if !ok {
		return nil, ErrItemsType
	}
	items := make([]Item, len(elements))
	for i, e := range elements {
		if err := parseItem(&items[i], e); err != nil {
			return nil, &ItemError{i, len(elements), err}
		}
	}
	return items, nil
}

// jsonFormats are the formats, in "formats" or in the item itself.
type jsonFormats struct {
	Response raw `json:"http-response"`
	Stream   raw `json:"http-stream"`
	Message  raw `json:"ws-message"`
	Event    raw `json:"sse"`
}

const itemWord = "publish item object"

func parseItem(it *Item, data raw) (err error) {
	var doc struct {
		Channel raw `json:"channel"`
		ID      raw `json:"id"`
		PrevID  raw `json:"prev-id"`
		NoSeq   raw `json:"no-seq"`
		Meta    raw `json:"meta"`
		Size    raw `json:"size"`
		Formats raw `json:"formats"`
		jsonFormats
	}
	if !object(data, &doc) {
		return errors.New("publish item is not an object")
	}
	if len(doc.Channel) == 0 {
		return errors.New(itemWord + " does not contain 'channel'")
	}
	if it.Channel, err = text(doc.Channel, itemWord, "channel"); err != nil {
		return err
	}
	if it.ID, err = id(doc.ID, itemWord, "id"); err != nil {
		return err
	}
	if it.PrevID, err = id(doc.PrevID, itemWord, "prev-id"); err != nil {
		return err
	}
	if len(doc.NoSeq) > 0 && json.Unmarshal(doc.NoSeq, &it.NoSeq) != nil || string(doc.NoSeq) == "null" {
		return wrongType(itemWord, "no-seq")
	}
	if it.Meta, err = stringMap(doc.Meta, itemWord, "meta"); err != nil {
		return err
	}
	if len(doc.Size) > 0 {
		if it.Size, err = integer(doc.Size, itemWord, "size"); err != nil {
			return err
		}
	}
	if len(doc.Formats) == 0 {
		return parseFormats(it, &doc.jsonFormats, nil)
	}
	var formats map[string]raw
	if !object(doc.Formats, &formats) {
		return wrongType(itemWord, "formats")
	}
	return parseFormats(it, known(formats), formats)
}

// known picks out the formats that are known here.
func known(formats map[string]raw) *jsonFormats {
	return &jsonFormats{
		Response: formats["http-response"],
		Stream:   formats["http-stream"],
		Message:  formats["ws-message"],
		Event:    formats["sse"],
	}
}

// id reads an id, which is a string of limited length.
func id(v raw, where, key string) (string, error) {
	s, err := text(v, where, key)
	if err == nil && len(s) > maxID {
		err = fmt.Errorf("%s contains '%s' of more than %d bytes", where, key, maxID)
	}
	return s, err
}

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
