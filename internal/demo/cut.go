package demo

import (
	"net/http"
	"time"
)

// offlineFor is how long a page stays away after it was cut.
const offlineFor = 5 * time.Second

// cut ends the user's streams in such a way that the browser stays away for
// offlineFor and then returns by itself. It publishes two items in one batch:
// an event that sets the waiting time, and the action that ends the stream.
//
// The event has an id and data although its `retry:` line would do. With them
// it becomes the browser's place, so that it is not sent again on return.
func (o *origin) cut(w http.ResponseWriter, r *http.Request) {
	user, ok := userOf(w, r)
	if !ok {
		return
	}
	id, channel := o.nextID(), userChannel(user)
	data := map[string]any{
		"text":       "This stream ends. Come back in " + offlineFor.String() + ".",
		"offline_ms": offlineFor.Milliseconds(),
	}
	farewell := "id: " + id + "\nevent: cut\nretry: " + millis(offlineFor) + "\ndata: " + jsonText(data) + "\n\n"
	o.send(w, r,
		item{Channel: channel, ID: id, Formats: formats{Stream: &streamFormat{Content: farewell}}},
		item{Channel: channel, Formats: formats{Stream: &streamFormat{Action: "close"}}},
	)
}
