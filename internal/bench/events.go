package bench

import "bytes"

// events finds the events of a stream, as the EventSource standard separates
// them, in pieces of any length. It keeps the start of the first data line and
// of the name, and skips the rest. The zero value is at the start of a stream.
type events struct {
	line    [stampMax + 8]byte
	lineLen int  // of line, at most all of it
	afterCR bool // a LF now belongs to the line end before it

	data    [stampMax]byte
	dataLen int
	hasData bool
	name    [16]byte
	nameLen int
	id      [64]byte // the last one, as a client would send it back
	idLen   int
}

// feed calls emit for each event that ends in p. What emit is given is valid
// until it returns.
func (e *events) feed(p []byte, emit func(name, data []byte)) {
	for len(p) > 0 {
		if e.afterCR {
			e.afterCR = false
			if p[0] == '\n' {
				p = p[1:]
				continue
			}
		}
		i := lineEnd(p)
		if i < 0 {
			e.keep(p)
			return
		}
		e.keep(p[:i])
		e.afterCR = p[i] == '\r'
		p = p[i+1:]
		e.endLine(emit)
	}
}

// lineEnd returns where the first line of p ends, or -1.
func lineEnd(p []byte) int {
	lf := bytes.IndexByte(p, '\n')
	if lf >= 0 {
		p = p[:lf]
	}
	if cr := bytes.IndexByte(p, '\r'); cr >= 0 {
		return cr
	}
	return lf
}

func (e *events) keep(p []byte) {
	e.lineLen += copy(e.line[e.lineLen:], p)
}

// endLine takes the line that has just ended; an empty one ends the event.
func (e *events) endLine(emit func(name, data []byte)) {
	line := e.line[:e.lineLen]
	e.lineLen = 0
	if len(line) == 0 {
		if e.hasData {
			emit(e.name[:e.nameLen], e.data[:e.dataLen])
		}
		e.hasData, e.dataLen, e.nameLen = false, 0, 0
		return
	}
	field, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch {
	case string(field) == "data" && !e.hasData:
		e.hasData = true
		e.dataLen = copy(e.data[:], value)
	case string(field) == "event":
		e.nameLen = copy(e.name[:], value)
	case string(field) == "id":
		e.idLen = copy(e.id[:], value)
	}
}

// lastID is what a client would send back as Last-Event-ID, cut to 64 bytes.
func (e *events) lastID() string { return string(e.id[:e.idLen]) }
