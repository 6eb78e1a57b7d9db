package grip

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// maxID bounds the ids of items and events, in bytes.
const maxID = 1024

// BodyError says why a publish body as a whole is refused, in Pushpin's words.
type BodyError string

// Error returns the text for the publisher.
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

// ParseItem reads one item that is sent to channel by other means than the item
// itself: it may leave its channel out, or name the same. The error is
// ErrNotJSON or an *ItemError.
func ParseItem(body []byte, channel string) (Item, error) {
	if !json.Valid(body) || !utf8.Valid(body) {
		return Item{}, ErrNotJSON
	}
	it := Item{Channel: channel}
	err := parseItem(&it, body)
	if err == nil && it.Channel != channel {
		err = fmt.Errorf("%s is sent to channel %q and names another", itemWord, channel)
	}
	if err != nil {
		return Item{}, &ItemError{Of: 1, Problem: err}
	}
	return it, nil
}

// jsonFormats are the formats, in "formats" or in the item itself.
type jsonFormats struct {
	Response raw `json:"http-response"`
	Stream   raw `json:"http-stream"`
	Message  raw `json:"ws-message"`
	Event    raw `json:"sse"`
}

const itemWord = "publish item object"

// parseItem reads an item. Its channel is required unless it has one before.
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
	if len(doc.Channel) > 0 {
		if it.Channel, err = text(doc.Channel, itemWord, "channel"); err != nil {
			return err
		}
	} else if it.Channel == "" {
		return errors.New(itemWord + " does not contain 'channel'")
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
