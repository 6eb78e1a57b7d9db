package main

import (
	"net/http"
	"sync/atomic"
)

// swapped is an http.Handler whose place another can take while it serves. What is
// under way ends with the one that it began with.
type swapped struct{ current atomic.Pointer[http.Handler] }

func (s *swapped) set(h http.Handler) { s.current.Store(&h) }

// ServeHTTP implements http.Handler.
func (s *swapped) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	(*s.current.Load()).ServeHTTP(w, r)
}
