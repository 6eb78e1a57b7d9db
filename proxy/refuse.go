package proxy

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"

	"go.uber.org/zap"
)

// refuse tells the client of x why it does not get an answer of the origin,
// and counts and logs it. It must be called at most once for an exchange. When
// the head of an answer is out, or nobody is there to tell, it cuts the
// connection, by the panic that net/http has for that.
func (h *Handler) refuse(x *exchange, r *http.Request, f *failure) {
	h.note(x, r, f)
	if f.reason == ClientGone || x.w.wrote || x.w.hijacked {
		x.outcome = cut
		panic(http.ErrAbortHandler)
	}
	header := x.w.Header()
	clear(header) // of what belonged to the answer that failed
	header.Set("Cache-Control", "no-store")
	if f.reason == Revoked && wantsEvents(r) {
		x.outcome = refused
		stayAway(x.w, r)
		return
	}
	if x.route != nil && x.route.OnUnavailable == UnavailableRetry && f.reason.passes() && wantsEvents(r) && x.tenure == nil {
		x.outcome = retry
		askToRetry(x.w, r, x.detailFor(r, f))
		return
	}
	x.outcome = refused
	f.challenge(header)
	writeError(x.w, r, f.reason, x.detail(f))
}

// note counts f, and logs it at most once per interval and reason.
func (h *Handler) note(x *exchange, r *http.Request, f *failure) {
	x.failure = f
	h.trace.failure(f)
	x.counts.failures[f.reason].Inc()
	level := zap.WarnLevel
	if f.reason.byClient() {
		level = zap.DebugLevel
	}
	h.limits[f.reason].Do(func() {
		// Not the query: it may hold a token.
		h.log.Log(level, "request failed", zap.String("reason", string(f.reason)), zap.String("route", x.counts.route),
			zap.String("method", r.Method), zap.String("host", r.Host), zap.String("path", r.URL.Path), zap.Error(f.err))
	})
}

// Bounds of the reconnection time that clients are asked for, in milliseconds.
// It is random so that they do not come back together.
const (
	retryMin = 1000
	retryMax = 3000
)

// askToRetry makes an EventSource come back. Any status but 200 would make it
// give up, and so would, on a page of another site, an answer without CORS
// fields. Where these are the origin's business it cannot be asked now who may
// read this answer; as that says nothing but when to come back, everybody may.
// detail stands in a comment.
func askToRetry(w *responseWriter, r *http.Request, detail string) {
	w.Header().Set("Content-Type", eventStream)
	letRead(w, r)
	w.WriteHeader(http.StatusOK)
	if detail != "" {
		io.WriteString(w, ": "+detail+"\n")
	}
	io.WriteString(w, "retry: "+strconv.Itoa(retryMin+rand.IntN(retryMax-retryMin+1))+"\n\n")
}

// stayAway makes an EventSource not come back (WHATWG HTML §9.2.2). Without CORS fields
// a page of another site would take it for an error of the network, and come back for
// ever.
func stayAway(w *responseWriter, r *http.Request) {
	letRead(w, r)
	w.WriteHeader(http.StatusNoContent)
}

// letRead lets the page that sent r read an answer that tells nothing, unless the
// route says which pages may.
func letRead(w *responseWriter, r *http.Request) {
	h := w.Header()
	if origin := r.Header.Get("Origin"); origin != "" && w.finish == nil {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Vary", "Origin")
	}
}

// writeError answers with the reason's status, in JSON if the client asked
// for that by name.
func writeError(w http.ResponseWriter, r *http.Request, reason Reason, detail string) {
	contentType, body := "text/plain; charset=utf-8", errorText(reason, detail)
	if accepts(r.Header, "application/json") {
		contentType, body = "application/json", errorJSON(reason, detail)
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if detail != "" {
		w.Header().Set("X-Content-Type-Options", "nosniff") // details quote what others have said
	}
	switch reason.status() {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		w.Header().Set("Retry-After", strconv.Itoa(retryMin/1000+rand.IntN(retryMax/1000)))
	}
	w.WriteHeader(reason.status())
	w.Write(body)
}

func errorText(reason Reason, detail string) []byte {
	text := reason.message() + "\n"
	if detail != "" {
		text += detail + "\n"
	}
	return []byte(text)
}

func errorJSON(reason Reason, detail string) []byte {
	body, err := json.Marshal(struct {
		Error   Reason `json:"error"`
		Message string `json:"message"`
		Detail  string `json:"detail,omitempty"`
	}{reason, reason.message(), detail})
	if err != nil {
		panic(err) // strings
	}
	return append(body, '\n')
}
