package demo

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// maxText bounds what one event of the demo can carry.
const maxText = 2000

// publish takes `to` (public or a user's name) and `text` as a form and sends
// the text to that channel. Any process could do so in its place: publishing
// needs the control endpoint and a channel's name, and nothing else.
func (o *origin) publish(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 3*maxText+1000) // a percent-encoded byte takes three
	to, text := r.FormValue("to"), r.FormValue("text")
	if !userName.MatchString(to) || text == "" || len(text) > maxText {
		http.Error(w, fmt.Sprintf("needs to=public|alice|bob and a text of 1 to %d bytes", maxText), http.StatusBadRequest)
		return
	}
	channel := publicChannel
	if to != publicChannel {
		channel = userChannel(to)
	}
	id := o.nextID()
	o.send(w, r, note(channel, id, to, text))
}

// note is one item in two formats: streams get the event, long polls the JSON.
// The id of the item lets Holdfast drop a second copy of it; the id line of
// the event is what the browser remembers.
func note(channel, id, to, text string) item {
	data := jsonText(map[string]any{"to": to, "text": text, "at": time.Now().UnixMilli()})
	return item{
		Channel: channel,
		ID:      id,
		Formats: formats{
			Stream:   &streamFormat{Content: "data: " + data + "\nid: " + id + "\n\n"},
			Response: &responseFormat{Body: data + "\n"},
		},
	}
}

// send publishes items as one batch and answers r: 204, or 502 with the reason.
func (o *origin) send(w http.ResponseWriter, r *http.Request, items ...item) {
	if err := o.publisher.publish(r.Context(), items...); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// nextID returns an event id that no other event of this origin has, in any
// channel and in any run: a browser hands back a single id for all channels.
func (o *origin) nextID() string {
	return "demo." + o.boot + "." + strconv.FormatUint(o.last.Add(1), 10)
}
