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

// next is the state after one more byte.
func (s State) next(b byte) State {
	switch b {
	case '\n':
		return [numStates]State{boundary, boundary, boundary, lineStart, lineStart, boundary}[s]
	case '\r':
		return [numStates]State{boundaryCR, boundaryCR, boundaryCR, boundaryCR, lineStartCR, boundaryCR}[s]
	case ':':
		return [numStates]State{midComment, midComment, midLine, midLine, midLine, midComment}[s]
	}
	return [numStates]State{midLine, midLine, midLine, midLine, midLine, midComment}[s]
}

// Effect says to which state some content takes a stream from each state: three
// bits per state. The zero value is not an effect; content without bytes has
// NoEffect.
type Effect uint32

// NoEffect leaves every state as it is.
const NoEffect = Effect(boundary) | Effect(boundaryCR)<<3 | Effect(lineStart)<<6 |
	Effect(lineStartCR)<<9 | Effect(midLine)<<12 | Effect(midComment)<<15

// then adds the effect of one more byte.
func (e Effect) then(b byte) Effect {
	var out Effect
	for s := range numStates {
		out |= Effect(e.From(s).next(b)) << (3 * s)
	}
	return out
}

// From returns the state after the content, if s was the state before it.
func (e Effect) From(s State) State { return State(e >> (3 * s) & 7) }
