package grip

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// ControlPrefix is what a text message begins with that is for the proxy.
const ControlPrefix = "c:"

// Control is a message of an origin to its proxy: one of *Subscribe,
// *Unsubscribe, *Detach, *SocketKeepAlive, *SetMeta, *SendDelayed,
// *FlushDelayed.
type Control any

// Subscribe gives the client the messages of a channel, as far as the filters let
// them through. They are known, and at most five.
type Subscribe struct {
	Channel string
	Filters []string
}

// Unsubscribe undoes Subscribe.
type Unsubscribe struct{ Channel string }

// Detach ends the connection to the origin and keeps that to the client.
type Detach struct{}

// SetMeta notes something about the client for filters. An empty Value is to
// be forgotten.
type SetMeta struct{ Name, Value string }

// SocketKeepAlive says what is sent on a quiet WebSocket. A nil Content is
// nothing.
type SocketKeepAlive struct {
	Message  MessageType
	Content  []byte
	Interval time.Duration
	Always   bool // mode interval: however quiet it is
}

// SendDelayed is a message to be sent after a while. Whatever waits already is
// sent before.
type SendDelayed struct {
	Message MessageType
	Content []byte
	Wait    time.Duration
}

// FlushDelayed sends what waits.
type FlushDelayed struct{}

// MessageType is the type of a WebSocket message.
type MessageType uint8

// The types.
const (
	Text MessageType = iota
	Binary
	Ping
	Pong
)

// maxControlPayload bounds pings and pongs (RFC 6455 §5.5).
const maxControlPayload = 125

// defaultDelay is how long a delayed message waits if it does not say.
const defaultDelay = time.Second

// ParseControl reads what follows ControlPrefix.
func ParseControl(data []byte) (Control, error) {
	if !isJSON(data) {
		return nil, errors.New("control message is not valid JSON")
	}
	doc, ok := parseObject(whole(data))
	if !ok {
		return nil, errors.New("control message is not an object")
	}
	name, err := text(doc.value("type"), "control message", "type")
	if err != nil {
		return nil, err
	}
	c, err := parseControl(name, doc)
	if err != nil {
		return nil, fmt.Errorf("control message %q: %w", name, err)
	}
	return c, nil
}

func parseControl(name string, doc object) (Control, error) {
	switch name {
	case "subscribe":
		return parseSubscribe(doc)
	case "unsubscribe":
		channel, err := needed(doc, "channel")
		return &Unsubscribe{channel}, err
	case "detach":
		return &Detach{}, nil
	case "set-meta":
		return parseSetMeta(doc)
	case "keep-alive":
		return parseSocketKeepAlive(doc)
	case "send-delayed":
		return parseSendDelayed(doc)
	case "flush-delayed":
		return &FlushDelayed{}, nil
	case "":
		return nil, errors.New("has no type")
	}
	return nil, errors.New("unknown type")
}

// message is how errors about control messages begin.
const messageWord = "message"

// needed reads a string that may not be empty.
func needed(doc object, key string) (string, error) {
	s, err := text(doc.value(key), messageWord, key)
	if err == nil && s == "" {
		err = fmt.Errorf("does not contain '%s'", key)
	}
	return s, err
}

func parseSubscribe(doc object) (*Subscribe, error) {
	channel, err := needed(doc, "channel")
	if err != nil {
		return nil, err
	}
	s := &Subscribe{Channel: channel}
	if doc.value("filters") == nil {
		return s, nil
	}
	elements, ok := parseArray(doc.value("filters"))
	if !ok {
		return nil, wrongType(messageWord, "filters")
	}
	for _, e := range elements {
		name, err := text(e, messageWord, "filters")
		if err != nil {
			return nil, err
		}
		s.Filters = append(s.Filters, name)
	}
	return s, checkFilters(s.Filters)
}

func parseSetMeta(doc object) (*SetMeta, error) {
	name, err := needed(doc, "name")
	if err != nil {
		return nil, err
	}
	value, err := text(doc.value("value"), messageWord, "value")
	return &SetMeta{name, value}, err
}

func parseSocketKeepAlive(doc object) (k *SocketKeepAlive, err error) {
	k = new(SocketKeepAlive)
	if k.Message, k.Content, err = controlContent(doc); err != nil {
		return nil, err
	}
	if k.Interval, err = seconds(doc, DefaultKeepAlive); err != nil {
		return nil, err
	}
	mode, err := text(doc.value("mode"), messageWord, "mode")
	switch {
	case err != nil:
		return nil, err
	case mode == "interval":
		k.Always = true
	case mode != "" && mode != "idle":
		return nil, fmt.Errorf("mode must be 'idle' or 'interval', not %q", mode)
	}
	return k, nil
}

func parseSendDelayed(doc object) (d *SendDelayed, err error) {
	d = new(SendDelayed)
	if d.Message, d.Content, err = controlContent(doc); err != nil {
		return nil, err
	}
	if d.Content == nil {
		return nil, errors.New("does not contain 'content' or 'content-bin'")
	}
	d.Wait, err = seconds(doc, defaultDelay)
	return d, err
}

// seconds reads "timeout". 0 is the default, as nothing is.
func seconds(doc object, fallback time.Duration) (time.Duration, error) {
	if doc.value("timeout") == nil {
		return fallback, nil
	}
	n, err := integer(doc.value("timeout"), messageWord, "timeout")
	if err != nil || n == 0 {
		return fallback, err
	}
	if n > maxSeconds {
		return 0, fmt.Errorf("timeout is over %d s", maxSeconds)
	}
	return time.Duration(n) * time.Second, nil
}

// controlContent reads "message-type" (GRIP: text unless said otherwise, for
// content-bin too) and the content, which is nil if there is none.
func controlContent(doc object) (MessageType, []byte, error) {
	kind, err := messageType(doc.value("message-type"), "message-type", Text)
	if err != nil {
		return 0, nil, err
	}
	if doc.value("content") == nil && doc.value("content-bin") == nil {
		return kind, nil, nil
	}
	b, err := content(doc.value("content-bin"), doc.value("content"), messageWord)
	if err != nil {
		return 0, nil, err
	}
	if b == nil {
		b = []byte{} // content that is empty is content
	}
	return kind, b, checkMessage(kind, b)
}

// checkMessage reports what cannot be sent as a message. A client that gets text which
// is not UTF-8 must fail the connection (RFC 6455 §8.1).
func checkMessage(kind MessageType, content []byte) error {
	switch {
	case kind == Text && !utf8.Valid(content):
		return errors.New("text is not valid UTF-8; the type is 'binary' for other bytes")
	case (kind == Ping || kind == Pong) && len(content) > maxControlPayload:
		return fmt.Errorf("%d bytes, at most %d fit into a ping or pong", len(content), maxControlPayload)
	}
	return nil
}

// messageType reads the type of a message.
func messageType(v raw, key string, fallback MessageType) (MessageType, error) {
	name, err := text(v, messageWord, key)
	if err != nil {
		return 0, err
	}
	switch name {
	case "":
		return fallback, nil
	case "text":
		return Text, nil
	case "binary":
		return Binary, nil
	case "ping":
		return Ping, nil
	case "pong":
		return Pong, nil
	}
	return 0, fmt.Errorf("%s must be 'text', 'binary', 'ping' or 'pong', not %q", key, name)
}
