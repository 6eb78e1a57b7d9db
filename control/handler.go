package control

import (
	"maps"
	"net/http"
	"time"

	"go.uber.org/zap"
	"golang.org/x/time/rate"
)

// refusalLogInterval is how often a refused request may be logged.
const refusalLogInterval = time.Minute

// Handler serves the control endpoint. Make it with New. It is safe for
// concurrent use.
type Handler struct {
	// Fixed after New.
	opts   Options
	tokens tokens
	routes routes

	quiet rate.Sometimes // for what clients can make us log; guards itself
}

// New returns a handler.
func New(o Options) *Handler {
	if o.MaxBody == 0 {
		o.MaxBody = DefaultMaxBody
	}
	h := &Handler{
		opts:   o,
		tokens: newTokens(o.Tokens),
		quiet:  rate.Sometimes{Interval: refusalLogInterval},
	}
	h.routes = newRoutes(h.endpoints())
	return h
}

// ServeHTTP answers one request. It is called by net/http.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer h.logPanic()
	start := time.Now()
	e := h.routes.find(r)
	rec := &recorder{ResponseWriter: w, timeout: e.timeout()}
	if len(r.TransferEncoding) > 0 {
		// RFC 9112 §6.3: a request with chunks and a length is the last on its
		// connection, and net/http does not tell that there was a length.
		w.Header().Set("Connection", "close")
	}
	if err := h.serve(rec, r, e); err != nil {
		h.refuse(rec, r, err)
	}
	h.opts.Metrics.answered(e.path, rec.status)
	if line := h.opts.Log.Check(zap.DebugLevel, "control request"); line != nil {
		line.Write(zap.String("method", r.Method), zap.String("endpoint", e.path), zap.Int("status", rec.status),
			zap.String("client", r.RemoteAddr), zap.Duration("took", time.Since(start)))
	}
}

// logPanic logs a panic, which is a broken invariant of ours, and cuts the
// connection.
func (h *Handler) logPanic() {
	v := recover()
	if v == nil {
		return
	}
	if v != http.ErrAbortHandler {
		h.opts.Log.Error("control handler panicked", zap.Any("panic", v), zap.Stack("stack"))
	}
	panic(http.ErrAbortHandler)
}

// serve passes r on to the handler of its method. If there is an error, then
// nothing has been answered.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, e *endpoint) error {
	if !e.open {
		if err := h.admit(r, e); err != nil {
			return err
		}
	}
	handler, err := e.handler(r.Method)
	if err != nil {
		return err
	}
	handler.ServeHTTP(w, r)
	return nil
}

// answering makes a handler of an operation. What the client accepts is looked
// at first, so that nothing is done for a client that could not be told.
func (h *Handler) answering(op operation) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, err := negotiate(r.Header)
		if err != nil {
			h.refuse(w, r, err)
			return
		}
		a, err := op(r)
		if err != nil {
			h.refuse(w, r, err)
			return
		}
		write(w, f, a)
	})
}

// refuse answers r with err.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	switch p.status {
	case http.StatusInternalServerError:
		h.opts.Log.Error("control request not served", zap.String("path", r.URL.Path), zap.Error(err))
	case http.StatusUnauthorized, http.StatusForbidden:
		h.quiet.Do(func() {
			h.opts.Log.Warn("control request refused", zap.String("client", r.RemoteAddr), zap.Error(err))
		})
	}
	f, err := negotiate(r.Header)
	if err != nil {
		f = asText
	}
	maps.Copy(w.Header(), p.header)
	write(w, f, answer{status: p.status, text: p.Message, json: p})
}
