package woh

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// ContentType is the media type of events.
const ContentType = "application/websocket-events"

// Type says what an event is. Types that are not known are read as they are.
type Type string

// The types.
const (
	Open       Type = "OPEN"       // the WebSocket is there
	Text       Type = "TEXT"       // a text message
	Binary     Type = "BINARY"     // a binary message
	Ping       Type = "PING"       // a ping
	Pong       Type = "PONG"       // a pong
	Close      Type = "CLOSE"      // the payload of a close frame
	Disconnect Type = "DISCONNECT" // the WebSocket is gone without a close frame
)

// Event is one event.
type Event struct {
	Type    Type
	Content []byte
}

const crlf = "\r\n"

// Append appends e as it is sent. Only what can have content is given a length.
func Append(dst []byte, e Event) []byte {
	dst = append(dst, e.Type...)
	if e.Type == Text || e.Type == Binary || len(e.Content) > 0 {
		dst = append(dst, ' ')
		dst = strconv.AppendInt(dst, int64(len(e.Content)), 16)
		dst = append(append(dst, crlf...), e.Content...)
	}
	return append(dst, crlf...)
}

// maxLine bounds the line before the content.
const maxLine = 64

var (
	errLine  = errors.New("line without an end")
	errShort = errors.New("content is shorter than announced")
	errEnd   = errors.New("no line break after the content")
)

// Parse reads events until the end of body, which their content shares. The error
// says which event is wrong, counted from 0.
func Parse(body []byte) ([]Event, error) {
	var events []Event
	for len(body) > 0 {
		e, rest, err := next(body)
		if err != nil {
			return nil, fmt.Errorf("event %d: %w", len(events), err)
		}
		events, body = append(events, e), rest
	}
	return events, nil
}

// next reads the first event.
func next(body []byte) (e Event, rest []byte, err error) {
	line, rest, ok := bytes.Cut(body, []byte(crlf))
	if !ok {
		return e, nil, errLine
	}
	if len(line) > maxLine {
		return e, nil, fmt.Errorf("line of %d bytes, at most %d are allowed", len(line), maxLine)
	}
	name, size, sized := bytes.Cut(line, []byte(" "))
	e.Type = Type(name)
	if e.Type == "" {
		return e, nil, errors.New("no type")
	}
	if !sized {
		return e, rest, nil
	}
	n, err := strconv.ParseUint(string(size), 16, 31)
	switch {
	case err != nil:
		return e, nil, fmt.Errorf("length %q is not a hexadecimal number", size)
	case n > uint64(len(rest)):
		return e, nil, errShort
	case !bytes.HasPrefix(rest[n:], []byte(crlf)):
		return e, nil, errEnd
	}
	e.Content = rest[:n:n]
	return e, rest[n+uint64(len(crlf)):], nil
}
