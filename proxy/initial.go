package proxy

import (
	"errors"
	"io"
	"net/http"

	"github.com/holdfast-proxy/holdfast/internal/sse"
)

// initialBody is the body of an instructed response: what the client gets
// before anything published.
type initialBody struct {
	x     *exchange
	bytes []byte
	whole bool // bytes are all of it; otherwise it is still to be read
}

// decode reads the whole body and undoes its content codings. Then it is done
// with the origin, even if something follows what was decoded: what is held now
// may take long.
func (b *initialBody) decode() *failure {
	var f *failure
	b.bytes, f = decodeBody(b.x.held, maxInstruction)
	b.x.held.Body.Close()
	b.whole = true
	return f
}

// readAll makes the body whole.
func (b *initialBody) readAll() ([]byte, *failure) {
	if !b.whole {
		if f := b.decode(); f != nil {
			return nil, f
		}
	}
	return b.bytes, nil
}

// copyTo passes the body on as it arrives. The last piece is not flushed, nor
// is a head that the first piece of the body is about to follow. An error of
// the client's or the origin's side is returned as it is.
func (b *initialBody) copyTo(w io.Writer, flush func() error) error {
	if b.whole {
		_, err := w.Write(b.bytes)
		return err
	}
	resp := b.x.held
	if resp.ContentLength < 0 {
		if err := flush(); err != nil {
			return err
		}
	}
	left := resp.ContentLength
	piece := b.x.route.pieces.Get()
	defer b.x.route.pieces.Put(piece)
	for {
		n, err := resp.Body.Read(piece)
		left -= int64(n)
		if n > 0 {
			if _, err := w.Write(piece[:n]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case n > 0 && left != 0:
			if err := flush(); err != nil {
				return err
			}
		}
	}
}

// streamReader notes where an event stream stands and which id a client has
// seen last in it. The zero value is the start of a stream.
type streamReader struct {
	state  sse.State
	parser sse.Parser
	lost   bool // the parser gave up: the last id is not known
}

// Write takes what the client gets. It never fails.
func (s *streamReader) Write(p []byte) (int, error) {
	s.state = sse.Scan(p).Effect.From(s.state)
	if !s.lost {
		s.lost = s.parser.Feed(p, func(sse.Event) {}) != nil
	}
	return len(p), nil
}

// answer relays an instructed response that is not to be held.
func (h *Handler) answer(x *exchange, r *http.Request, d head, body *initialBody) *failure {
	x.outcome = relayed
	d.write(x, r)
	if d.bodyless() {
		return nil
	}
	if err := body.copyTo(x.w, x.w.FlushError); err != nil {
		x.abort()
	}
	return nil
}

// abort cuts the client's connection: the body cannot be completed and must
// not look as if it were.
func (x *exchange) abort() {
	x.outcome = cut
	panic(http.ErrAbortHandler)
}
