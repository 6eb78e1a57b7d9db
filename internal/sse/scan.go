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

	lastEvent int // where the last event with data begins
}

// Scan reads content, as if it started at an event boundary, once.
func Scan(content []byte) Content {
	s := scanner{Content: Content{Effect: NoEffect}}
	for rest := content; len(rest) > 0; {
		end := bytes.IndexAny(rest, "\r\n")
		line, terminator := rest, []byte(nil)
		if end >= 0 {
			line, terminator = rest[:end], rest[end:end+1]
			if bytes.HasPrefix(rest[end:], []byte("\r\n")) {
				terminator = rest[end : end+2]
			}
		}
		s.line(line)
		for _, b := range terminator {
			s.Effect = s.Effect.then(b)
		}
		s.offset += len(line) + len(terminator)
		rest = rest[len(line)+len(terminator):]
		if terminator != nil && len(line) == 0 {
			s.dispatch()
		}
	}
	s.flush()
	s.Whole = s.events > 0 && s.Effect.From(boundary).AtBoundary()
	return s.Content
}

// scanner is the state of a Scan. The event that is being read has its fields
// in it until it is dispatched.
type scanner struct {
	Content
	offset  int
	events  int // dispatched, with data
	begin   int // of the event that is being read
	hasData bool
	hasID   bool
	id      []byte
}

func (s *scanner) line(line []byte) {
	if len(line) == 0 {
		return
	}
	s.Effect = s.Effect.then(line[0]) // the rest of the line changes nothing
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
		s.lastEvent, s.LastHasID = s.begin, s.hasID
	}
	s.flush()
	s.begin = s.offset
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

// AppendWithID appends the content that was scanned, with id as the id of its
// last event with data. The content must be whole.
func (c Content) AppendWithID(dst, content []byte, id string) []byte {
	dst = slices.Grow(dst, len(content)+len(id)+len("id: \n"))
	dst = append(dst, content[:c.lastEvent]...)
	dst = appendID(dst, id)
	return append(dst, content[c.lastEvent:]...)
}
