// Package sse writes and reads event streams (text/event-stream) as the HTML
// Living Standard defines them in section 9.2, "Server-sent events".
//
// Besides encoding ([AppendEvent]) and decoding ([Parser]) it answers two
// questions about bytes that somebody else wrote:
//
//   - Where does a stream stand? Bytes of our own may only be put into a stream
//     at an event boundary. [State] is the place, and [Effect] says how a piece
//     of content moves a stream from any place to the next. An effect is worked
//     out once, when the content is published, and costs a stream one shift.
//   - Which ids can a client have seen in it? [Scan] lists them.
//
// The package is pure and imports nothing of Holdfast.
package sse
