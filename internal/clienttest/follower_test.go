package clienttest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
)

// A follower is a published client that follows a stream. next returns the data
// of its next event, and opened whenever it has connected.
type follower interface{ next() string }

const opened = "(open)"

// nodeFollower is a client in Node.js.
type nodeFollower struct{ lines }

// follow starts a client of follow.mjs.
func follow(t *testing.T, client, url string) follower {
	return nodeFollower{start(t, exec.Command("node", "follow.mjs", client, url))}
}

func (f nodeFollower) next() string {
	f.t.Helper()
	var line struct {
		Open bool
		Data string
	}
	if f.lines.next(&line); line.Open {
		return opened
	}
	return line.Data
}

// startOrigin holds streams of the channel in the query, whose clients come back
// at once. Pages of any site may read them.
func startOrigin(t *testing.T) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Allow-Headers", "Last-Event-ID")
		if r.Method == http.MethodOptions {
			return
		}
		h.Set("Content-Type", "text/event-stream")
		h.Set("Grip-Hold", "stream")
		h.Set("Grip-Channel", r.FormValue("channel"))
		fmt.Fprint(w, "retry: 100\n\n")
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// publish publishes an event with a number for its data: an odd one in our
// format, so that its id is a position, an even one as bytes with an id.
func publish(t *testing.T, control, channel string, n int) {
	t.Helper()
	format := fmt.Sprintf(`"sse":{"data":"%d"}`, n)
	if n%2 == 0 {
		format = fmt.Sprintf(`"http-stream":{"content":"data: %d\nid: own-%[1]d\n\n"}`, n)
	}
	send(t, http.MethodPost, control+"/publish/", fmt.Sprintf(`{"items":[{"channel":%q,"formats":{%s}}]}`, channel, format))
}

// send sends a request that must succeed.
func send(t *testing.T, method, url, body string) {
	t.Helper()
	if err := try(method, url, body); err != nil {
		t.Fatal(err)
	}
}

func try(method, url, body string) error {
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Close = true
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return err
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", method, url, response.Status)
	}
	return nil
}
