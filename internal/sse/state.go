package sse

// State is where a stream stands after some bytes. The zero value is an event
// boundary, where every stream starts.
type State uint8

// The states. Those after a CR differ because an LF that follows belongs to
// the same line end.
const (
	boundary   State = iota // at the start of a line, nothing pending
	boundaryCR              // the same, after a CR
	lineStart               // at the start of a line, inside an event
	lineStartCR
	midLine    // inside a line of an event
	midComment // inside a comment line, nothing pending
	numStates
)

// AtBoundary reports whether bytes of another event may be put here.
func (s State) AtBoundary() bool { return s <= boundaryCR }

// Effect says to which state some content takes a stream from each state: three
// bits per state. The zero value is not an effect; content without bytes has
// NoEffect.
type Effect uint32

// NoEffect leaves every state as it is.
const NoEffect = Effect(boundary) | Effect(boundaryCR)<<3 | Effect(lineStart)<<6 |
	Effect(lineStartCR)<<9 | Effect(midLine)<<12 | Effect(midComment)<<15

// The effects of single bytes, which make up all others.
const (
	effectLF = Effect(boundary) | Effect(boundary)<<3 | Effect(boundary)<<6 |
		Effect(lineStart)<<9 | Effect(lineStart)<<12 | Effect(boundary)<<15
	effectCR = Effect(boundaryCR) | Effect(boundaryCR)<<3 | Effect(boundaryCR)<<6 |
		Effect(boundaryCR)<<9 | Effect(lineStartCR)<<12 | Effect(boundaryCR)<<15
	effectColon = Effect(midComment) | Effect(midComment)<<3 | Effect(midLine)<<6 |
		Effect(midLine)<<9 | Effect(midLine)<<12 | Effect(midComment)<<15
	effectOther = Effect(midLine) | Effect(midLine)<<3 | Effect(midLine)<<6 |
		Effect(midLine)<<9 | Effect(midLine)<<12 | Effect(midComment)<<15
)

// byteEffect is the effect of one byte.
func byteEffect(b byte) Effect {
	switch b {
	case '\n':
		return effectLF
	case '\r':
		return effectCR
	case ':':
		return effectColon
	}
	return effectOther
}

// then adds the effect of what comes after.
func (e Effect) then(next Effect) Effect {
	var out Effect
	for s := range numStates {
		out |= Effect(next.From(e.From(s))) << (3 * s)
	}
	return out
}

// From returns the state after the content, if s was the state before it.
func (e Effect) From(s State) State { return State(e >> (3 * s) & 7) }
