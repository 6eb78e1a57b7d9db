package proxy

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
)

// placedBody is the body of an origin's answer. With its end, or when it is
// closed, the request's place in the pool becomes free.
type placedBody struct {
	io.ReadCloser
	pool  *pool
	at    *backend
	freed atomic.Bool
}

// placed returns body such that it gives back a place at b. That of a tunnel
// remains one, in both directions.
func (p *pool) placed(body io.ReadCloser, b *backend) io.ReadCloser {
	out := &placedBody{ReadCloser: body, pool: p, at: b}
	if body == http.NoBody {
		out.free()
	}
	if tunnel, ok := body.(io.ReadWriteCloser); ok {
		return placedTunnel{out, tunnel}
	}
	return out
}

func (b *placedBody) free() {
	if b.freed.CompareAndSwap(false, true) {
		b.pool.free(b.at)
	}
}

// Read implements io.Reader.
func (b *placedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.free()
	}
	return n, err
}

// Close implements io.Closer.
func (b *placedBody) Close() error {
	defer b.free()
	return b.ReadCloser.Close()
}

// placedTunnel is the connection after 101. Its place is free when both
// directions are done, which is when it is closed.
type placedTunnel struct {
	body *placedBody
	io.ReadWriteCloser
}

// Close implements io.Closer.
func (t placedTunnel) Close() error { return t.body.Close() }

// CloseWrite passes the half close on.
func (t placedTunnel) CloseWrite() error {
	if half, ok := t.ReadWriteCloser.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
