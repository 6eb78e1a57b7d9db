package demo

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"
)

// returnAfter is how long browsers wait before they come back when a stream
// ends. They have a default of a few seconds.
const returnAfter = time.Second

// events answers the hold of a stream. This is all that an origin does for a
// connection that may then live for days: the headers say what Holdfast shall
// do, everything else is sent to the browser as it is.
func (o *origin) events(w http.ResponseWriter, r *http.Request) {
	user, ok := userOf(w, r)
	if !ok {
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Grip-Hold", "stream")
	h.Set("Grip-Channel", publicChannel+", "+userChannel(user))
	h.Set("Grip-Set-Meta", "user="+user) // by this name streams are listed and revoked
	io.WriteString(w, opening(user))
}

// opening is what every stream starts with: a comment, so that the response has
// a body at once, the waiting time, and an event that tells the page when this
// connection began. The event has no id: an id here would move the browser's
// place, and what it missed would be skipped.
func opening(user string) string {
	return ": this stream is held by Holdfast; the origin is done with it\n" +
		"retry: " + millis(returnAfter) + "\n" +
		"event: connected\n" +
		"data: " + jsonText(map[string]any{"user": user, "at": time.Now().UnixMilli()}) + "\n\n"
}

// poll is the same for a client that cannot read streams: the response is held
// back until something is published in the http-response format, or until the
// timeout, when Holdfast sends this answer as it stands.
func (o *origin) poll(w http.ResponseWriter, r *http.Request) {
	user, ok := userOf(w, r)
	if !ok {
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Grip-Hold", "response")
	h.Set("Grip-Channel", publicChannel+", "+userChannel(user))
	h.Set("Grip-Set-Meta", "user="+user)
	h.Set("Grip-Timeout", "25")
	io.WriteString(w, `{"nothing": "happened, ask again"}`+"\n")
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// jsonText encodes v, which must be made of plain maps, strings and numbers.
// JSON has no line breaks of its own, so the result fits one `data:` line.
func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // not a value of the kind above
	}
	return string(b)
}
