package main

import (
	"encoding/json"
	"net/http"
	"testing"
)

// TestRedirectedSetUp is a browser's way through an API that stands elsewhere:
// the API answers 307 to Holdfast with a token, Holdfast asks the API's set-up
// endpoint with the same query, and that names the channel. What the set-up
// endpoint says about cross-origin access is on the held stream.
func TestRedirectedSetUp(t *testing.T) {
	setUp := http.NewServeMux()
	setUp.HandleFunc("OPTIONS /setup", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Set("Access-Control-Allow-Headers", "Last-Event-ID")
		w.WriteHeader(http.StatusNoContent)
	})
	setUp.HandleFunc("GET /setup", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/grip-instruct")
		w.Header().Set("Access-Control-Allow-Origin", "http://not-this-one")
		json.NewEncoder(w).Encode(instruction(r.FormValue("token"), r.Header.Get("Origin")))
	})
	s := startServer(t, "origin: "+startOrigin(t, setUp))
	api := startOrigin(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, s.URL+"/setup?token=t-7%2F1", http.StatusTemporaryRedirect)
	}))
	client := newClient(t)
	client.Transport = withOrigin{client.Transport}

	stream := subscribe(t, client, api+"/live", "")
	if b := stream.next(); b.data != "hello" {
		t.Fatalf("got %+v", b)
	}
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin": "https://page.example", "Access-Control-Allow-Credentials": "true",
		"Content-Type": "text/event-stream",
	} {
		if got := stream.response.Header[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	s.publish(message("user-of-t-7/1", "", "one"))
	stream.wantData("one")
	stream.leave()

	s.publish(message("user-of-t-7/1", "", "two"))
	again := subscribe(t, client, api+"/live", stream.lastID)
	again.wantData("hello", "two")
}

// TestPreflightGoesToTheOrigin: Holdfast has no opinion of its own.
func TestPreflightGoesToTheOrigin(t *testing.T) {
	asked := make(chan [2]string, 1)
	s := startServer(t, "origin: "+startOrigin(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- [2]string{r.Method, r.Header.Get("Access-Control-Request-Headers")}
		w.Header().Set("Access-Control-Allow-Headers", "Last-Event-ID")
		w.WriteHeader(http.StatusNoContent)
	})))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, s.URL+"/setup", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Access-Control-Request-Headers", "last-event-id")
	response, err := newClient(t).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusNoContent || response.Header.Get("Access-Control-Allow-Headers") != "Last-Event-ID" {
		t.Errorf("got %s, %v", response.Status, response.Header)
	}
	if got := <-asked; got != [2]string{http.MethodOptions, "last-event-id"} {
		t.Errorf("the origin was asked %q", got)
	}
}

// instruction is the set-up endpoint's answer for a token.
func instruction(token, page string) any {
	type object = map[string]any
	return object{
		"hold": object{"mode": "stream", "channels": []object{{"name": "user-of-" + token}}},
		"response": object{
			"headers": object{
				"Content-Type":                     "text/event-stream",
				"Access-Control-Allow-Origin":      page,
				"Access-Control-Allow-Credentials": "true",
			},
			"body": "data: hello\n\n",
		},
	}
}

// withOrigin makes requests those of a page.
type withOrigin struct{ http.RoundTripper }

func (w withOrigin) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Origin", "https://page.example")
	return w.RoundTripper.RoundTrip(r)
}
