package grip

import (
	"errors"
	"fmt"
)

// itemsAtFirst is for how many items there is room at first: it grows, so that a
// body of rubbish costs little.
const itemsAtFirst = 128

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
// refuses them all. The items share only Raw with body. The error is a BodyError
// or an *ItemError.
func ParseItems(body []byte) ([]Item, error) {
	if !isJSON(body) {
		return nil, ErrNotJSON
	}
	doc, ok := parseObject(whole(body))
	if !ok {
		return nil, ErrNotObject
	}
	list := doc.value("items")
	if list == nil {
		return nil, ErrNoItems
	}
	elements, ok := parseArray(list)
	if !ok {
		return nil, ErrItemsType
	}
	items := make([]Item, 0, min(len(elements), itemsAtFirst))
	for i, e := range elements {
		it, err := parseItem(e, "")
		if err != nil {
			return nil, &ItemError{i, len(elements), err}
		}
		items = append(items, it)
	}
	return items, nil
}

// ParseItem reads one item that is sent to channel by other means than the item
// itself: it may leave its channel out, or name the same. If channel is empty there are
// no such means, and the item must name its own. The error is ErrNotJSON or an *ItemError.
func ParseItem(body []byte, channel string) (Item, error) {
	if !isJSON(body) {
		return Item{}, ErrNotJSON
	}
	it, err := parseItem(whole(body), channel)
	if err == nil && channel != "" && it.Channel != channel {
		err = fmt.Errorf("%s is sent to channel %q and names another", itemWord, channel)
	}
	if err != nil {
		return Item{}, &ItemError{Of: 1, Problem: err}
	}
	return it, nil
}

const itemWord = "publish item object"

// parseItem reads an item. If it names no channel it goes to the one given,
// which must then be one.
func parseItem(data raw, channel string) (it Item, err error) {
	doc, ok := parseObject(data)
	if !ok {
		return it, errors.New("publish item is not an object")
	}
	if named := doc.value("channel"); named != nil {
		if channel, err = text(named, itemWord, "channel"); err != nil {
			return it, err
		}
	} else if channel == "" {
		return it, errors.New(itemWord + " does not contain 'channel'")
	}
	it.Channel, it.Raw = channel, data
	if it.ID, err = id(doc.value("id"), itemWord, "id"); err != nil {
		return it, err
	}
	if it.PrevID, err = id(doc.value("prev-id"), itemWord, "prev-id"); err != nil {
		return it, err
	}
	if it.NoSeq, err = boolean(doc.value("no-seq"), itemWord, "no-seq"); err != nil {
		return it, err
	}
	if it.Meta, err = stringMap(doc.value("meta"), itemWord, "meta"); err != nil {
		return it, err
	}
	if size := doc.value("size"); size != nil {
		if it.Size, err = integer(size, itemWord, "size"); err != nil {
			return it, err
		}
	}
	if doc.value("formats") == nil {
		return it, parseFormats(&it, doc, true)
	}
	formats, ok := parseObject(doc.value("formats"))
	if !ok {
		return it, wrongType(itemWord, "formats")
	}
	return it, parseFormats(&it, formats, false)
}

// id reads an id, which is a string of limited length.
func id(v raw, where, key string) (string, error) {
	s, err := text(v, where, key)
	if err == nil && len(s) > maxID {
		err = fmt.Errorf("%s contains '%s' of more than %d bytes", where, key, maxID)
	}
	return s, err
}
