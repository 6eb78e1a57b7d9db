package proxy

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// deadlineRecorder notes the write deadline, and whether there was one at every
// write.
type deadlineRecorder struct {
	*httptest.ResponseRecorder
	deadline time.Time
	unarmed  int
}

func (d *deadlineRecorder) SetWriteDeadline(t time.Time) error {
	d.deadline = t
	return nil
}

func (d *deadlineRecorder) note() {
	if d.deadline.IsZero() {
		d.unarmed++
	}
}

func (d *deadlineRecorder) WriteHeader(code int) {
	d.note()
	d.ResponseRecorder.WriteHeader(code)
}

func (d *deadlineRecorder) Write(p []byte) (int, error) {
	d.note()
	return d.ResponseRecorder.Write(p)
}

func (d *deadlineRecorder) FlushError() error {
	d.note()
	return nil
}

// On HTTP/2 a deadline ends a stream that is only silent.
func TestEveryWriteHasADeadlineAndSilenceOnHTTP2HasNone(t *testing.T) {
	for protocol, major := range map[string]int{"HTTP/1.1": 1, "HTTP/2": 2} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.ProtoMajor = major
		d := &deadlineRecorder{ResponseRecorder: httptest.NewRecorder()}
		w := newResponseWriter(d, r)
		w.timeout = time.Minute
		for step, do := range map[string]func(){
			"interim": func() { w.WriteHeader(http.StatusEarlyHints) },
			"head":    func() { w.WriteHeader(http.StatusOK) },
			"body":    func() { w.Write([]byte("x")) },
			"flush":   func() { w.FlushError() },
		} {
			d.deadline, d.unarmed = time.Time{}, 0
			do()
			if d.unarmed > 0 {
				t.Errorf("%s: %s without a deadline", protocol, step)
			}
			if armed := !d.deadline.IsZero(); armed != (major == 1) {
				t.Errorf("%s: armed after %s: %v", protocol, step, armed)
			}
		}
	}
}

// What ends an answer is written by net/http, when the handler has returned.
func TestAnAnswerThatPausesBeforeItsEndIsWhole(t *testing.T) {
	const timeout = 400 * time.Millisecond
	origin := newOrigin(t, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "all of it")
		http.NewResponseController(w).Flush()
		time.Sleep(2 * timeout)
	})
	f := newFront(t, func(o *Options) {
		to(origin.URL)(o)
		o.Routes[0].WriteTimeout = timeout
	})
	resp, err := client(t).Get(f.url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); string(body) != "all of it" || err != nil {
		t.Errorf("got %q, %v", body, err)
	}
}

// Whoever does not read cannot keep the connection by that.
func TestTheEndOfAnAnswerHasADeadline(t *testing.T) {
	for protocol, major := range map[string]int{"HTTP/1.1": 1, "HTTP/2": 2} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.ProtoMajor = major
		d := &deadlineRecorder{ResponseRecorder: httptest.NewRecorder()}
		w := newResponseWriter(d, r)
		w.timeout = time.Minute
		if w.armEnd(); d.deadline.IsZero() == (major == 1) {
			t.Errorf("%s: deadline %v", protocol, d.deadline)
		}
	}
}
