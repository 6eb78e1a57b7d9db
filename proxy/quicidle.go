package proxy

import (
	"context"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

// quicWatch ends a connection on which no request has been under way for a time.
//
// http3.Server ends one that has no stream. But a stream need not have a request:
// nobody can bound how long its head may take, and our pings keep the connection. So
// the time is that between two requests and that of a head together.
type quicWatch struct {
	conn     *quic.Conn
	patience time.Duration

	mu      sync.Mutex
	pending int // requests under way
	timer   *time.Timer
}

// quicWatchKey is the key of a request's *quicWatch.
type quicWatchKey struct{}

// watchQUIC begins to watch conn, and returns ctx with the watch for its requests.
func watchQUIC(ctx context.Context, conn *quic.Conn, patience time.Duration) context.Context {
	w := &quicWatch{conn: conn, patience: patience}
	w.timer = time.AfterFunc(patience, w.expire)
	context.AfterFunc(conn.Context(), func() { w.timer.Stop() })
	return context.WithValue(ctx, quicWatchKey{}, w)
}

// begin is called when the head of a request is there, and what it returns when that
// is answered.
func (w *quicWatch) begin() (end func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending++
	w.timer.Stop()
	return w.end
}

func (w *quicWatch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending--
	if w.pending == 0 && w.conn.Context().Err() == nil {
		w.timer.Reset(w.patience)
	}
}

// expire ends the connection, unless a request has begun meanwhile.
func (w *quicWatch) expire() {
	if w.idle() {
		w.conn.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeNoError), "no request")
	}
}

func (w *quicWatch) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pending == 0
}
