package proxy

import (
	"io"
	"net/http"
	"testing"
)

// pipeBody returns a body whose Read waits for the pipe, and what counts how
// often it was unblocked.
func pipeBody(t *testing.T) (*requestBody, *io.PipeWriter, *int) {
	t.Helper()
	r, w := io.Pipe()
	unblocked := 0
	b := newRequestBody(&http.Request{Body: r, ContentLength: -1}, nil, func() {
		unblocked++
		r.CloseWithError(io.ErrClosedPipe)
	})
	return b, w, &unblocked
}

func TestAbandonEndsAReadOnlyBeforeTheAnswer(t *testing.T) {
	tests := []struct {
		name   string
		before func(*requestBody, *io.PipeWriter)
		want   int
	}{
		{"a body that is being read", func(b *requestBody, w *io.PipeWriter) { go io.WriteString(w, "x"); b.Read(make([]byte, 1)) }, 1},
		{"a body that nobody has read", func(*requestBody, *io.PipeWriter) {}, 0},
		{"a body at its end", func(b *requestBody, w *io.PipeWriter) { w.Close(); b.Read(make([]byte, 1)) }, 0},
		{"a body that the client broke", func(b *requestBody, w *io.PipeWriter) {
			w.CloseWithError(io.ErrUnexpectedEOF)
			b.Read(make([]byte, 1))
		}, 0},
		{"a body whose request is answered", func(b *requestBody, w *io.PipeWriter) {
			go io.WriteString(w, "x")
			b.Read(make([]byte, 1))
			b.answered()
		}, 0},
		{"a body that is released", func(b *requestBody, w *io.PipeWriter) {
			go io.WriteString(w, "x")
			b.Read(make([]byte, 1))
			b.release()
		}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, w, unblocked := pipeBody(t)
			tt.before(b, w)
			b.abandon()
			if *unblocked != tt.want || b.abandoned() != (tt.want > 0) {
				t.Errorf("unblocked %d times, want %d", *unblocked, tt.want)
			}
		})
	}
}

func TestBodyIsNotReadAfterItsRelease(t *testing.T) {
	b, _, _ := pipeBody(t)
	b.release()
	if n, err := b.Read(make([]byte, 1)); n != 0 || err != errUnwanted {
		t.Errorf("read %d, %v", n, err)
	}
}

func TestNoBodyIsCompleteAndUntouched(t *testing.T) {
	var b *requestBody
	b.release()
	b.answered()
	if !b.complete() || !b.untouched() || b.abandoned() || b.clientError() != nil {
		t.Error("no body is something")
	}
}
