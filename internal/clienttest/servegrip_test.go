package clienttest

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-proxy/holdfast/internal/servetest"
)

// gripOrigin is an origin made with a library, behind a node that signs with a key.
type gripOrigin struct {
	t     *testing.T
	proxy *servetest.Process
	URL   string
}

// startGripOrigin starts both. The program of the origin takes over a listener of
// ours, since each of the two has to know where the other is.
func startGripOrigin(t *testing.T, holdfast servetest.Program, program *exec.Cmd) *gripOrigin {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	socket, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	o := &gripOrigin{t: t, URL: "http://" + l.Addr().String()}
	o.proxy = holdfast.Start(t, o.URL, "grip: {sig_key: key}\nroutes: [{path_prefix: /ws, origins: ['"+o.URL+"'], over_http: true}]\n"+
		"channels: {park: {wait: 500ms}, overrides: [{prefix: narrow, replay: {messages: 10}, send_window: {messages: 10}}]}")
	program.ExtraFiles = []*os.File{socket}
	program.Env = append(os.Environ(), "GRIP_URL="+o.proxy.ControlURL+"/?verify-iss=pushpin&verify-key=key")
	var line struct{ Serving bool }
	if start(t, program).next(&line); !line.Serving {
		t.Fatal("the origin does not serve")
	}
	return o
}

// item is what the origin publishes: text, id and prev-id.
type item [3]string

// publish has the origin publish items all at once.
func (o *gripOrigin) publish(channel string, items ...item) {
	o.t.Helper()
	if err := o.tryPublish(channel, items...); err != nil {
		o.t.Fatal(err)
	}
}

// tryPublish is publish for other goroutines than the test's.
func (o *gripOrigin) tryPublish(channel string, items ...item) error {
	body, err := json.Marshal(items)
	if err != nil {
		return err
	}
	return try(http.MethodPost, o.proxy.URL+"/publish?channel="+channel, string(body))
}

// request asks for a path of the node.
func (o *gripOrigin) request(t *testing.T, path string, header http.Header) *http.Response {
	t.Helper()
	return ask(t, o.proxy.URL+path, header)
}

// serveGrip: an origin made with serve-grip does with Holdfast what it does with
// Pushpin.
func serveGrip(t *testing.T, holdfast servetest.Program) {
	o := startGripOrigin(t, holdfast, exec.Command("node", "origin.mjs"))
	o.each(t, map[string]func(*testing.T, *gripOrigin){
		"knows its proxy by the signature":               knowsItsProxy,
		"refuses what has not come through the proxy":    refusesOthers,
		"holds a stream and publishes to it in order":    holdsAStream,
		"goes on with a stream after an id":              goesOnAfterAnID,
		"tells by its next link what was lost":           tellsWhatWasLost,
		"helps a slow client by its next link, in pages": helpsASlowClient,
		"answers a long poll by publishing":              answersALongPoll,
		"lets a long poll end with its own 304 response": endsALongPoll,
		"talks with WebSockets over HTTP":                talksWithWebSockets,
		"closes WebSockets over HTTP":                    closesWebSockets,
	})
	o.knowsStrangers(t, holdfast)
}

// each runs tests at the same time.
func (o *gripOrigin) each(t *testing.T, tests map[string]func(*testing.T, *gripOrigin)) {
	t.Run("an origin", func(t *testing.T) {
		for name, run := range tests {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				run(t, &gripOrigin{t, o.proxy, o.URL})
			})
		}
	})
}

func (o *gripOrigin) knowsStrangers(t *testing.T, holdfast servetest.Program) {
	stranger := holdfast.Start(t, o.URL, "grip: {sig_key: another key}")
	if got := signature(t, stranger.URL); got["verdict"] {
		t.Errorf("a signature with another key: %v", got)
	}
}

func knowsItsProxy(t *testing.T, o *gripOrigin) {
	want := map[string]bool{"isProxied": true, "isSigned": true, "verdict": true}
	if diff := cmp.Diff(want, signature(t, o.proxy.URL)); diff != "" {
		t.Error(diff)
	}
}

// signature returns what the origin thinks of a request by way of a node.
func signature(t *testing.T, node string) map[string]bool {
	t.Helper()
	var verdict map[string]bool
	if err := json.NewDecoder(ask(t, node+"/signature", nil).Body).Decode(&verdict); err != nil {
		t.Fatal(err)
	}
	return verdict
}

func refusesOthers(t *testing.T, o *gripOrigin) {
	if got := ask(t, o.URL+"/signature", nil); got.StatusCode != http.StatusNotImplemented {
		t.Errorf("got %s", got.Status)
	}
}

// holdsAStream publishes two items at once, in the wrong order, that name their
// predecessors.
func holdsAStream(t *testing.T, o *gripOrigin) {
	response := o.request(t, "/stream?channel=s", nil)
	if got := response.Header.Get("Content-Type"); got != "text/event-stream; charset=utf-8" {
		t.Errorf("Content-Type: %s", got)
	}
	stream := bufio.NewReader(response.Body)
	wantBlock(t, stream, ": open")
	o.publish("s", item{"one", "1"})
	o.publish("s", item{"three", "3", "2"}, item{"two", "2", "1"})
	wantBlock(t, stream, "data: one\nid: 1")
	wantBlock(t, stream, "data: two\nid: 2")
	wantBlock(t, stream, "data: three\nid: 3")
	if block := nextBlock(t, stream); block != ":" {
		t.Errorf("got %q, want the keep-alive", block)
	}
	o.publish("s", item{"", "end"})
	if rest, err := io.ReadAll(stream); strings.Trim(string(rest), ":\n") != "" || err != nil {
		t.Errorf("got %q, %v, want the end", rest, err)
	}
}

func goesOnAfterAnID(t *testing.T, o *gripOrigin) {
	o.publish("r", item{"one", "1"})
	o.publish("r", item{"two", "2", "1"})
	stream := bufio.NewReader(o.request(t, "/stream?channel=r&prev=1", nil).Body)
	wantBlock(t, stream, ": open")
	wantBlock(t, stream, "data: two\nid: 2")
}

// answersALongPoll need not know when the poll is held: it names what it has
// seen.
func answersALongPoll(t *testing.T, o *gripOrigin) {
	o.publish("p", item{"one", "1"})
	published := make(chan error, 1)
	go func() { published <- o.tryPublish("p", item{"two", "2", "1"}) }()
	response := o.request(t, "/poll?channel=p&prev=1", nil)
	if err := <-published; err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	got := [...]string{response.Status, response.Header.Get("X-Id"), response.Header.Get("ETag"), string(body)}
	if want := [...]string{"201 Made", "2", `"v1"`, "two"}; got != want || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// endsALongPoll waits for the shortest time that a poll can be held, 5 s.
func endsALongPoll(t *testing.T, o *gripOrigin) {
	response := o.request(t, "/poll?channel=q", http.Header{"If-None-Match": {`"v1"`}})
	if response.StatusCode != http.StatusNotModified || response.Header.Get("ETag") != `"v1"` {
		t.Errorf("got %s %v", response.Status, response.Header)
	}
}

// ask sends a GET, and closes the answer's body when t ends.
func ask(t *testing.T, url string, header http.Header) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		r.Header = header
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

// wantBlock reads the next block of an event stream that is no keep-alive.
func wantBlock(t *testing.T, stream *bufio.Reader, want string) {
	t.Helper()
	got := nextBlock(t, stream)
	for got == ":" {
		got = nextBlock(t, stream)
	}
	if got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
}

// nextBlock reads up to a blank line.
func nextBlock(t *testing.T, stream *bufio.Reader) string {
	t.Helper()
	var block []string
	for {
		line, err := stream.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line == "\n" {
			return strings.Join(block, "\n")
		}
		block = append(block, strings.TrimSuffix(line, "\n"))
	}
}
