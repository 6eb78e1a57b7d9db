package control

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
)

const (
	// drainBytes is how much of a body over the limit is read and thrown away.
	drainBytes = 32 << 20
	// firstRead is how much room a body is given before any of it has come:
	// the length that a client names is a claim.
	firstRead = 64 << 10
)

// readBody reads r's body to its end. A body over the limit is read on before
// it is refused, since many clients look for the answer only when they have
// sent everything, and find a reset when the connection was closed before. Only
// past drainBytes, or when the client waits to be asked for the body, is it
// answered at once.
func (h *Handler) readBody(r *http.Request) ([]byte, error) {
	if err := checkCoding(r.Header); err != nil {
		return nil, err
	}
	if r.ContentLength > h.opts.MaxBody {
		return nil, h.tooLarge(r)
	}
	body, err := readUpTo(r, h.opts.MaxBody+1)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, err
	case err != nil:
		return nil, closing(refusef(http.StatusBadRequest, "The request body is broken: %v.", err))
	case int64(len(body)) > h.opts.MaxBody:
		return nil, h.tooLarge(r)
	}
	return body, nil
}

// readUpTo reads r's body, but at most limit bytes of it. A short one with a
// length, as nearly all are, gets exactly the room it needs.
func readUpTo(r *http.Request, limit int64) ([]byte, error) {
	if n := r.ContentLength; n > 0 && n <= firstRead {
		body := make([]byte, n)
		_, err := io.ReadFull(r.Body, body)
		return body, err
	}
	var b bytes.Buffer
	b.Grow(int(min(max(r.ContentLength, 0), firstRead)) + bytes.MinRead)
	_, err := b.ReadFrom(io.LimitReader(r.Body, limit))
	return b.Bytes(), err
}

// tooLarge refuses r's body after reading on.
func (h *Handler) tooLarge(r *http.Request) error {
	refused := refusef(http.StatusRequestEntityTooLarge,
		"Request body too large: the limit is %d bytes.", h.opts.MaxBody)
	if r.ContentLength > h.opts.MaxBody+drainBytes || r.Header.Get("Expect") != "" {
		return closing(refused)
	}
	// The reader finds the end only when it looks beyond the bound.
	if _, err := io.CopyN(io.Discard, r.Body, drainBytes); !errors.Is(err, io.EOF) {
		return closing(refused)
	}
	return refused
}

// closing has the connection closed after the refusal: what is left in it
// cannot be told from a next request.
func closing(refused *refusal) *refusal {
	return refused.with("Connection", "close")
}

// checkCoding refuses bodies in a content coding. None is supported, and an
// item that is stored compressed would reach readers as garbage.
func checkCoding(header http.Header) error {
	for _, field := range header.Values("Content-Encoding") {
		for coding := range strings.SplitSeq(field, ",") {
			coding = strings.TrimSpace(coding)
			if coding == "" || strings.EqualFold(coding, "identity") {
				continue
			}
			return refusef(http.StatusUnsupportedMediaType,
				"Content-Encoding %q is not supported: send the body as it is.", coding).
				with("Accept-Encoding", "identity") // RFC 9110 §15.5.16
		}
	}
	return nil
}
