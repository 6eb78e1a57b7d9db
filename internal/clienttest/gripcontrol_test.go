package clienttest

import (
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/holdfast-proxy/holdfast/internal/servetest"
)

// TestGripcontrol is for the library of origins and publishers in Python.
func TestGripcontrol(t *testing.T) {
	python := needPython(t)
	holdfast := servetest.Build(t)
	t.Run("publishes", func(t *testing.T) {
		t.Parallel()
		publishBy(t, holdfast, python, "publish.py")
	})
	t.Run("origin", func(t *testing.T) {
		t.Parallel()
		o := startGripOrigin(t, holdfast, exec.Command(python, "origin.py"))
		o.each(t, map[string]func(*testing.T, *gripOrigin){
			"knows its proxy by the signature":               knowsItsProxy,
			"refuses what has not come through the proxy":    refusesOthers,
			"holds a stream and publishes to it in order":    holdsAStream,
			"goes on with a stream after an id":              goesOnAfterAnID,
			"holds a stream by an instruction in JSON":       holdsAStreamByJSON,
			"answers a long poll by publishing":              answersALongPoll,
			"answers a long poll of an instruction in JSON":  answersALongPollByJSON,
			"lets a long poll end with its own 304 response": endsALongPoll,
			"talks with WebSockets over HTTP":                talksWithWebSockets,
			"closes WebSockets over HTTP":                    closesWebSockets,
		})
		o.knowsStrangers(t, holdfast)
	})
}

// needPython returns the interpreter that has the library, or skips t.
func needPython(t *testing.T) string {
	t.Helper()
	python, err := filepath.Abs(filepath.Join(programs, "venv", "bin", "python"))
	if err != nil {
		t.Fatal(err)
	}
	if exec.Command(python, "-c", "import gripcontrol").Run() != nil {
		t.Skip("skipped: gripcontrol is not installed; `make clients` does it where there is Python 3 with venv")
	}
	return python
}

// holdsAStreamByJSON: the initial body is not text, so the library writes body-bin.
func holdsAStreamByJSON(t *testing.T, o *gripOrigin) {
	response := o.request(t, "/instruct?hold=stream&channel=js", nil)
	if got := response.Status + " " + response.Header.Get("Content-Type"); got != "200 Fine text/plain" {
		t.Errorf("got %s", got)
	}
	o.publish("js", item{"one", "1"}, item{"", "end"})
	want := "\xff: bytes\ndata: one\nid: 1\n\n"
	if got, err := io.ReadAll(response.Body); string(got) != want || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func answersALongPollByJSON(t *testing.T, o *gripOrigin) {
	o.publish("jp", item{"one", "1"}, item{"two", "2", "1"})
	response := o.request(t, "/instruct?hold=response&channel=jp&prev=1", nil)
	body, err := io.ReadAll(response.Body)
	if string(body) != "two" || response.StatusCode != http.StatusCreated || err != nil {
		t.Errorf("got %s %q, %v", response.Status, body, err)
	}
}
