package grip

import (
	"errors"
	"fmt"
)

// MessageFormat is "ws-message": a message for WebSockets.
type MessageFormat struct {
	Action  Action
	Type    MessageType
	Content []byte
	// Code and Reason are for Close. A Code of 0 says nothing, and has no Reason.
	Code   int
	Reason string
	// ContentFilters are for Send: as in StreamFormat.
	ContentFilters []string
}

// maxCloseReason is what a close frame has room for beside the code.
const maxCloseReason = maxControlPayload - 2

func parseMessage(data raw) (*MessageFormat, error) {
	const where = "'ws-message'"
	doc, ok := parseObject(data)
	if !ok {
		return nil, wrongType(itemWord, "ws-message")
	}
	name, err := text(doc.value("action"), where, "action")
	if err != nil {
		return nil, err
	}
	switch name {
	case "", "send":
		return parseSentMessage(doc, where)
	case "close":
		return parseCloseMessage(doc, where)
	case "hint":
		return &MessageFormat{Action: Hint}, nil
	case "refresh":
		return &MessageFormat{Action: Refresh}, nil
	}
	return nil, fmt.Errorf("%s contains unknown action %q: it is 'send', 'hint', 'close' or 'refresh'", where, name)
}

// parseSentMessage reads what is to be sent. GRIP: content-bin is binary, and
// content text, unless "type" says otherwise; ping and pong need neither.
func parseSentMessage(doc object, where string) (*MessageFormat, error) {
	fallback := Text
	if doc.value("content-bin") != nil {
		fallback = Binary
	}
	f := new(MessageFormat)
	var err error
	if f.ContentFilters, err = contentFilters(doc.value("content-filters"), where); err != nil {
		return nil, err
	}
	if f.Type, err = messageType(doc.value("type"), "type", fallback); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if doc.value("content") == nil && doc.value("content-bin") == nil && f.Type != Ping && f.Type != Pong {
		return nil, errors.New(where + " does not contain 'content' or 'content-bin'")
	}
	if f.Content, err = content(doc.value("content-bin"), doc.value("content"), where); err != nil {
		return nil, err
	}
	if err := checkMessage(f.Type, f.Content); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return f, nil
}

// parseCloseMessage reads a close. GRIP: without a code its frame is empty, for a reason
// stands behind a code only (RFC 6455 §5.5.1).
func parseCloseMessage(doc object, where string) (*MessageFormat, error) {
	reason, err := text(doc.value("reason"), where, "reason")
	if err != nil {
		return nil, err
	}
	if doc.value("code") == nil {
		return &MessageFormat{Action: Close}, nil
	}
	f := &MessageFormat{Action: Close, Reason: reason}
	if f.Code, err = integer(doc.value("code"), where, "code"); err != nil {
		return nil, err
	}
	if !validCloseCode(f.Code) {
		return nil, fmt.Errorf("%s: close code %d cannot be sent", where, f.Code)
	}
	if len(f.Reason) > maxCloseReason {
		return nil, fmt.Errorf("%s: reason is over %d bytes", where, maxCloseReason)
	}
	return f, nil
}

// validCloseCode reports whether a code can stand in a close frame (RFC 6455
// §7.4).
func validCloseCode(code int) bool {
	switch code {
	case 1004, 1005, 1006, 1015:
		return false
	}
	return code >= 1000 && code < 5000
}
