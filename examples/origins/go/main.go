// Command go is an origin behind Holdfast: it holds /events and publishes what
// is posted to /publish.
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
)

const control = "http://127.0.0.1:5561/publish/"

func main() {
	http.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Grip-Hold", "stream")
		w.Header().Set("Grip-Channel", "news")
		io.WriteString(w, ": welcome\n\n")
	})
	http.HandleFunc("POST /publish", func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 10_000))
		if err == nil {
			err = publish("news", string(text))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:8000", nil))
}

// publish sends text as one event. As JSON it has no line breaks of its own.
func publish(channel, text string) error {
	data, err := json.Marshal(text)
	if err != nil {
		return err
	}
	event := fmt.Sprintf("data: %s\nid: %s\n\n", data, rand.Text())
	body, err := json.Marshal(map[string]any{"items": []any{map[string]any{
		"channel": channel,
		"formats": map[string]any{"http-stream": map[string]any{"content": event}},
	}}})
	if err != nil {
		return err
	}
	resp, err := http.Post(control, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("publish: %s", resp.Status)
	}
	return nil
}
