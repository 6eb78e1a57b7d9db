package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// startWithFiles runs serve with a soft and a hard limit on open files.
func (p program) startWithFiles(t *testing.T, soft, hard int, environ []string, args ...string) *process {
	t.Helper()
	limited := fmt.Sprintf(`ulimit -Sn %d && ulimit -Hn %d && exec "$0" "$@"`, soft, hard)
	return startProcess(t, environ, exec.Command("/bin/sh", append([]string{"-c", limited, string(p), "serve"}, args...)...))
}

// TestOpenFiles runs the program with few files that it may open.
func TestOpenFiles(t *testing.T) {
	t.Parallel()
	p := build(t)
	t.Run("the limit is raised as far as it may be, and reported", p.testRaisedLimit)
	t.Run("more streams than fit are warned of", p.testUnfitting)
	t.Run("a node that has none left goes on and recovers", p.testExhaustion)
}

func (p program) testRaisedLimit(t *testing.T) {
	s := p.startWithFiles(t, 256, 4096, nil, append(anywhere, "--origin", unusedURL)...)
	got := s.fields("capacity")
	files, streams := got["open_files"].(float64), got["max_streams"].(float64)
	if files < 4095 || files > 4096 || streams != float64(maxStreams(0, int(files))) {
		t.Errorf("reported %v", got)
	}
	if warning := s.fields("few files may be open, and each stream is one"); warning["remedy"] != moreFiles {
		t.Errorf("warned of few files: %v", warning)
	}
}

func (p program) testUnfitting(t *testing.T) {
	s := p.startWithFiles(t, 1024, 1024, []string{"HOLDFAST_MAX_STREAMS=5000"}, append(anywhere, "--origin", unusedURL)...)
	warning := s.fields("max_streams is more than open files allow, unless streams share connections")
	if warning["fitting"] != 896.0 || !strings.Contains(fmt.Sprint(warning["remedy"]), "LimitNOFILE") {
		t.Errorf("warned: %v", warning)
	}
}

// caller is a client's connection that is kept for several requests.
type caller struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func call(t *testing.T, address string) *caller {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &caller{t, c, bufio.NewReader(c)}
}

// ask sends a request and returns the answer.
func (w *caller) ask(method, path, accept, body string) (*http.Response, string) {
	w.t.Helper()
	fmt.Fprintf(w, "%s %s HTTP/1.1\r\nHost: localhost\r\nAccept: %s\r\nContent-Length: %d\r\n\r\n%s", method, path, accept, len(body), body)
	response, err := http.ReadResponse(w.r, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response, string(text)
}

// testExhaustion takes all descriptors away by connections that ask for
// nothing. What has been accepted before goes on.
func (p program) testExhaustion(t *testing.T) {
	const files, streams = 128, 20
	origin := holding()
	origin.HandleFunc("/page", func(http.ResponseWriter, *http.Request) {})
	environ := []string{"HOLDFAST_SERVER_HEADER_TIMEOUT=1h"} // of those that ask for nothing
	s := p.startWithFiles(t, files, files, environ, append(anywhere, "--origin", startOrigin(t, closing(origin)))...)
	control, client := call(t, strings.TrimPrefix(s.controlURL, "http://")), call(t, s.address)
	if response, _ := client.ask(http.MethodGet, "/page", "*/*", ""); response.StatusCode != http.StatusOK {
		t.Fatalf("got %s", response.Status)
	}
	var held []*subscriber
	for range streams {
		held = append(held, follow(t, newClient(t), s.URL+"/stream?channel=a", ""))
	}
	var idle []net.Conn
	for range files {
		idle = append(idle, call(t, s.address))
	}
	var errors float64
	eventually(t, "no descriptor is left", func() bool {
		_, text := control.ask(http.MethodGet, "/metrics", "*/*", "")
		errors = sample(text, `holdfast_accept_errors_total{reason="descriptors"}`)
		return errors > 0
	})
	if response, answer := control.ask(http.MethodPost, "/publish/", "*/*", `{"items":[`+message("a", "", "while")+`]}`); response.StatusCode != http.StatusOK {
		t.Fatalf("publish: %s %s", response.Status, answer)
	}
	for _, stream := range held {
		stream.wantData("while")
	}
	// A descriptor that comes free may be had by the origin's connection before
	// the next client takes it.
	eventually(t, "an EventSource is told to come back", func() bool {
		response, body := client.ask(http.MethodGet, "/page", "text/event-stream", "")
		return response.StatusCode == http.StatusOK && strings.HasPrefix(body, "retry: ")
	})
	eventually(t, "a page is told that the origin cannot be reached", func() bool {
		response, _ := client.ask(http.MethodGet, "/page", "*/*", "")
		return response.StatusCode == http.StatusBadGateway
	})
	for _, c := range idle {
		c.Close()
	}
	again := follow(t, newClient(t), s.URL+"/stream?channel=a", "")
	if response, _ := control.ask(http.MethodPost, "/publish/", "*/*", `{"items":[`+message("a", "", "after")+`]}`); response.StatusCode != http.StatusOK {
		t.Fatalf("publish: %s", response.Status)
	}
	for _, stream := range append(held, again) {
		stream.wantData("after")
	}
	_, text := control.ask(http.MethodGet, "/metrics", "*/*", "")
	if n := sample(text, `holdfast_accept_errors_total{reason="descriptors"}`); n > 1000 {
		t.Errorf("%v tries to accept: a busy loop", n)
	}
	waiting := s.fields("new connections have to wait")
	if waiting["reason"] != "descriptors" || !strings.Contains(fmt.Sprint(waiting["remedy"]), "LimitNOFILE") {
		t.Errorf("logged %v", waiting)
	}
	if n := sample(text, `holdfast_request_failures_total{reason="origin_unreachable",route="/"}`); n < 2 {
		t.Errorf("%v failures to reach the origin are counted", n)
	}
}

// closing makes an origin close every connection after its answer, so that the
// next request needs another.
func closing(origin http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		origin.ServeHTTP(w, r)
	})
}

// sample returns the value of one line of metrics.
func sample(metrics, name string) float64 {
	for line := range strings.Lines(metrics) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			number, _ := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return number
		}
	}
	return 0
}
