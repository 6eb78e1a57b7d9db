package control

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/holdfast-proxy/holdfast/control/access"
	"github.com/holdfast-proxy/holdfast/control/intake"
)

// refusal is a request that this package does not serve, with what to tell the
// client.
type refusal struct {
	status  int
	message string
	header  http.Header // beside the usual; may be nil
}

func (e *refusal) Error() string { return e.message }

// refusef makes a refusal. The message is a sentence for the client.
func refusef(status int, format string, args ...any) *refusal {
	return &refusal{status: status, message: fmt.Sprintf(format, args...)}
}

// with adds a header to the refusal's answer.
func (e *refusal) with(name, value string) *refusal {
	if e.header == nil {
		e.header = make(http.Header)
	}
	e.header.Set(name, value)
	return e
}

// problem is an error as the client is told.
type problem struct {
	status int
	header http.Header

	Message string `json:"message"`
}

// problemOf knows which error has which status. What is wrong with who calls is for
// denied to say, and with what was published for intake.Problem.
func problemOf(err error) problem {
	var refused *refusal
	var why *access.Refused
	switch {
	case errors.As(err, &refused):
		return problem{status: refused.status, header: refused.header, Message: refused.message}
	case errors.As(err, &why):
		return problemOf(denied(why, err))
	case errors.Is(err, os.ErrDeadlineExceeded):
		return problemOf(closing(refusef(http.StatusRequestTimeout, "The request took too long to arrive.")))
	case errors.Is(err, context.Canceled):
		return problemOf(refusef(http.StatusBadRequest, "The request was given up."))
	}
	p := problem{}
	if p.status, p.Message = intake.Problem(err); p.status == http.StatusServiceUnavailable {
		p.header = http.Header{"Retry-After": {"1"}}
	}
	return p
}
