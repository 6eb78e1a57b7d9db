package hold

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// frames is the outlet of HTTP/2 and HTTP/3: the handler's ResponseWriter. The handler
// waits while others deliver.
type frames struct {
	// Fixed after newFrames.
	live    *live
	w       http.ResponseWriter
	control *http.ResponseController
	ctx     context.Context
	quic    bool          // HTTP/3
	stuck   *time.Timer   // runs while a write is under way
	ended   chan struct{} // closed by finish

	clean bool // set by finish, before it closes ended

	mu   sync.Mutex // held while control is used by cut
	done bool       // the handler may return; w is no longer ours
}

func newFrames(l *live, w http.ResponseWriter, r *http.Request) *frames {
	f := &frames{
		live:    l,
		w:       w,
		control: http.NewResponseController(w),
		ctx:     r.Context(),
		quic:    FramingOf(r) == QUICFrames,
		ended:   make(chan struct{}),
	}
	// A deadline set on w would also hit streams that are only idle, and
	// moving it costs two messages to the connection's goroutine per write.
	f.stuck = time.AfterFunc(l.feed.WriteTimeout(), func() { l.CutOff(ReasonWriteTimeout) })
	f.stuck.Stop()
	clear(w.Header())                      // net/http has sent a copy
	f.control.SetReadDeadline(time.Time{}) // the server's are for requests
	f.control.SetWriteDeadline(time.Time{})
	return f
}

// wait returns when the stream has ended. On HTTP/3 it panics with
// http.ErrAbortHandler instead if the stream was cut: a deadline there fails the
// write and no more, and a handler that returns has said all.
//
// A select for two channels would do without the function, but it needs so much
// stack that Go keeps 8 KiB for the goroutine instead of 4.
func (f *frames) wait() {
	forget := context.AfterFunc(f.ctx, func() { f.live.CutOff(ReasonClientClosed) })
	<-f.ended
	forget()
	f.live.gone()
	if f.quic && !f.clean {
		panic(http.ErrAbortHandler)
	}
}

func (f *frames) write(p []byte) error { return pieces(p, f.writePiece) }

func (f *frames) writePiece(p []byte) error {
	f.stuck.Reset(f.live.feed.WriteTimeout())
	defer f.stuck.Stop()
	if _, err := f.w.Write(p); err != nil {
		return err
	}
	return f.control.Flush()
}

func (f *frames) blame(error) Reason {
	if f.ctx.Err() != nil {
		return ReasonClientClosed
	}
	return ReasonWriteError
}

func (f *frames) finish(clean bool) {
	if !clean {
		f.cut()
	}
	f.mu.Lock()
	f.done = true
	f.mu.Unlock()
	f.clean = clean
	close(f.ended)
}

// cut makes a write that is under way fail: a write deadline in the past does that
// at once. On HTTP/2 it resets the stream, on HTTP/3 wait does.
func (f *frames) cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.done {
		f.control.SetWriteDeadline(time.Unix(1, 0))
	}
}
