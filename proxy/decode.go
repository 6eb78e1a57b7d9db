package proxy

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

const (
	// maxCodings bounds a chain of content codings.
	maxCodings = 4
	// maxZstdWindow bounds a decoder's memory (RFC 9659 §3), in bytes.
	maxZstdWindow = 8 << 20
)

// decodeBody reads the whole body of an instructed answer and undoes its
// content codings, those that RFC 9110 §8.4.1, RFC 7932 and RFC 8878 define
// and any chain of them. It removes Content-Encoding and Content-Length from
// the header. It blocks until the origin has ended the body or the request's
// context ends, and leaves closing the body to the caller.
//
// No layer may hold more than limit bytes; BodyTooLarge otherwise. An unknown
// coding or broken content is BadEncoding, an early end OriginCut.
func decodeBody(resp *http.Response, limit int64) ([]byte, *failure) {
	codings := contentCodings(resp.Header)
	resp.Header.Del("Content-Encoding")
	resp.Header.Del("Content-Length")
	source := &sourceReader{r: resp.Body}
	layers := &layers{limit: limit}
	body, err := layers.decode(source, codings)
	switch {
	case layers.exceeded:
		return nil, &failure{BodyTooLarge, fmt.Errorf("more than %d bytes", limit)}
	case err == nil:
		return body, nil
	case source.err != nil:
		return nil, &failure{cutReason(resp), source.err}
	default:
		return nil, &failure{BadEncoding, err}
	}
}

// cutReason tells who ended a body early.
func cutReason(resp *http.Response) Reason {
	if resp.Request != nil && resp.Request.Context().Err() != nil {
		return ClientGone
	}
	return OriginCut
}

// contentCodings lists the codings of a header in the order in which they
// were applied.
func contentCodings(h http.Header) []string {
	var codings []string
	for _, line := range h["Content-Encoding"] {
		for coding := range strings.SplitSeq(line, ",") {
			coding = strings.ToLower(strings.TrimSpace(coding))
			if coding != "" && coding != "identity" {
				codings = append(codings, coding)
			}
		}
	}
	return codings
}

// layers are the readers of one body: what arrived, and what each decoder
// makes of it.
type layers struct {
	limit    int64 // of each
	exceeded bool  // by one of them; decoders report errors of their own
}

// decode undoes codings, the last one first, and reads everything.
func (l *layers) decode(r io.Reader, codings []string) ([]byte, error) {
	if len(codings) > maxCodings {
		return nil, fmt.Errorf("%d content codings", len(codings))
	}
	buffered := bufio.NewReader(l.bound(r))
	if _, err := buffered.Peek(1); err == io.EOF {
		return nil, nil // no content, as after HEAD: nothing was encoded
	}
	r = buffered
	for i := len(codings) - 1; i >= 0; i-- {
		decoder, err := newDecoder(codings[i], r)
		if err != nil {
			return nil, fmt.Errorf("content coding %q: %w", codings[i], err)
		}
		defer decoder.Close()
		r = l.bound(decoder)
	}
	return io.ReadAll(r)
}

var errUnknownCoding = errors.New("unknown")

// newDecoder returns a reader that undoes one coding. It may read from r at
// once.
func newDecoder(coding string, r io.Reader) (io.ReadCloser, error) {
	switch coding {
	case "gzip", "x-gzip":
		return gzip.NewReader(r)
	case "deflate":
		return newInflater(r)
	case "br":
		return io.NopCloser(brotli.NewReader(r)), nil
	case "zstd":
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return nil, errUnknownCoding
}

// newInflater reads "deflate", which is the zlib format (RFC 9110 §8.4.1.2),
// and the bare one that some servers send in its name.
func newInflater(r io.Reader) (io.ReadCloser, error) {
	buffered := bufio.NewReader(r)
	head, err := buffered.Peek(2)
	if err == nil && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return zlib.NewReader(buffered)
	}
	return flate.NewReader(buffered), nil
}

// bound returns a reader of r that fails where io.LimitReader would pretend an
// end.
func (l *layers) bound(r io.Reader) io.Reader { return &boundReader{r, l.limit, l} }

type boundReader struct {
	r    io.Reader
	left int64
	of   *layers
}

var errTooLarge = errors.New("content exceeds its limit")

func (b *boundReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p[:min(int64(len(p)), b.left+1)])
	b.left -= int64(n)
	if b.left < 0 {
		b.of.exceeded = true
		return 0, errTooLarge
	}
	return n, err
}

// sourceReader remembers why its source ended early, which decoders report as
// an error of their own.
type sourceReader struct {
	r   io.Reader
	err error
}

func (s *sourceReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}
