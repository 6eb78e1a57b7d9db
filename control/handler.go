package control

import (
	"errors"
	"maps"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/control/access"
)

// Handler serves the control endpoint. Make it with New. It is safe for
// concurrent use.
type Handler struct {
	// Fixed after New.
	opts   Options
	routes routes
	anyone *access.Grant // of whoever needs no token
	audit  *audit
}

// New returns a handler.
func New(o Options) *Handler {
	if o.MaxBody == 0 {
		o.MaxBody = DefaultMaxBody
	}
	h := &Handler{
		opts:   o,
		anyone: access.Everything(""),
		audit:  newAudit(o.Log, o.Metrics),
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
		h.refuse(rec, r, e, err)
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

// serve passes r on to what is done for its method, if the bearer of its token has
// the right. If there is an error, then nothing has been answered.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, e *endpoint) error {
	by, err := h.admit(r, e)
	if err != nil {
		return err
	}
	m, err := e.method(r.Method)
	if err != nil {
		return err
	}
	if err := by.Allow(m.needs); err != nil {
		return err
	}
	return m.serve(w, r, by)
}

// refuse answers r, a call of e, with err.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, e *endpoint, err error) {
	var why *access.Refused
	if errors.As(err, &why) {
		h.audit.refused(r, e, why)
	}
	p := problemOf(err)
	if p.status == http.StatusInternalServerError {
		h.opts.Log.Error("control request not served", zap.String("path", r.URL.Path), zap.Error(err))
	}
	f, err := negotiate(r.Header)
	if err != nil {
		f = asText
	}
	maps.Copy(w.Header(), p.header)
	write(w, f, answer{status: p.status, text: p.Message, json: p})
}
