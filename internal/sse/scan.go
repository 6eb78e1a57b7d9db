package sse

import (
	"bytes"
	"slices"
)

// Content is what Scan finds out about a piece of an event stream.
type Content struct {
	// Effect is how the content moves a stream's state.
	Effect Effect
	// IDs are the ids that a client can have seen last in the content, in
	// order, if it started at a boundary. An id whose event does not end in
	// the content is among them: later content may end it.
	IDs []string
	// Whole: between two boundaries, the content is one or more whole events,
	// at least one of them with data.
	Whole bool
	// LastHasID: the last event with data says its id, even if it is empty.
	LastHasID bool

	lastEnd int // where the blank line of the last event with data begins
}

// Scan reads content, as if it started at an event boundary, once. The ids do
// not share its bytes.
func Scan(content []byte) Content {
	s := scanner{Content: Content{Effect: NoEffect}}
	ends := lineEnds{cr: bytes.IndexByte(content, '\r') >= 0}
	for rest := content; len(rest) > 0; {
		end, next := ends.in(rest)
		s.line(rest[:end])
		for _, b := range rest[end:next] {
			s.Effect = s.Effect.then(byteEffect(b))
		}
		if end == 0 {
			s.dispatch()
		}
		s.offset += next
		rest = rest[next:]
	}
	s.flush()
	s.Whole = s.events > 0 && s.Effect.From(boundary).AtBoundary()
	return s.Content
}

// lineEnds finds line ends. Looking for LF alone is several times faster than
// looking for both, and CR is rare.
type lineEnds struct{ cr bool } // there are CRs

// in returns where the first line of b ends, and where the next one begins. The
// last line of all may have no end.
func (l lineEnds) in(b []byte) (end, next int) {
	if l.cr {
		end = bytes.IndexAny(b, "\r\n")
	} else {
		end = bytes.IndexByte(b, '\n')
	}
	switch {
	case end < 0:
		return len(b), len(b)
	case bytes.HasPrefix(b[end:], []byte("\r\n")):
		return end, end + 2
	}
	return end, end + 1
}

// scanner is the state of a Scan. The event that is being read has its fields
// in it until it is dispatched.
type scanner struct {
	Content
	offset  int // of the line that is being read
	events  int // dispatched, with data
	hasData bool
	hasID   bool
	id      []byte
}

func (s *scanner) line(line []byte) {
	if len(line) == 0 {
		return
	}
	s.Effect = s.Effect.then(byteEffect(line[0])) // the rest of the line changes nothing
	name, value := field(line)
	switch string(name) {
	case "data":
		s.hasData = true
	case "id":
		if bytes.IndexByte(value, 0) < 0 {
			s.hasID, s.id = true, value
		}
	}
}

// dispatch ends the event at a blank line.
func (s *scanner) dispatch() {
	if s.hasData {
		s.events++
		s.lastEnd, s.LastHasID = s.offset, s.hasID
	}
	s.flush()
}

// flush notes the id of the event that is being read.
func (s *scanner) flush() {
	if s.hasID && len(s.id) > 0 {
		s.IDs = append(s.IDs, string(s.id))
	}
	s.hasData, s.hasID, s.id = false, false, nil
}

// field splits a line into name and value; a comment has an empty name.
func field(line []byte) (name, value []byte) {
	name, value, _ = bytes.Cut(line, []byte(":"))
	return name, bytes.TrimPrefix(value, []byte(" "))
}

// IDLen is how many bytes AppendWithID adds for an id of n bytes.
func IDLen(n int) int { return len("id: \n") + n }

// AppendWithID appends the content that was scanned, with id as the id of its
// last event with data, whose last line it becomes for the reason that AppendEvent
// gives. The content must be whole.
func (c Content) AppendWithID(dst, content []byte, id string) []byte {
	dst = slices.Grow(dst, len(content)+IDLen(len(id)))
	dst = append(dst, content[:c.lastEnd]...)
	dst = appendID(dst, id)
	return append(dst, content[c.lastEnd:]...)
}
