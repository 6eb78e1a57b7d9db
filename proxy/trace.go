package proxy

import (
	"net/http"
	"net/url"

	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// Trace watches what a Handler does with a request, for whoever explains it
// (Options.Trace). Its functions may be nil. They are called from the request's
// goroutine and must not change what they are given, which goes on to be used.
type Trace struct {
	// Route is called with the request's route, nil if it has none.
	Route func(*Route)
	// Ask is called with each request to an origin, as it will be sent.
	Ask func(origin *url.URL, r *http.Request)
	// Answer is called with what comes of it: the origin's answer, of which
	// nothing is changed yet, or why there is none.
	Answer func(*http.Response, error)
	// Instruction is called with the instruction of an answer that has one, or
	// with why it cannot be read or followed. There may be both.
	Instruction func(*grip.Instruction, error)
	// Failure is called with the reason and the error of what is counted and
	// logged as a failure.
	Failure func(Reason, error)
}

func (t *Trace) route(rt *route) {
	switch {
	case t == nil || t.Route == nil:
	case rt == nil:
		t.Route(nil)
	default:
		t.Route(&rt.Route)
	}
}

func (t *Trace) ask(origin *url.URL, r *http.Request) {
	if t != nil && t.Ask != nil {
		t.Ask(origin, r)
	}
}

func (t *Trace) answer(resp *http.Response, err error) {
	if t != nil && t.Answer != nil {
		t.Answer(resp, err)
	}
}

func (t *Trace) instruction(in *grip.Instruction, err error) {
	if t != nil && t.Instruction != nil {
		t.Instruction(in, err)
	}
}

func (t *Trace) failure(f *failure) {
	if t != nil && t.Failure != nil {
		t.Failure(f.reason, f.err)
	}
}
