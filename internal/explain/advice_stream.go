package explain

import (
	"strings"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/sse"
)

const eventStream = "text/event-stream"

// noEventStream finds a stream that an EventSource does not take.
func noEventStream(e *evidence) []Finding {
	if e.hold == nil || e.hold.Kind != "stream" || e.mediaType() == eventStream || e.hides("Content-Type") {
		return nil
	}
	remedy := "send 'Content-Type: " + eventStream + "'"
	switch {
	case e.eventSource():
		return mistake(remedy, "the stream's Content-Type is %q: an EventSource refuses it", e.client.Header.Get("Content-Type"))
	case e.mediaType() == "":
		return hint(remedy+" if it is one", "the stream has no Content-Type: keep-alives, ids and gaps are for event streams only")
	}
	return nil
}

func eventStreamStatus(e *evidence) []Finding {
	if e.hold == nil || !e.hold.Events || strings.HasPrefix(e.client.Status, "200 ") {
		return nil
	}
	return mistake("answer 200", "the event stream has status %s: an EventSource gives up for good", e.client.Status)
}

// hides reports whether the instruction keeps a header that the origin sends
// from the client.
func (e *evidence) hides(name string) bool {
	in := e.saw.instruction
	return in != nil && in.ExposeHeaders != nil && e.said(name) && e.client.Header.Get(name) == ""
}

func hiddenContentType(e *evidence) []Finding {
	if !e.hides("Content-Type") {
		return nil
	}
	return mistake("name Content-Type in Grip-Expose-Headers as well", "Grip-Expose-Headers keeps Content-Type from the client")
}

// unfinishedEvent finds an initial body after which an event is still open.
func unfinishedEvent(e *evidence) []Finding {
	var start sse.State
	if e.hold == nil || !e.hold.Events || sse.Scan(e.body).Effect.From(start).AtBoundary() {
		return nil
	}
	return mistake("end the initial body with a blank line", "the initial body ends inside an event: what is published next becomes a part of it")
}

// ownStream finds an origin that keeps its stream itself.
func ownStream(e *evidence) []Finding {
	if e.saw.answer == nil || e.saw.instruction != nil || !e.endless && e.mediaType() != eventStream {
		return nil
	}
	if !e.endless {
		return hint("add 'Grip-Hold: stream' and 'Grip-Channel: NAME'", "the answer is an event stream without an instruction: it ends with the origin's body")
	}
	return hint("add 'Grip-Hold: stream' and 'Grip-Channel: NAME', and end the body", "the origin keeps the connection open by itself: it is relayed, not held")
}

// neverHeld finds an instruction whose answer does not end.
func neverHeld(e *evidence) []Finding {
	if !e.endless || e.saw.instruction == nil {
		return nil
	}
	return mistake("end the response: Holdfast keeps the connection, not the origin",
		"the origin gives an instruction and does not end its body: nothing is held before that")
}

// instructedLength finds a length in the head of an instruction in JSON. That
// of an origin's own answer only frames the initial body.
func instructedLength(e *evidence) []Finding {
	length := e.saw.instructed.Get("Content-Length")
	if !e.holds(grip.Stream) || length == "" {
		return nil
	}
	return mistake("leave it out of response.headers", "Content-Length: %s is asked for on a stream, which has no length: it is taken out", length)
}

// coded finds content codings that must be undone.
func coded(e *evidence) []Finding {
	in, coding := e.saw.instruction, e.origin("Content-Encoding")
	if in == nil || coding == "" || strings.EqualFold(coding, "identity") {
		return nil
	}
	return hint("do not compress answers with an instruction", "the answer is compressed (%s): it must be collected and decoded before it is followed", coding)
}

func cached(e *evidence) []Finding {
	if e.hold == nil || !e.said("Cache-Control") {
		return nil
	}
	control := strings.ToLower(e.origin("Cache-Control"))
	if strings.Contains(control, "no-store") || strings.Contains(control, "no-cache") || strings.Contains(control, "private") ||
		!strings.Contains(control, "max-age") && !strings.Contains(control, "public") {
		return nil
	}
	return mistake("send 'Cache-Control: no-store', or none: event streams get it then", "Cache-Control: %s lets caches keep what is held", control)
}

// buffered finds headers that make proxies collect a stream.
func buffered(e *evidence) []Finding {
	if e.hold == nil || e.hold.Kind != "stream" {
		return nil
	}
	var found []Finding
	if strings.EqualFold(e.origin("X-Accel-Buffering"), "yes") {
		found = append(found, mistake("leave it out: event streams get 'no'", "X-Accel-Buffering: yes makes nginx collect the stream")...)
	}
	if control := strings.ToLower(e.origin("Cache-Control")); e.hold.Events && control != "" && !strings.Contains(control, "no-transform") {
		found = append(found, hint("add no-transform, or leave Cache-Control out", "Cache-Control: %s lets proxies compress the stream, and collect it for that", control)...)
	}
	return found
}
