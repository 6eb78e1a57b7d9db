package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"net/http"
)

// publish sends the form's text to everybody, or with own=1 to the user's own
// channel.
func (a *api) publish(w http.ResponseWriter, r *http.Request) {
	user, channel := a.user(r), "news"
	if user == "" {
		http.Error(w, "no session: load the page again", http.StatusUnauthorized)
		return
	}
	if r.FormValue("own") != "" {
		channel = "user-" + user
	}
	text, err := json.Marshal(r.FormValue("text")) // has no line breaks
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	event := "data: " + string(text) + "\nid: " + rand.Text() + "\n\n"
	body, err := json.Marshal(map[string]any{"items": []any{map[string]any{
		"channel": channel,
		"formats": map[string]any{"http-stream": map[string]any{"content": event}},
	}}})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	resp, err := http.Post(a.control+"/publish/", "application/json", bytes.NewReader(body))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		http.Error(w, "publishing was refused: "+resp.Status, http.StatusBadGateway)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
