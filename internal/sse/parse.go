package sse

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
)

// ErrLineTooLong is returned for a line, or the data of one event, that is
// longer than the parser's limit.
var ErrLineTooLong = errors.New("sse: line or event too long")

// DefaultMaxEvent bounds a line and an event's data, in bytes, where the
// parser's MaxEvent is 0.
const DefaultMaxEvent = 16 << 20

// Parser reads an event stream as a browser does (HTML section 9.2.6). The
// zero value is ready. It is fed from one goroutine.
type Parser struct {
	// MaxEvent bounds the length of a line and of an event's data, in bytes.
	MaxEvent int
	// LastID is the last event id of the stream: what a client sends as
	// Last-Event-ID. It may be set before the first Feed.
	LastID string
	// Retry is the reconnection time that the stream set last, in
	// milliseconds; 0 if it has set none.
	Retry int

	line    []byte // the start of a line whose end has not come
	afterCR bool
	started bool // the place of a byte order mark is past
	id      string
	idSet   bool
	name    string
	data    strings.Builder
	hasData bool
}

// Feed reads more of the stream and calls emit for every event that ends in
// it. It keeps nothing of b. The error is ErrLineTooLong; the parser is of no
// use after it.
func (p *Parser) Feed(b []byte, emit func(Event)) error {
	for len(b) > 0 {
		if p.afterCR {
			p.afterCR = false
			if b[0] == '\n' {
				b = b[1:]
				continue
			}
		}
		end := bytes.IndexAny(b, "\r\n")
		if end < 0 {
			p.line = append(p.line, b...)
			return p.check()
		}
		p.line = append(p.line, b[:end]...)
		p.afterCR = b[end] == '\r'
		b = b[end+1:]
		if err := p.check(); err != nil {
			return err
		}
		p.endLine(emit)
	}
	return nil
}

func (p *Parser) check() error {
	limit := p.MaxEvent
	if limit == 0 {
		limit = DefaultMaxEvent
	}
	if len(p.line) > limit || p.data.Len() > limit {
		return ErrLineTooLong
	}
	return nil
}

func (p *Parser) endLine(emit func(Event)) {
	line := p.line
	p.line = p.line[:0]
	if !p.started {
		p.started = true
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	if len(line) == 0 {
		p.dispatch(emit)
		return
	}
	name, value := field(line)
	switch string(name) {
	case "event":
		p.name = string(value)
	case "data":
		if p.hasData {
			p.data.WriteByte('\n')
		}
		p.hasData = true
		p.data.Write(value)
	case "id":
		if bytes.IndexByte(value, 0) < 0 {
			p.id, p.idSet = string(value), true
		}
	case "retry":
		if ms, err := strconv.ParseUint(string(value), 10, 31); err == nil {
			p.Retry = int(ms)
		}
	}
}

// dispatch ends the event. An id counts even if there is no data.
func (p *Parser) dispatch(emit func(Event)) {
	if p.idSet {
		p.LastID = p.id
	}
	if p.hasData {
		emit(Event{Name: p.name, ID: p.LastID, Data: p.data.String()})
	}
	p.name, p.hasData, p.idSet = "", false, false
	p.data.Reset()
}
