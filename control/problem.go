package control

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
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

// problemOf is the one place that knows which error has which status.
func problemOf(err error) problem {
	var (
		refused *refusal
		body    grip.BodyError
		item    *grip.ItemError
		name    *channels.NameError
	)
	switch {
	case errors.As(err, &refused):
		return problem{status: refused.status, header: refused.header, Message: refused.message}
	case errors.As(err, &body):
		return problem{status: http.StatusBadRequest, Message: body.Error()}
	case errors.As(err, &item):
		return problem{status: http.StatusBadRequest, Message: item.Error()}
	case errors.As(err, &name):
		return problem{status: http.StatusBadRequest, Message: "Invalid format: " + name.Error()}
	case errors.Is(err, channels.ErrClosed):
		return problemOf(refusef(http.StatusServiceUnavailable, "Shutting down.").with("Retry-After", "1"))
	case errors.Is(err, os.ErrDeadlineExceeded):
		return problemOf(closing(refusef(http.StatusRequestTimeout, "The request took too long to arrive.")))
	case errors.Is(err, context.Canceled):
		return problemOf(refusef(http.StatusBadRequest, "The request was given up."))
	}
	return problem{status: http.StatusInternalServerError, Message: "Internal error."}
}
