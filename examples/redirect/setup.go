package main

import (
	"io"
	"net/http"
)

// setup is what Holdfast calls when the browser has arrived there. Its answer
// is the instruction, and its other headers are what the browser sees on the
// held stream: Holdfast adds no Access-Control header of its own.
func (a *api) setup(w http.ResponseWriter, r *http.Request) {
	a.allow(w, r)
	user := a.redeem(r.FormValue("token"))
	if user == "" {
		http.Error(w, "the token is not good any more", http.StatusForbidden)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Grip-Hold", "stream")
	h.Set("Grip-Channel", "news, user-"+user)
	io.WriteString(w, "retry: 1000\nevent: welcome\ndata: "+user+"\n\n")
}

// allow answers the browser's question whether the page may read the stream.
//
// The page's own site may, also with credentials. That needs the exact origin,
// and the response then differs by the Origin header, which caches must know.
// Everybody else gets `*`, which browsers take for requests without credentials
// only. That gives nothing away: the token decides, and not who asks.
func (a *api) allow(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Add("Vary", "Origin")
	if r.Header.Get("Origin") == a.site {
		h.Set("Access-Control-Allow-Origin", a.site)
		h.Set("Access-Control-Allow-Credentials", "true")
		return
	}
	h.Set("Access-Control-Allow-Origin", "*")
}

// preflight answers what a browser asks before a fetch that sets Last-Event-ID
// by itself. EventSource does not ask.
func (a *api) preflight(w http.ResponseWriter, r *http.Request) {
	a.allow(w, r)
	h := w.Header()
	h.Set("Access-Control-Allow-Headers", "Last-Event-ID")
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}
