package proxy

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// altSvcAge is how long a client may keep in mind that HTTP/3 is spoken. Should it
// no longer be, a client notices at its next connection and takes another way.
const altSvcAge = 24 * time.Hour

// announcing is a handler whose responses over TLS tell of what the server does.
type announcing struct {
	next  http.Handler
	hsts  string // Strict-Transport-Security (RFC 6797 §6.1), empty: not told
	http3 bool
}

// announce returns o's handler, and adds what o says.
func announce(o *ServerOptions) http.Handler {
	if o.HSTS == 0 && !o.HTTP3 {
		return o.Handler
	}
	a := &announcing{next: o.Handler, http3: o.HTTP3}
	if o.HSTS > 0 {
		a.hsts = fmt.Sprintf("max-age=%d", int(o.HSTS.Seconds()))
	}
	return a
}

// ServeHTTP implements http.Handler.
func (a *announcing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.TLS != nil {
		w = &announcingWriter{ResponseWriter: w, announcing: a, host: r.Host}
	}
	a.next.ServeHTTP(w, r)
}

// complete adds to the head of a response. A policy of the origin's own stands; its
// Alt-Svc would be that of a server which clients do not reach.
func (a *announcing) complete(h http.Header, host string) {
	if _, told := h["Strict-Transport-Security"]; !told && a.hsts != "" {
		h["Strict-Transport-Security"] = []string{a.hsts}
	}
	if port := publicPort(host); a.http3 && port != "" {
		h["Alt-Svc"] = []string{fmt.Sprintf(`h3=":%s"; ma=%d`, port, int(altSvcAge.Seconds()))}
	}
}

// publicPort is the port that a client has asked at, empty if host is none. What
// we listen on may be another, behind a port that is mapped.
func publicPort(host string) string {
	_, port, err := net.SplitHostPort(host)
	if err != nil {
		return "443"
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return ""
	}
	return port
}

// announcingWriter completes the final head.
type announcingWriter struct {
	http.ResponseWriter
	*announcing
	host string
	told bool
}

// Unwrap is for http.ResponseController.
func (w *announcingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *announcingWriter) WriteHeader(code int) {
	if code >= http.StatusOK && !w.told {
		w.told = true
		w.complete(w.Header(), w.host)
	}
	w.ResponseWriter.WriteHeader(code)
}

// Write implements http.ResponseWriter.
func (w *announcingWriter) Write(p []byte) (int, error) {
	if !w.told {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}
