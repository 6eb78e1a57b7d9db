package sse

import (
	"fmt"
	"strconv"
	"strings"
)

// Event is one event of a stream.
type Event struct {
	// Name is the event's type; empty means "message".
	Name string
	// ID is the event's id; empty writes none. Of a parsed event it is the last
	// id that the stream has seen.
	ID string
	// Data may have any line breaks; a client sees each of them as LF.
	Data string
	// Retry is the reconnection time in milliseconds; 0 writes none.
	Retry int
}

// Validate reports what cannot be written: line breaks or NUL in the name or
// the id, or a negative retry.
func (e Event) Validate() error {
	if i := strings.IndexAny(e.Name, "\r\n\x00"); i >= 0 {
		return fmt.Errorf("event name contains %q", e.Name[i])
	}
	if i := strings.IndexAny(e.ID, "\r\n\x00"); i >= 0 {
		return fmt.Errorf("event id contains %q", e.ID[i])
	}
	if e.Retry < 0 {
		return fmt.Errorf("retry is negative")
	}
	return nil
}

// AppendEvent appends e, which must be valid, with its closing blank line. It
// always writes data, so that the event is dispatched.
//
// The id comes last. There are clients, npm's @microsoft/fetch-event-source among
// them, that take it as the last one seen as soon as they have read its line; if
// the connection breaks behind it they come back for what follows the event,
// which they have never seen.
func AppendEvent(dst []byte, e Event) []byte {
	if e.Name != "" {
		dst = append(append(append(dst, "event: "...), e.Name...), '\n')
	}
	if e.Retry > 0 {
		dst = appendRetry(dst, e.Retry)
	}
	dst = appendData(dst, e.Data)
	if e.ID != "" {
		dst = appendID(dst, e.ID)
	}
	return append(dst, '\n')
}

// AppendRetry appends a block that sets the client's reconnection time, in
// milliseconds, and dispatches no event.
func AppendRetry(dst []byte, ms int) []byte { return append(appendRetry(dst, ms), '\n') }

func appendID(dst []byte, id string) []byte {
	return append(append(append(dst, "id: "...), id...), '\n')
}

func appendRetry(dst []byte, ms int) []byte {
	return append(strconv.AppendInt(append(dst, "retry: "...), int64(ms), 10), '\n')
}

// appendData writes a line per line of data. CR, LF and CRLF end a line.
func appendData(dst []byte, data string) []byte {
	for {
		i := strings.IndexAny(data, "\r\n")
		line := data
		if i >= 0 {
			line = data[:i]
		}
		dst = append(append(append(dst, "data: "...), line...), '\n')
		if i < 0 {
			return dst
		}
		if strings.HasPrefix(data[i:], "\r\n") {
			i++
		}
		data = data[i+1:]
	}
}
